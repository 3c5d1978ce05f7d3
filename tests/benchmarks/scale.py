"""What a scan costs against reading the same file as JSON, up to 20,000 resources.

`make bench`. Every scan is a cold process, all rules, report in JSON, and tells CPU seconds, which
depend less than others on what else the machine does. The file is decoded by `json.loads` in the
same turn, and the median of the ratios is what can be compared between machines. Writes
docs/performance.md and never judges: machines differ.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policyscan.bridges.golden import flat as mixed
from tests.benchmarks.cold import POLICYSCAN, ROOT, RUNS, Command, median, run, runs_of
from tests.benchmarks.graph_growth import everything, flat, keyed, modules, splats

PAGE = ROOT / "docs" / "performance.md"
SIZES = (1_811, 5_000, 20_000)
TURNS = 3
REFERENCE = "fixtures/reference/plan.json"
BARE: Command = (sys.executable, "-c", "pass")
FLAGS = ("-f", "json", "-o", "/dev/null", "--replay", "never", "--exit-zero", "--no-checkov")
SCAN: Command = (POLICYSCAN, REFERENCE, *FLAGS)
STARTS: dict[str, Command] = {
    "a bare Python": BARE,
    "`policyscan --version`": (POLICYSCAN, "--version"),
    "`policyscan --help`": (POLICYSCAN, "--help"),
    "the reference plan, 74 resources": (*SCAN, "--no-source"),
    "the same with its source": (*SCAN, "--source-dir", "infra"),
}
SHAPES: dict[str, tuple[Callable[[int], dict[str, Any]], tuple[int, ...]]] = {
    "twelve types": (mixed, SIZES),
    "one type, chained": (flat, SIZES),
    "for_each": (keyed, SIZES),
    "modules": (modules, SIZES[:1]),
    "one input of all": (everything, SIZES[:1]),
    "splats, each to half": (splats, SIZES[:1]),
}
"""Plans by what they are made of. The last ones have edges by the square of their resources."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians for one plan: CPU seconds, and what a scan adds to a start."""

    shape: str
    size: int
    loads: float
    scan: float
    ratio: float

    def row(self) -> str:
        """A row of the page's table."""
        loads, scan = f"{self.loads:.3f} s", f"{self.scan:.2f} s"
        cells = (self.shape, f"{self.size:,}", loads, scan, f"{self.ratio:.0f}")
        return f"| {' | '.join(cells)} |"


def starts() -> Iterator[str]:
    """Rows for what a cold process costs before there is much to scan."""
    measured = runs_of(*STARTS.values())
    for name, runs in zip(STARTS, measured, strict=True):
        cpu, wall = median(one.cpu_seconds for one in runs), min(one.seconds for one in runs)
        pairs = zip(runs, measured[0], strict=True)
        ratio = median(one.cpu_seconds / bare.cpu_seconds for one, bare in pairs)
        yield f"| {name} | {cpu:.3f} s | {wall:.3f} s | {ratio:.1f} |"


def scale(folder: Path) -> Iterator[Measured]:
    """Each shape in each of its sizes; the start that a scan has anyway is taken off the ratio."""
    for shape, (made, sizes) in SHAPES.items():
        start = _plan(folder, made, 20)
        for size in sizes:
            plan = _plan(folder, made, size)
            turns = [(_loads(plan), _scan(plan), _scan(start)) for _ in range(TURNS)]
            loads, scans, begun = zip(*turns, strict=True)
            yield Measured(
                shape,
                size,
                median(loads),
                median(each.cpu_seconds for each in scans),
                median(
                    (each.cpu_seconds - first.cpu_seconds) / load
                    for load, each, first in zip(loads, scans, begun, strict=True)
                ),
            )


def _plan(folder: Path, made: Callable[[int], dict[str, Any]], size: int) -> Path:
    path = folder / f"{made.__module__}.{made.__name__}-{size}.json"
    path.write_text(json.dumps(made(size)), encoding="utf-8")
    return path


def _scan(plan: Path) -> Any:
    found = run((POLICYSCAN, str(plan), *FLAGS))
    if found.exit_code:
        sys.exit(f"{plan.name}: left with {found.exit_code}, nothing to measure")
    return found


def _loads(plan: Path) -> float:
    content = plan.read_bytes()
    begun = time.process_time()
    json.loads(content)
    return time.process_time() - begun


def page(began: list[str], grown: list[Measured]) -> str:
    """The page with every figure."""
    lines = (
        "# Performance",
        "",
        f"Written by `make bench` with Python {platform.python_version()}. Every command is a cold",
        "process with bytecode at hand; seconds are CPU seconds unless they are called wall.",
        "Machines differ and may be busy: compare the ratios, each measured within one turn.",
        "",
        "## Before there is much to scan",
        "",
        f"Medians of {RUNS} runs, all rules, report in JSON; the wall time is the least.",
        "",
        "| command | CPU | wall | to a bare Python |",
        "| --- | ---: | ---: | ---: |",
        *began,
        "",
        "## As plans grow",
        "",
        "The last ratio is what a scan takes beyond one of 20 resources, to `json.loads` of the",
        f"same file; medians of {TURNS} turns.",
        "",
        "| plan | resources | `json.loads` | scan | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(each.row() for each in grown),
        "",
        "## What keeps it so",
        "",
        "- Libraries are loaded by what needs them: networkx for paths, rich for terminals, YAML",
        "  for configurations, python-hcl2 for source: `tests/cli/test_start.py` sees to it.",
        "- No more of the source is read than a rule looks at.",
        "- What many resources ask of a plan is told once, by the models in `rule`; an expression",
        "  is followed once for all instances of its block.",
        "- Garbage is not collected during a scan, and JSON is laid out by msgspec.",
        "",
    )
    return "\n".join(lines)


def main() -> None:
    began = list(starts())
    grown = []
    with tempfile.TemporaryDirectory() as folder:
        for each in scale(Path(folder)):
            grown.append(each)
            sys.stdout.write(f"{each.row()}\n")
            sys.stdout.flush()
    PAGE.write_text(page(began, grown), encoding="utf-8")
    sys.stdout.write("\n".join([*began, ""]))


if __name__ == "__main__":
    main()
