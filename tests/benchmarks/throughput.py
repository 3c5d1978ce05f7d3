"""How many small plans a minute one core scans. Each way to scan many is a function in WAYS."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.cold import Run, run
from tests.benchmarks.figures import Rate
from tests.benchmarks.growth import SHAPES, made
from tests.benchmarks.tools import scan

SMALL = 55


def cold(plans: Sequence[Path]) -> Rate:
    """A process for each plan, one after the other."""
    return _rate("a cold process each", [run(scan(each)) for each in plans], target=150)


WAYS: tuple[Callable[[Sequence[Path]], Rate], ...] = (cold,)


def rates(count: int) -> Iterator[Rate]:
    """Each way on the same plans of about SMALL resources, of every shape alike."""
    with tempfile.TemporaryDirectory() as folder:
        plans = [Path(folder) / f"{number}.json" for number in range(count)]
        for number, plan in enumerate(plans):
            made(plan, SHAPES[number % len(SHAPES)], SMALL)
        for way in WAYS:
            yield way(plans)


def _rate(way: str, runs: Sequence[Run], target: float) -> Rate:
    if any(each.exit_code for each in runs):
        sys.exit(f"{way}: a scan left with {max(each.exit_code for each in runs)}")
    wall, cpu = sum(each.seconds for each in runs), sum(each.cpu_seconds for each in runs)
    return Rate(way, len(runs), wall, cpu, target)
