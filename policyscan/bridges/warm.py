"""A worker that keeps Checkov loaded, for one plan after the other.

Each plan is judged in a child of it, so that nothing of one plan is left for the next.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import time
from typing import IO, Final

from policyscan.bridges import asking
from policyscan.bridges.home import Checkov
from policyscan.bridges.running import Waiting
from policyscan.scratch import private_folder

_CHUNK: Final = 4096


class Warm:
    """The worker: started when it is first needed, and again should it be gone."""

    def __init__(self, checkov: Checkov) -> None:
        self._checkov = checkov
        self._worker: _Worker | None = None
        self._last: Waiting | None = None

    def waiting(self) -> Waiting | None:
        """A child that has everything loaded and waits for its plan; None where there is none.

        There is one at a time: none as long as that before it has not ended.
        Raises CheckovError: the worker cannot be started.
        """
        if not self._checkov.quick or (
            self._last is not None and self._last.process.poll() is None
        ):
            return None
        for _ in range(2):
            if self._worker is None:
                self._worker = _Worker(self._checkov)
            self._last = self._worker.child()
            if self._last is not None:
                break
            self.end()
        return self._last

    def end(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


class _Worker:
    """Its process, and what it says line by line."""

    def __init__(self, checkov: Checkov) -> None:
        self._process = asking.kept(asking.worker(checkov.python, checkov.catalogue, warm=True))
        self._said = b""

    def child(self) -> Waiting | None:
        """A new child; None when the worker is gone."""
        with contextlib.ExitStack() as opened:
            path = opened.enter_context(private_folder()) / "answer.json"
            answer = opened.enter_context(path.open("w+", encoding="utf-8", errors="replace"))
            self.ask(json.dumps({"answer": str(path)}) + "\n")
            pid = self.told()
            if pid is None:
                return None
            # It has no complaints: those are of Checkov's own command line.
            return Waiting(_Child(pid, self), answer, io.StringIO(), opened.pop_all())

    def ask(self, text: str) -> None:
        """Send it lines. One that is gone says so when it is listened to."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(text.encode())

    def told(self, seconds: float | None = None) -> int | None:
        """The number on the next line it writes, None when it is gone.

        Raises TimeoutExpired: there is none within these seconds.
        """
        stream = self._process.stdout
        until = None if seconds is None else time.monotonic() + seconds
        while b"\n" not in self._said:
            if stream is None or stream.closed:
                return None
            left = None if until is None else max(until - time.monotonic(), 0)
            if not select.select([stream], [], [], left)[0]:
                raise subprocess.TimeoutExpired(self._process.args, seconds or 0)
            chunk = os.read(stream.fileno(), _CHUNK)
            if not chunk:
                return None
            self._said += chunk
        line, _, self._said = self._said.partition(b"\n")
        return int(line)

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


class _Requests(io.StringIO):
    """What a child is asked by: that of the worker, which stays open."""

    def __init__(self, worker: _Worker) -> None:
        super().__init__()
        self._worker = worker

    def write(self, text: str) -> int:
        """Send it on."""
        self._worker.ask(text)
        return len(text)


class _Child:
    """A child of the worker, as `subprocess.Popen` has our own."""

    def __init__(self, pid: int, worker: _Worker) -> None:
        self.pid: Final = pid
        self.stdin: IO[str] | None = _Requests(worker)
        self._worker = worker
        self._code: int | None = None

    def poll(self) -> int | None:
        """How it ended, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, once it did; -9 where the worker has gone with it."""
        if self._code is None:
            status = self._worker.told(timeout)
            self._code = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
        return self._code

    def kill(self) -> None:
        """End it."""
        if self.poll() is None:
            # Its number is its own until the worker has told how it ended.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
