"""Has plans judged by a process of its own, and bounds what each may take."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any, Final

from policyscan.errors import FleetError, PolicyscanError
from policyscan.fleet.judge import Judged, failed
from policyscan.fleet.messages import LENGTH, Ready, Work, packed, read
from policyscan.fleet.recipe import MIB, Recipe

MAIN: Final = "from policyscan.fleet.judging_process import main; main()"
"""What the process runs, given the number of the one that asks."""
_START_SECONDS: Final = 120.0
_LEAVE_SECONDS: Final = 5.0
_TRIES: Final = 2
"""A process may die for another's sake, but not twice."""
_CHUNK: Final = MIB


class _OverTimeError(Exception):
    """There was no answer in time."""


class _DiedError(Exception):
    """The process is gone."""


class Judge:
    """The process: started when it is first needed, and again when it had to be ended."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._process: subprocess.Popen[bytes] | None = None

    def judged(self, work: Work) -> Judged:
        """What becomes of a plan, whatever it does. Raises PolicyscanError: none can be judged."""
        began = time.monotonic()
        limits = self._recipe.limits
        known = {"bytes": len(work.content)}
        why = ""
        for _ in range(_TRIES):
            self.start()
            try:
                answer = self._asked(work, limits.seconds)
            except _OverTimeError:
                self.end()
                return _failed(f"it took more than {limits.seconds:g} s", known, began)
            except _DiedError:
                why = f"judging it was ended by {_cause(self.end(_LEAVE_SECONDS))}"
                continue
            if answer.is_last:
                self.end(_LEAVE_SECONDS)
            return answer.judged or _failed(_no_memory(limits.memory), known, began)
        return _failed(why, known, began)

    def end(self, patience: float = 0.0) -> int | None:
        """End the process and all it started, once these seconds are over in which it may itself.

        Returns how it ended, None where there was none.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return code

    def start(self) -> None:
        """Have the process ready. Raises PolicyscanError: it cannot be, or not by this recipe."""
        if self._process is not None and self._process.poll() is None:
            return
        self.end()
        self._process = subprocess.Popen(  # noqa: S603 - this very Python
            # Told who asks: one that has died by the time it is asked has no number any more.
            (sys.executable, "-P", "-c", MAIN, str(os.getpid())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            # So that all it starts can be ended with it.
            start_new_session=True,
        )
        _bound(self._process.pid, self._recipe.limits.memory)
        try:
            answer = self._asked(self._recipe, _START_SECONDS)
        except (_OverTimeError, _DiedError):
            why = _cause(self.end(_LEAVE_SECONDS))
            raise FleetError(f"no process that judges can be started: ended by {why}") from None
        if isinstance(answer, PolicyscanError):
            self.end()
            raise answer
        if isinstance(answer, Ready) and answer.rules != self._recipe.rules:
            self.end()
            raise FleetError("a worker has other rules or another version of policyscan")

    def _asked(self, message: object, seconds: float) -> Any:
        """The answer to a message. Raises _OverTimeError or _DiedError."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise _DiedError
        until = time.monotonic() + seconds
        _write(process.stdin.fileno(), packed(message), until)
        [length] = LENGTH.unpack(_read(process.stdout.fileno(), LENGTH.size, until))
        return read(_read(process.stdout.fileno(), length, until))


def _write(stream: int, content: bytes, until: float) -> None:
    left = memoryview(content)
    os.set_blocking(stream, False)
    while left:
        _, ready, _ = select.select([], [stream], [], max(until - time.monotonic(), 0))
        if not ready:
            raise _OverTimeError
        try:
            left = left[os.write(stream, left[:_CHUNK]) :]
        except BrokenPipeError:
            raise _DiedError from None


def _read(stream: int, length: int, until: float) -> bytes:
    found = bytearray()
    while len(found) < length:
        ready, _, _ = select.select([stream], [], [], max(until - time.monotonic(), 0))
        if not ready:
            raise _OverTimeError
        chunk = os.read(stream, min(length - len(found), _CHUNK))
        if not chunk:
            raise _DiedError
        found += chunk
    return bytes(found)


def _bound(pid: int, memory: int | None) -> None:
    if memory is None or sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - not on every platform

    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit {code}"
    with contextlib.suppress(ValueError):
        return f"{signal.Signals(-code).name} (memory, or somebody ended it)"
    return f"signal {-code}"


def _no_memory(memory: int | None) -> str:
    most = "there is" if memory is None else f"{memory // MIB} MiB"
    return f"it needs more memory than {most}; see --memory"


def _failed(reason: str, known: dict[str, Any], began: float) -> Judged:
    return Judged({**failed(reason, known), "seconds": time.monotonic() - began})
