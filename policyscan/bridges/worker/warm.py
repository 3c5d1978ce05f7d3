"""Answers request after request, each in a child of its own, so that none sees what another left.

A line `{"answer": path}` on stdin makes a child, which takes its request from the lines that follow
and writes its answer to that file, as `main` does for one. Told on stdout, a line each: the child's
process, then how it ended, as `os.waitpid` says it.
"""

from __future__ import annotations

import importlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from . import catalogue as listed


def load_checks(catalogue: dict[str, Any]) -> None:
    """Import every check there is, in Checkov's order."""
    for _, module, _ in catalogue[listed.PYTHON_CHECKS]:
        importlib.import_module(module)


def answer_all(
    asked: BinaryIO,
    told: TextIO,
    answer: Callable[[TextIO], None],
    end_with: Callable[[int], None],
) -> None:
    """Make a child for each request until there are no more.

    `answer` reads the request and writes the answer where it is given; it does not come back.
    """
    own = os.getpid()
    while line := asked.readline():
        path = _answer_path(line)
        if path is None:
            continue
        child = os.fork()
        if not child:
            # Threads are not forked.
            threading.Thread(target=end_with, args=(own,), daemon=True).start()
            with Path(path).open("w", encoding="utf-8") as stream:
                answer(stream)
        _tell(told, child)
        _tell(told, os.waitpid(child, 0)[1])


def _answer_path(line: bytes) -> str | None:
    """Where to answer; None for what was meant for a child that had ended by then."""
    try:
        request = json.loads(line)
    except ValueError:
        return None
    path = request.get("answer") if isinstance(request, dict) else None
    return path if isinstance(path, str) else None


def _tell(told: TextIO, number: int) -> None:
    told.write(f"{number}\n")
    told.flush()
