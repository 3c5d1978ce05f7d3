"""How long, and how much memory, scans of the reference plan take from a cold process.

`make bench`. Prints a table and never judges: machines differ, so the bare interpreter is
measured in the same run and the ratio to it is what can be compared between machines.
"""

from __future__ import annotations

import sys

from tests.benchmarks.cold import POLICYSCAN, median, print_table, runs_of

TARGET_SECONDS = 0.35
TARGET_MEGABYTES = 80

BARE = (sys.executable, "-c", "pass")
SCAN = (POLICYSCAN, "fixtures/reference/plan.json", "--no-checkov")
WITH_SOURCE = (*SCAN, "--source-dir", "infra", "--replay", "never")


def main() -> None:
    runs = runs_of(BARE, SCAN, WITH_SOURCE)
    bare, scan, with_source = (median(one.seconds for one in many) for many in runs)
    cpu = tuple(median(one.cpu_seconds for one in many) for many in runs)
    peaks = tuple(max(one.megabytes for one in many) for many in runs)
    rows = (
        ("", "wall s", "CPU s", "peak MB"),
        ("python -c pass", f"{bare:.3f}", f"{cpu[0]:.3f}", f"{peaks[0]:.0f}"),
        ("policyscan plan.json", f"{scan:.3f}", f"{cpu[1]:.3f}", f"{peaks[1]:.0f}"),
        ("target", f"{TARGET_SECONDS:.3f}", "", f"{TARGET_MEGABYTES}"),
        ("ratio to bare python", *(f"{one:.1f}" for one in (scan / bare, cpu[1] / cpu[0]))),
        ("with source", f"{with_source:.3f}", f"{cpu[2]:.3f}", f"{peaks[2]:.0f}"),
    )
    print_table(rows, (22, 8, 8, 10))


if __name__ == "__main__":
    main()
