"""Cold processes, measured in turns so that whatever else the machine does hits all alike."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from policyscan.bridges.asking import environment

ROOT = Path(__file__).resolve().parents[2]
RUNS = 15
POLICYSCAN = str(Path(sys.executable).with_name("policyscan"))

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One cold process: wall seconds, CPU seconds of it and its children, peak resident megabytes.

    The peak is that of the largest process. It counts what the process was before exec too, so
    this program's own few megabytes are the least it can say. `stopped`: it was still running at
    the limit.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float
    exit_code: int
    output: bytes = b""
    stopped: bool = False


def surroundings() -> dict[str, str]:
    """The environment: Python keeps bytecode as for whoever installed us, Checkov asks nobody."""
    kept = environment().items()
    return {name: value for name, value in kept if name != "PYTHONDONTWRITEBYTECODE"}


def run(
    command: Command,
    *,
    stdin: bytes = b"",
    keeps_output: bool = False,
    limit: float = threading.TIMEOUT_MAX,
    env: Mapping[str, str] | None = None,
) -> Run:
    """Runs a command in the repository; its errors, and its output unless kept, are thrown away.

    It is killed, with all it started, after a `limit` of wall seconds.
    """
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as told:
        asked.write(stdin)
        asked.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**surroundings(), **(env or {})},
            stdin=asked,
            stdout=told if keeps_output else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        output = told.read()
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * unit / 1e6,
        process.returncode,
        output,
        late.is_set(),
    )


def runs_of(
    *commands: Command, turns: int = RUNS, keeps_output: bool = False
) -> tuple[tuple[Run, ...], ...]:
    """Turns of all commands after one to warm up. Leaves when one ends with 2, 3 or a signal."""
    rounds = [
        [run(command, keeps_output=keeps_output) for command in commands] for _ in range(turns + 1)
    ]
    for command, each in (pair for turn in rounds for pair in zip(commands, turn, strict=True)):
        if each.exit_code not in {0, 1}:
            sys.exit(f"{' '.join(command)}: left with exit {each.exit_code}, nothing to measure")
    return tuple(zip(*rounds[1:], strict=True))


def median(values: Iterable[float]) -> float:
    """The middle of some seconds or megabytes."""
    return statistics.median(values)
