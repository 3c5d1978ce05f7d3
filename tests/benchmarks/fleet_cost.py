"""How many small plans a minute and core a fleet judges: cold and warm, with Checkov, from S3.

`policyscan fleet` starts its workers first, which `cold` counts and the others do not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.cold import ROOT
from tests.benchmarks.figures import Rate
from tests.fleet.buckets import BUCKET, bucket
from tests.fleet.plans import written

COUNT = 1000
WARM, WITH_CHECKOV, COLD = 600.0, 120.0, 150.0
"""Plans a minute and core that are wanted."""


def summary(folder: Path, given: str, *flags: str, **env: str) -> tuple[dict[str, Any], float]:
    """What a run comes to, and seconds of the whole command."""
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        done = subprocess.run(
            (sys.executable, "-m", "policyscan", "fleet", given, "--out", out, "-f", "json")
            + ("--quiet", "--exit-zero", *flags),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            check=True,
            stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout), time.perf_counter() - began


def rates(count: int = COUNT, *, checkov: bool = True) -> Iterator[Rate]:
    """Each way on the same plans. A core's seconds are those of each worker."""
    with tempfile.TemporaryDirectory() as name:
        folder = written(Path(name) / "live", count).parent
        pattern, one = "live/**/plan.json", ("--workers", "1", "--no-checkov")
        few = max(count // 10, 1)
        written(Path(name) / "few", few)
        _, whole = summary(folder, "few/**/plan.json", *one)
        yield Rate("a fleet of one worker, its start too", few, whole, 0.0, COLD)
        yield _rate("one worker, warm", summary(folder, pattern, *one)[0], WARM)
        two = ("--workers", "2", "--no-checkov")
        yield _rate("two workers, warm", summary(folder, pattern, *two)[0], WARM)
        if checkov:
            flags = ("--workers", "1", "--checkov")
            yield _rate(
                "one worker with Checkov, warm", summary(folder, pattern, *flags)[0], WITH_CHECKOV
            )
        yield _from_s3(folder, count)


def _from_s3(folder: Path, count: int) -> Rate:
    with bucket() as storage:
        plans: Sequence[Path] = sorted((folder / "live").rglob("plan.json"))
        storage.put({str(each.relative_to(folder)): each.read_bytes() for each in plans})
        given = f"s3://{BUCKET}/live/**/plan.json"
        found, _ = summary(folder, given, "--workers", "2", "--no-checkov", **storage.env)
        assert found["judged"] == count
        return _rate("two workers, from an S3 server beside them", found, WARM)


def _rate(way: str, found: dict[str, Any], target: float) -> Rate:
    return Rate(way, found["judged"], found["seconds"] * found["workers"], 0.0, target)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    print(f"{'plans a minute and core':>24}  {'wanted':>6}  way")  # noqa: T201 - the point of it
    for each in rates(count, checkov=bool(os.environ.get("POLICYSCAN_CHECKOV_HOME"))):
        print(f"{each.a_minute:>24.0f}  {each.target:>6.0f}  {each.way}")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
