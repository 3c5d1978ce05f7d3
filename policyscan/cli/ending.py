"""Being told to end, by Ctrl-C or a signal: as an exit, so that whatever is open is closed."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Final

_SIGNALS: Final = ("SIGHUP", "SIGINT", "SIGTERM")
_SHELL: Final = 128
"""What shells add to the number of the signal a command was ended by."""


def end_on_signals() -> None:
    """Have signals raise SystemExit, except those we were started not to hear, as by nohup."""
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(_SHELL + number)
