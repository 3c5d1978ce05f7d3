"""Processes that try one mutant each, and end when it runs wild."""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Final

_MEMORY: Final = 4 << 30
"""Bytes of address space a mutant may have; the tests take less than 1 GiB."""
_TROUBLE: Final = 70


def start(run: Callable[[], int]) -> int:
    """Run this in a process of its own, which leaves with what it returns; gives its id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = _TROUBLE
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        code = run()
    except BaseException:  # noqa: BLE001 - nothing may get back into the parent's code
        traceback.print_exc()
    finally:
        os._exit(code)


def limit_time(seconds: float) -> None:
    """Have the process killed when it takes that much more time.

    It counts processor time, so a busy machine changes nothing. Nobody handles the signal, so it
    ends the process in the middle of whatever runs.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_memory() -> None:
    """Have a mutant that gathers without end fail with a MemoryError."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, hard))
