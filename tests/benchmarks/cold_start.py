"""How long, and how much memory, scans of the reference plan take from a cold process.

`make bench`. Prints a table and never judges: machines differ, so the bare interpreter is
measured in the same run and the ratio to it is what can be compared between machines.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 15
TARGET_SECONDS = 0.35
TARGET_MEGABYTES = 80
TARGET_REPLAY_SECONDS = 1.2

BARE = (sys.executable, "-c", "pass")
SCAN = (
    str(Path(sys.executable).with_name("policyscan")),
    "fixtures/reference/plan.json",
    "--no-checkov",
)
UNREPLAYED = (*SCAN, "--source-dir", "infra", "--replay", "never")
REPLAYED = (*SCAN, "--source-dir", "infra", "--replay", "always")


@dataclass(frozen=True, slots=True)
class Run:
    """One cold process: wall seconds, peak resident megabytes, exit code."""

    seconds: float
    megabytes: float
    exit_code: int


def run(command: tuple[str, ...]) -> Run:
    """Runs `command` in the repository, its output thrown away.

    The peak counts what the process was before exec too, so this program's own few
    megabytes are the least it can say.
    """
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return Run(seconds, usage.ru_maxrss * unit / 1e6, process.returncode)


def hyperfine_seconds(commands: tuple[tuple[str, ...], ...]) -> tuple[float, ...] | None:
    """The median of each command, or None without hyperfine."""
    hyperfine = shutil.which("hyperfine")
    if hyperfine is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "times.json"
        options = ("--shell=none", "--warmup=2", f"--runs={RUNS}", "--style=none")
        lines = tuple(" ".join(f"'{word}'" for word in command) for command in commands)
        subprocess.run(
            (hyperfine, *options, f"--export-json={export}", *lines),
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return tuple(times["median"] for times in json.loads(export.read_text())["results"])


def main() -> None:
    commands = (BARE, SCAN, UNREPLAYED, REPLAYED)
    runs = tuple(tuple(run(command) for _ in range(RUNS)) for command in commands)
    if failed := next((one for many in runs[1:] for one in many if one.exit_code != 0), None):
        sys.exit(f"a scan left with exit {failed.exit_code}: nothing to measure")
    medians = tuple(statistics.median(one.seconds for one in many) for many in runs)
    bare, scan, unreplayed, replayed = hyperfine_seconds(commands) or medians
    peaks = tuple(max(one.megabytes for one in many) for many in runs)
    rows = (
        ("", "wall s", "peak MB"),
        ("python -c pass", f"{bare:.3f}", f"{peaks[0]:.0f}"),
        ("policyscan plan.json", f"{scan:.3f}", f"{peaks[1]:.0f}"),
        ("target", f"{TARGET_SECONDS:.3f}", f"{TARGET_MEGABYTES}"),
        ("ratio to bare python", f"{scan / bare:.1f}", f"{peaks[1] / peaks[0]:.1f}"),
        ("with source", f"{unreplayed:.3f}", f"{peaks[2]:.0f}"),
        ("with source, replayed", f"{replayed:.3f}", f"{peaks[3]:.0f}"),
        ("what replay adds", f"{replayed - unreplayed:.3f}", ""),
        ("target", f"{TARGET_REPLAY_SECONDS:.3f}", ""),
    )
    for name, wall, peak in rows:
        sys.stdout.write(f"{name:22}{wall:>8}{peak:>10}\n")


if __name__ == "__main__":
    main()
