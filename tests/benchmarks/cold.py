"""Cold processes, measured in turns so that whatever else the machine does hits all alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 15
POLICYSCAN = str(Path(sys.executable).with_name("policyscan"))

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One cold process: wall seconds, CPU seconds of it and its children, peak resident megabytes.

    The peak is that of the largest process. It counts what the process was before exec too, so
    this program's own few megabytes are the least it can say.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float
    exit_code: int
    output: bytes = b""


def compiled() -> dict[str, str]:
    """The environment, in which Python keeps bytecode as it does for whoever installed us."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: Command, *, keeps_output: bool = False) -> Run:
    """Runs a command in the repository, its output thrown away unless it is kept."""
    stdout = subprocess.PIPE if keeps_output else subprocess.DEVNULL
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=compiled(), stdout=stdout) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * unit / 1e6,
        process.returncode,
        output,
    )


def runs_of(*commands: Command, keeps_output: bool = False) -> tuple[tuple[Run, ...], ...]:
    """RUNS of each command after one to warm up. Leaves when one ends with 2, 3 or a signal."""
    rounds = [
        [run(command, keeps_output=keeps_output) for command in commands] for _ in range(RUNS + 1)
    ]
    for each in (each for turn in rounds for each in turn):
        if each.exit_code not in {0, 1}:
            sys.exit(f"a process left with exit {each.exit_code}: nothing to measure")
    return tuple(zip(*rounds[1:], strict=True))


def median(values: Iterable[float]) -> float:
    """The middle of some seconds or megabytes."""
    return statistics.median(values)


def print_table(rows: Iterable[tuple[str, ...]], widths: tuple[int, ...]) -> None:
    """Rows of a name and figures, the figures at the right of their columns."""
    for name, *cells in rows:
        shown = "".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=False))
        sys.stdout.write(f"{name:{widths[0]}}{shown}\n")
    sys.stdout.flush()
