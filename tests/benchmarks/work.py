"""What a scan executes, counted: lines of Python, and instructions of the processor.

`python -m tests.benchmarks.work PLAN` tells how often every line of Python ran, ours, those of
libraries and of Python itself, as JSON. The same plan gives the same counts on every machine,
however busy it is, with the same Python and libraries. Instructions, which valgrind counts, are
about those of every machine of one kind, and tell of what is written in C too.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.benchmarks.cold import ROOT, surroundings
from tests.benchmarks.tools import ALONE, FLAGS

Lines = Mapping[str, int]
"""How often each line ran, by `path:line`."""

SAME_HASHES = {"PYTHONHASHSEED": "0"}


def lines_of(plan: str | Path) -> Lines:
    """The lines of a scan, in a process of its own."""
    counts: Lines = json.loads(_output(sys.executable, "-m", "tests.benchmarks.work", str(plan)))
    return counts


def instructions_of(*arguments: str) -> int:
    """The instructions of `policyscan` with such arguments, once bytecode is at hand."""
    command = (sys.executable, str(Path(sys.executable).with_name("policyscan")), *arguments)
    _output(*command)
    with tempfile.NamedTemporaryFile() as log:
        counting = ("--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log.name}")
        _output("valgrind", *counting, *command)
        told = re.search(rb"Collected : (\d+)", log.read())
    if told is None:
        sys.exit("valgrind told no count of instructions")
    return int(told[1])


def _output(*command: str) -> bytes:
    env = {**surroundings(), **SAME_HASHES}
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE).stdout


def counted(plan: str) -> Counter[str]:
    """The lines of a scan in this process, what it loads on its way included."""
    from policyscan.cli.commands import run  # noqa: PLC0415 - every other use is without it

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
        found[f"{_shown(Path(where.co_filename))}:{number}"] += many
    return found


def _shown(path: Path) -> str:
    """A file of the repository as it is called there, another by its last two names."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-2:]))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(counted(sys.argv[1])))
