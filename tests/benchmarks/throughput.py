"""How many small plans a minute one core scans, each in a process of its own or all in a fleet.

A fleet of one worker takes a while to start, so what a plan takes there, once it is warm, is told
by the difference between a run of few plans and one of many.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.cold import POLICYSCAN, Command, Run, run
from tests.benchmarks.figures import Rate
from tests.benchmarks.growth import SHAPES, made
from tests.benchmarks.tools import ALONE, has_checkov, scan

SMALL = 55
FEW = 5


def rates(count: int) -> Iterator[Rate]:
    """So many plans of about SMALL resources, of every shape alike, cold; more of them warm."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = [made(folder / shape, shape, SMALL).path.read_bytes() for shape in SHAPES]
        yield _cold(_plans(folder / "cold", kinds, count))
        warm = partial(_plans, folder / "warm", kinds)
        yield _warm("a fleet, warm", warm, 6 * count, ALONE, 600)
        if has_checkov():
            together = partial(_plans, folder / "together", kinds)
            yield _warm("a fleet, warm, with Checkov", together, 3 * count, "--checkov", 120)


def _plans(folder: Path, kinds: Sequence[bytes], count: int) -> tuple[Path, ...]:
    """As many files as asked for; no two are the same to the byte, as a fleet may tell by that."""
    (folder / f"{count}").mkdir(parents=True)
    paths = tuple(folder / f"{count}" / f"{number}.json" for number in range(count))
    for number, path in enumerate(paths):
        path.write_bytes(kinds[number % len(kinds)] + b"\n" * number)
    return paths


def _cold(plans: Sequence[Path]) -> Rate:
    runs = [run(scan(each)) for each in plans]
    wall, cpu = sum(each.seconds for each in runs), sum(each.cpu_seconds for each in runs)
    return Rate("a cold process each", len(runs), wall, cpu, 150, _failure(runs))


def _warm(
    way: str, plans: Callable[[int], Sequence[Path]], count: int, flag: str, target: float
) -> Rate:
    first, second = (run(_fleet(plans(number), flag)) for number in (FEW, FEW + count))
    wall, cpu = second.seconds - first.seconds, second.cpu_seconds - first.cpu_seconds
    return Rate(way, count, wall, cpu, target, _failure((first, second)))


def _fleet(plans: Sequence[Path], flag: str) -> Command:
    folder = plans[0].parent
    told = ("--out", str(folder / "tables"), "--exit-zero", "--quiet")
    return (POLICYSCAN, "fleet", "run", f"{folder}/*.json", "--workers", "1", *told, flag)


def _failure(runs: Iterable[Run]) -> str:
    return next((f"left with exit {each.exit_code}" for each in runs if each.exit_code), "")
