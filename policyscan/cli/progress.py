"""What a command is waiting for, told to whoever watches: on stderr, and on a terminal alone."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Final, Self, TextIO

_PATIENCE: Final = 1.0
"""Seconds after which silence begins to look like a hang."""
_TICK: Final = 0.25
_ERASE: Final = "\r\x1b[K"


class Progress:
    """One line that is kept current from the first second on, and is gone at the end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began = time.monotonic()
        self._what = ""
        self._over = threading.Event()
        self._teller: threading.Thread | None = None

    def say(self, what: str) -> None:
        """What is going on now."""
        self._what = what

    def __enter__(self) -> Self:
        if self._stream is not None and self._stream.isatty():
            self._teller = threading.Thread(target=self._tell, daemon=True)
            self._teller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._teller is not None:
            self._over.set()
            self._teller.join()

    def _tell(self) -> None:
        if self._over.wait(_PATIENCE):
            return
        from policyscan.report.screen import plain  # noqa: PLC0415 - most scans are done by now

        while True:
            seconds = int(time.monotonic() - self._began)
            self._stream.write(f"{_ERASE}{plain(self._what)[:60]} ({seconds} s)")
            self._stream.flush()
            if self._over.wait(_TICK):
                break
        self._stream.write(_ERASE)
        self._stream.flush()
