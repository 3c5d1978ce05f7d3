"""Which test runs which line of the files to be mutated, and how long it takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass(frozen=True, slots=True)
class Reach:
    """The lines a test runs, by file, and its seconds of processor time."""

    lines: dict[str, frozenset[int]]
    seconds: float

    def meets(self, file: str, first: int, last: int) -> bool:
        """Whether the test runs one of these lines."""
        return any(first <= line <= last for line in self.lines.get(file, ()))


def traced(run: Callable[[], None], files: frozenset[str]) -> Reach:
    """Run a test and note which lines of these files it comes by."""
    lines: dict[str, set[int]] = {}

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        del event, argument
        file = frame.f_code.co_filename
        if file not in files:
            return None
        seen = lines.setdefault(file, set())
        seen.add(frame.f_lineno)

        def step(frame: FrameType, event: str, argument: Any) -> Any:
            del event, argument
            seen.add(frame.f_lineno)
            return step

        return step

    start = time.process_time()
    sys.settrace(enter)
    try:
        run()
    finally:
        sys.settrace(None)
    seconds = time.process_time() - start
    return Reach({file: frozenset(seen) for file, seen in lines.items()}, seconds)
