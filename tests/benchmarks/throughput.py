"""How many small plans a minute one core scans, each in a process of its own or all in a fleet.

A fleet takes a while to start, so what a plan takes there, once it is warm, is told by the
difference between a run of few plans and one of many.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.cold import POLICYSCAN, Run, run
from tests.benchmarks.figures import ONE_WORKER, TWO_WORKERS, Rate
from tests.benchmarks.growth import SHAPES, made
from tests.benchmarks.tools import ALONE, has_checkov, scan
from tests.fleet.buckets import BUCKET, bucket

SMALL = 55
FEW = 5
COLD, WARM, WITH_CHECKOV = 150, 600, 120
"""Plans a minute and core that are wanted."""


def rates(count: int) -> Iterator[Rate]:
    """So many plans of about SMALL resources, of every shape alike, cold; more of them warm."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = [made(folder / shape, shape, SMALL).path.read_bytes() for shape in SHAPES]
        yield _cold(_plans(folder / "cold", kinds, count))
        few, many = (_plans(folder / f"{n}", kinds, n)[0].parent for n in (FEW, FEW + 20 * count))
        alone = _Fleet(few, many)
        yield alone.rate(ONE_WORKER, 1, WARM)
        yield alone.rate(TWO_WORKERS, 2, WARM)
        yield from _stored(few, many)
        if has_checkov():
            several = _plans(folder / "several", kinds, FEW + 3 * count)[0].parent
            checked = _Fleet(few, several, flag="--checkov")
            yield checked.rate("a fleet of one worker, with Checkov", 1, WITH_CHECKOV)


@dataclass(frozen=True, slots=True)
class _Fleet:
    """Two fleets that differ in how many plans they have, each in one folder."""

    few: Path
    many: Path
    flag: str = ALONE
    at: str = ""
    env: Mapping[str, str] | None = None

    def rate(self, way: str, workers: int, target: float | None) -> Rate:
        first, second = (self._run(each, workers) for each in (self.few, self.many))
        wall, cpu = second.seconds - first.seconds, second.cpu_seconds - first.cpu_seconds
        count = sum(1 for _ in self.many.iterdir()) - FEW
        return Rate(way, count, wall * workers, cpu, target, _failure((first, second)))

    def _run(self, plans: Path, workers: int) -> Run:
        given = f"{self.at or plans.parent}/{plans.name}/*.json"
        with tempfile.TemporaryDirectory() as out:
            told = ("--out", out, "--exit-zero", "--quiet", "--workers", str(workers), self.flag)
            return run((POLICYSCAN, "fleet", "run", given, *told), env=self.env)


def _stored(few: Path, many: Path) -> Iterator[Rate]:
    """From an S3 server that shares the cores: no target, since most of it is that server."""
    with bucket() as storage:
        files = [path for folder in (few, many) for path in folder.iterdir()]
        storage.put({f"{each.parent.name}/{each.name}": each.read_bytes() for each in files})
        stored = _Fleet(few, many, at=f"s3://{BUCKET}", env=storage.env)
        yield stored.rate("a fleet of two workers, from an S3 server beside them", 2, None)


def _plans(folder: Path, kinds: Sequence[bytes], count: int) -> tuple[Path, ...]:
    """As many files as asked for; no two are the same to the byte, as a fleet may tell by that."""
    folder.mkdir()
    paths = tuple(folder / f"{number}.json" for number in range(count))
    for number, path in enumerate(paths):
        path.write_bytes(kinds[number % len(kinds)] + b"\n" * number)
    return paths


def _cold(plans: Sequence[Path]) -> Rate:
    runs = [run(scan(each)) for each in plans]
    wall, cpu = sum(each.seconds for each in runs), sum(each.cpu_seconds for each in runs)
    return Rate("a cold process each", len(runs), wall, cpu, COLD, _failure(runs))


def _failure(runs: Iterable[Run]) -> str:
    return next((f"left with exit {each.exit_code}" for each in runs if each.exit_code), "")
