"""How far a run is, told on stderr: each second on a terminal, now and then elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Final, Self, TextIO

from policyscan.fleet.batches import Tally
from policyscan.fleet.ending import Ending

_ON_TERMINALS: Final = 1.0
_ELSEWHERE: Final = 30.0
_ERASE: Final = "\r\x1b[K"
_MINUTE: Final = 60


class Progress:
    """Counts what is done, and tells."""

    def __init__(self, total: int, stream: TextIO | None, *, quiet: bool = False) -> None:
        self._total = total
        self._stream = None if quiet else stream
        self._began = time.monotonic()
        self._done = self._judged = self._failed = 0
        self.workers = 0
        self._over = threading.Event()
        self._teller: threading.Thread | None = None

    def add(self, tally: Tally) -> None:
        """One task more is done."""
        self._done += tally.plans
        self._judged += tally.plans - tally.kept
        self._failed += tally.endings[Ending.FAILED]

    @property
    def line(self) -> str:
        """How far it is."""
        seconds = max(time.monotonic() - self._began, 0.001)
        rate = self._judged / seconds
        parts = [f"{self._done} of {self._total} plans", f"{rate * _MINUTE:.0f} a minute"]
        if rate and self._done < self._total:
            parts.append(f"{_spoken((self._total - self._done) / rate)} left")
        if self._failed:
            parts.append(f"{self._failed} failed")
        if not self.workers and self._done < self._total:
            parts.append("no worker is there")
        return ", ".join(parts)

    def __enter__(self) -> Self:
        if self._stream is not None:
            self._teller = threading.Thread(target=self._tell, args=(self._stream,), daemon=True)
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

    def _tell(self, stream: TextIO) -> None:
        is_terminal = stream.isatty()
        while not self._over.wait(_ON_TERMINALS if is_terminal else _ELSEWHERE):
            text = f"policyscan: {self.line}"
            stream.write(f"{_ERASE}{text}" if is_terminal else f"{text}\n")
            stream.flush()
        if is_terminal:
            stream.write(_ERASE)
            stream.flush()


def _spoken(seconds: float) -> str:
    """A time in words. Example: `2 h 05 min`."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
