"""What a scan executes, counted: `python -m tests.benchmarks.work PLAN` tells it as JSON.

A line counts as often as Python ran it, in our code, in that of libraries and in that of Python.
The same plan gives the same counts on every machine, however busy it is, with the same Python and
the same libraries.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def counted(plan: str) -> Counter[str]:
    """How often each line of Python runs in a scan, by `path:line`."""
    from policyscan.cli.commands import run  # noqa: PLC0415 - what is loaded first is not counted
    from tests.benchmarks.tools import ALONE, FLAGS  # noqa: PLC0415

    times: dict[tuple[CodeType, int], int] = {}

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            at = (frame.f_code, frame.f_lineno)
            times[at] = times.get(at, 0) + 1
        return line

    def call(frame: FrameType, _event: str, _: Any) -> Any:
        # How modules are found depends on what bytecode is at hand.
        return None if "<frozen importlib" in frame.f_code.co_filename else line

    gc.disable()  # as the command has it
    sys.settrace(call)
    code = run([plan, *FLAGS, ALONE])
    sys.settrace(None)
    if code:
        sys.exit(f"{plan}: the scan left with {code}")
    found: Counter[str] = Counter()
    for (where, number), many in times.items():
        found[f"{os.path.relpath(where.co_filename, ROOT)}:{number}"] += many
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(counted(sys.argv[1])))
