"""What a cold process costs before there is much to scan, beside a bare Python in the same turn."""

from __future__ import annotations

import sys

from tests.benchmarks.cold import POLICYSCAN, RUNS, Command, Run, median, runs_of
from tests.benchmarks.figures import Start
from tests.benchmarks.tools import ALONE, FLAGS, scan

REFERENCE = "fixtures/reference/plan.json"
VERSION, HELP = "`policyscan --version`", "`policyscan --help`"
STARTS: dict[str, Command] = {
    "a bare Python": (sys.executable, "-c", "pass"),
    VERSION: (POLICYSCAN, "--version"),
    HELP: (POLICYSCAN, "--help"),
    "the reference plan": scan(REFERENCE),
    "the same with its source": (
        POLICYSCAN,
        REFERENCE,
        *FLAGS[:-1],
        ALONE,
        "--source-dir",
        "infra",
    ),
}


def starts(turns: int = RUNS) -> tuple[Start, ...]:
    """One of each command."""
    measured = runs_of(*STARTS.values(), turns=turns)
    return tuple(
        _start(name, runs, measured[0]) for name, runs in zip(STARTS, measured, strict=True)
    )


def _start(name: str, runs: tuple[Run, ...], bare: tuple[Run, ...]) -> Start:
    return Start(
        name,
        median(each.seconds for each in runs),
        median(each.cpu_seconds for each in runs),
        median(each.megabytes for each in runs),
        median(each.cpu_seconds / one.cpu_seconds for each, one in zip(runs, bare, strict=True)),
    )
