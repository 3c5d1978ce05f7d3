"""Checkov at work on one plan while we do ours: `start` it, then `join` it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self, TextIO

from msgspec import Struct, field

from policyscan.bridges import asking
from policyscan.bridges.external import unread
from policyscan.bridges.home import Checkov
from policyscan.errors import CheckovError
from policyscan.scratch import private_folder

Edge = tuple[str, str, str]
"""From, to, attribute: addresses of instances, and the argument of the first that is meant."""


class Process(Protocol):
    """What of `subprocess.Popen` is used here: a worker may have one it shares."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def stdin(self) -> IO[str] | None:
        """Where it is asked."""

    def poll(self) -> int | None:
        """How it ended, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, once it did. Raises TimeoutExpired: it did not within these seconds."""

    def kill(self) -> None:
        """End it."""


class CheckovOptions(Struct, frozen=True):
    """What Checkov is asked.

    `check` and `skip` as its `--check` and `--skip-check`, `external` as its
    `--external-checks-dir`. With `corrected` it waits for the edges that `Running.lend` gives it.
    """

    check: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    external: tuple[Path, ...] = ()
    corrected: bool = False
    seconds: float = 600.0


class CheckovResult(Struct, frozen=True):
    """What one check says of one address: pass, fail or skipped.

    `stock` is what it says with Checkov's own edges: the same, or another word, or None where it
    says nothing; then `verdict` may be None too.
    """

    check: str
    address: str
    verdict: str | None
    stock: str | None
    name: str
    severity: str | None
    guideline: str | None


class CheckovOutcome(Struct, frozen=True):
    """What Checkov found. Each of `errors` is a check that did not do its work, in one line."""

    version: str
    results: tuple[CheckovResult, ...]
    errors: tuple[str, ...]
    note: str | None


class Running(Struct):
    """A Checkov that is at work. Leaving the context ends it, whatever it is doing."""

    checkov: Checkov
    options: CheckovOptions
    _folder: Path
    _process: Process
    _answer: TextIO
    _complaints: TextIO
    _opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def at_work(self) -> bool:
        """Whether it is not done yet, nor ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def edges(self) -> str:
        """Whose edges its policies go by: `corrected` are those lent to it."""
        return "corrected" if self.options.corrected and self.checkov.quick else "stock"

    def lend(self, edges: Iterable[Edge]) -> None:
        """Give it the edges it waits for. One that runs its own command line takes none."""
        if self.options.corrected and self.checkov.quick:
            # In a file: a pipe takes no more than Checkov has read, and it has other work first.
            path = self._folder / "edges.json"
            path.write_text(json.dumps(list(edges)), encoding="utf-8")
            self._send(json.dumps(str(path)))

    def join(self) -> CheckovOutcome:
        """Wait for what it found. Raises CheckovError: it crashed, or took too long."""
        with self:
            self._wait()
            return self._outcome()

    def _send(self, line: str) -> None:
        # One that is gone has no reader; joining it tells why.
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()

    def _wait(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(self.options.seconds)
        except subprocess.TimeoutExpired:
            raise CheckovError(
                f"Checkov took more than {self.options.seconds:g} seconds and was ended; "
                "give it longer, or leave it out with --no-checkov"
            ) from None

    def _outcome(self) -> CheckovOutcome:
        quick = self.checkov.quick
        for file in (self._answer, self._complaints):
            file.seek(0)
        if quick:
            answer = asking.read_worker(self._answer.read())
        else:
            answer = asking.read_command_line(self._answer.read(), self._complaints.read())
        version = str(answer["version"])
        if version != self.checkov.version:
            raise CheckovError(
                f"{self.checkov.python}: Checkov is {version} now, not {self.checkov.version}; "
                "run `policyscan setup` again"
            )
        note = None if quick else f"Checkov {version} is run by its own command line, slowly"
        errors = (*_errors(answer), *(f"Checkov: {each}" for each in unread(self.options.external)))
        return CheckovOutcome(version, _results(answer), tuple(sorted(errors)), note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it if it still runs, and remove what was written for it."""
        if self.at_work:
            self._process.kill()
            self._process.wait()
        self._opened.close()


class Waiting(Struct, frozen=True):
    """A process that was started, and where what it says and logs goes.

    One that is never asked anything ends by itself once we do.
    """

    process: Process
    answer: TextIO
    complaints: TextIO
    opened: contextlib.ExitStack

    def end(self) -> None:
        """End it, as there is nothing to ask."""
        self.process.kill()
        self.process.wait()
        self.opened.close()


def waiting(checkov: Checkov) -> Waiting:
    """Start the worker before there is a plan, so that it loads Checkov meanwhile.

    Raises CheckovError: it cannot be started.
    """
    return _begun(asking.worker(checkov.python, checkov.catalogue))


def start(
    checkov: Checkov,
    plan: Path | bytes,
    options: CheckovOptions | None = None,
    ready: Waiting | None = None,
) -> Running:
    """Set Checkov to work on a plan: a file of plan JSON, or the JSON itself in UTF-8.

    The JSON goes to a private file that is gone once Checkov is joined. `ready` is a worker that
    waits for a plan already.
    Raises CheckovError: it cannot be started.
    """
    options = options or CheckovOptions()
    with contextlib.ExitStack() as opened:
        folder = opened.enter_context(private_folder())
        path = folder / "plan.json" if isinstance(plan, bytes) else plan
        if isinstance(plan, bytes):
            path.write_bytes(plan)
        if checkov.quick:
            begun = ready or waiting(checkov)
        else:
            begun = _begun(asking.command_line(checkov.python, path, _flags(options)))
        opened.push(begun.opened)
        running = Running(
            checkov,
            options,
            folder,
            begun.process,
            begun.answer,
            begun.complaints,
            opened.pop_all(),
        )
    if checkov.quick:
        running._send(json.dumps(_request(path, options)))  # noqa: SLF001 - its maker
    return running


def _begun(command: Sequence[str]) -> Waiting:
    with contextlib.ExitStack() as opened:
        answer, complaints = (
            opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
            for _ in range(2)
        )
        process = asking.started(command, answer, complaints)
        if process.stdin is not None:
            opened.callback(process.stdin.close)
        return Waiting(process, answer, complaints, opened.pop_all())


def _request(plan: Path, options: CheckovOptions) -> dict[str, object]:
    return {
        "plan": str(plan),
        "check": list(options.check),
        "skip": list(options.skip),
        "external": [str(each) for each in options.external],
        "edges": "lent" if options.corrected else "stock",
    }


def _flags(options: CheckovOptions) -> tuple[str, ...]:
    flags = [("--check", ",".join(options.check)), ("--skip-check", ",".join(options.skip))]
    flags += [("--external-checks-dir", str(each)) for each in options.external]
    return tuple(part for name, value in flags if value for part in (name, value))


def _results(answer: asking.Answer) -> tuple[CheckovResult, ...]:
    checks = answer["checks"]
    said = [(check, address, word) for check, address, word in answer["results"]]
    stock = {(check, address): word for check, address, word in answer["stock"]}
    found = [
        CheckovResult(check, address, word, stock.get((check, address), word), *checks[check])
        for check, address, word in said
    ]
    told = {(check, address) for check, address, _ in said}
    found += [
        CheckovResult(check, address, None, word, *checks[check])
        for (check, address), word in stock.items()
        if (check, address) not in told
    ]
    return tuple(sorted(found, key=lambda each: (each.check, each.address)))


def _errors(answer: asking.Answer) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{check or 'Checkov'}{f' on {address}' if address else ''}: {raised}"
            for check, address, raised in answer["errors"]
        )
    )
