"""How long it takes to plan a folder offline and judge the plan, from a cold process."""

from __future__ import annotations

from tests.benchmarks.cold import POLICYSCAN, median, runs_of
from tests.benchmarks.figures import Table
from tests.benchmarks.tools import ALONE

COMMANDS = {
    "`policyscan plan infra`": (POLICYSCAN, "plan", "infra"),
    "`policyscan infra`": (POLICYSCAN, "infra", ALONE),
    "the same without a replay": (POLICYSCAN, "infra", ALONE, "--replay", "never"),
}
TEXT = """\
CPU seconds count all processes, Terraform among them; the peak is that of the largest, which is
Terraform's. Aimed at: 2.5 s on the clock for each."""


def planning(turns: int) -> Table:
    """Seconds and megabytes of each command."""
    rows: list[tuple[str, ...]] = [("", "wall", "CPU", "peak")]
    for name, runs in zip(COMMANDS, runs_of(*COMMANDS.values(), turns=turns), strict=True):
        seconds, cpu = (median(r.seconds for r in runs), median(r.cpu_seconds for r in runs))
        peak = median(each.megabytes for each in runs)
        rows.append((name, f"{seconds:.2f} s", f"{cpu:.2f} s", f"{peak:.0f} MB"))
    return Table("Planning a folder offline", TEXT, tuple(rows))
