"""Answers one request, a line of JSON on stdin, with a line of JSON on stdout.

Started with the path of a catalogue it loads Checkov first, so that it may be started before there
is a plan; with "warm" behind the path it answers any number of requests, as `warm.py` has it.
To judge a plan: `{"plan": path, "check": [...], "skip": [...], "external": [folder, ...],
"edges": "stock" or "lent"}`. With "lent" a second line follows, sent whenever it is known: the path
of a file of `[[from, to, attribute], ...]`, addresses of instances. The answer:

- `version`: Checkov's.
- `results`: [check, address, word] in Checkov's order, the word pass, fail or skipped.
- `stock`: the same with Checkov's own edges, only where it differs; null where the other has none.
- `checks`: by check [name, severity, guideline].
- `errors`: [check, address, what was raised]. Checkov drops what a check raises on.

To list the checks this Checkov has: `{"catalogue_to": path}`, answered with `{"version"}`. What
cannot be answered is answered with `{"crash": what was raised and where}`, without its message,
which may quote the plan.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

from . import catalogue as listed
from . import lazy, warm

WARM = "warm"
_GLANCE_SECONDS = 0.5


def main() -> None:
    """Answer what is asked."""
    gc.disable()
    logging.disable(logging.CRITICAL)
    os.environ["CKV_SKIP_PACKAGE_UPDATE_CHECK"] = "true"
    socket.socket.connect = no_network  # type: ignore[method-assign]
    socket.socket.connect_ex = no_network  # type: ignore[method-assign]
    asked, told = apart()
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    try:
        catalogue = prepared(*sys.argv[2:3])
        if sys.argv[3:] == [WARM]:
            warm.load_checks(catalogue)
            warm.answer_all(asked, told, partial(answer_one, asked, catalogue), end_with)
            os._exit(0)
    except Exception as problem:  # noqa: BLE001 - the one that asked tells the user
        leave(told, {"crash": site(problem)})
    answer_one(asked, catalogue, told)


def answer_one(asked: BinaryIO, catalogue: dict[str, Any], told: TextIO) -> NoReturn:
    """Answer the request on the next line, and leave."""
    try:
        request = asked.readline()
        if not request:
            # Whoever started us has nothing to ask after all.
            os._exit(0)
        answer = answered(json.loads(request), catalogue, asked)
    except Exception as problem:  # noqa: BLE001 - as above
        answer = {"crash": site(problem)}
    leave(told, answer)


def leave(told: TextIO, answer: dict[str, Any]) -> NoReturn:
    """Give the answer, and end without taking everything down, which would take as long again."""
    told.write(json.dumps(answer))
    told.flush()
    os._exit(0)


def end_with(parent: int) -> None:
    """End when the process that asks does: one that is killed ends nobody itself."""
    while os.getppid() == parent:
        time.sleep(_GLANCE_SECONDS)
    os._exit(0)


def apart() -> tuple[BinaryIO, TextIO]:
    """Stdin and stdout for us alone; of the first no more is taken than the line that is read.

    A check that prints, or starts what prints, must not do so into the answer, nor read what is
    meant for us.
    """
    asked: BinaryIO = os.fdopen(os.dup(0), "rb", buffering=0)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    return asked, told


def prepared(path: str = "") -> dict[str, Any]:
    """The catalogue at a path, with everything loaded that judging any plan takes."""
    if not path:
        return {}
    catalogue: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    lazy.put_off({"hcl2": catalogue[listed.CONSTANTS], **lazy.told()})
    importlib.import_module(".plan", __package__)
    return catalogue


def answered(request: dict[str, Any], catalogue: dict[str, Any], asked: BinaryIO) -> dict[str, Any]:
    """Do what is asked; more may be asked for on the way."""
    if "catalogue_to" in request:
        Path(request["catalogue_to"]).write_text(json.dumps(listed.made()), encoding="utf-8")
        return {"version": version()}
    from .plan import judge

    return {"version": version(), **judge(request, catalogue, partial(lent, asked))}


def lent(asked: BinaryIO) -> list[tuple[str, str, str]]:
    """The edges in the file on the second line; waits for it."""
    edges = json.loads(Path(json.loads(asked.readline())).read_text(encoding="utf-8"))
    return [(start, end, attribute) for start, end, attribute in edges]


class NoNetworkError(Exception):
    """Something wanted to connect; not an OSError, which is often passed over."""


def no_network(*_: Any, **__: Any) -> NoReturn:
    """In place of connecting: judging a plan asks nobody anything."""
    raise NoNetworkError


def version() -> str:
    """Checkov's."""
    from checkov.version import version as its

    return str(its)


def site(problem: BaseException) -> str:
    """Where it was raised. Example: `KeyError at local_graph.py, line 88`."""
    innermost = problem.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    if innermost is None:
        return type(problem).__name__
    file = Path(innermost.tb_frame.f_code.co_filename).name
    return f"{type(problem).__name__} at {file}, line {innermost.tb_lineno}"
