"""A worker that keeps Checkov loaded says of each plan what a fresh one says."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from policyscan.bridges.home import Checkov
from policyscan.bridges.running import CheckovOptions, start
from policyscan.bridges.warm import Warm
from policyscan.errors import CheckovError
from tests.bridges.plans import BLOCK, BUCKET, buckets, written

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def warm(checkov: Checkov) -> Iterator[Warm]:
    made = Warm(checkov)
    yield made
    made.end()


def test_plans_one_after_the_other_are_judged_as_each_is_by_itself(
    checkov: Checkov, warm: Warm
) -> None:
    plans = sorted((ROOT / "fixtures/rules").glob("*/*/plan.json"))[::40]
    together = [start(checkov, plan, CheckovOptions(), warm.waiting()).join() for plan in plans]
    apart = [start(checkov, plan).join() for plan in plans]
    assert together == apart
    assert any(each.results for each in apart)


def test_edges_are_lent_to_it_too(checkov: Checkov, warm: Warm, tmp_path: Path) -> None:
    options = CheckovOptions(check=("CKV2_AWS_6",), corrected=True)
    plan = written(tmp_path, buckets())
    edges = [(f"{BLOCK}.b", f"{BUCKET}.b[1]", "bucket")]
    told = []
    for is_warm in (True, False, True):
        with start(checkov, plan, options, warm.waiting() if is_warm else None) as running:
            running.lend(edges)
            told.append(running.join())
    assert told[0] == told[1] == told[2]
    assert {each.stock for each in told[0].results} == {"pass", "fail"}


def test_one_that_is_left_does_not_disturb_the_next(
    checkov: Checkov, warm: Warm, tmp_path: Path
) -> None:
    plan = written(tmp_path, buckets())
    options = CheckovOptions(corrected=True)
    with start(checkov, plan, options, warm.waiting()) as running:
        pid = running.pid
    assert not Path(f"/proc/{pid}").exists()
    # The edges of one that is gone are nobody's request.
    with start(checkov, plan, options, warm.waiting()) as running:
        os.kill(running.pid, signal.SIGKILL)
        running.lend([])
        with pytest.raises(CheckovError, match="without an answer"):
            running.join()
    assert start(checkov, plan, ready=warm.waiting()).join() == start(checkov, plan).join()


def test_a_worker_that_is_gone_is_started_again(
    checkov: Checkov, warm: Warm, tmp_path: Path
) -> None:
    plan = written(tmp_path, buckets())
    start(checkov, plan, ready=warm.waiting()).join()
    worker = warm._worker  # noqa: SLF001 - nobody else has to know it
    assert worker is not None
    os.kill(worker._process.pid, signal.SIGKILL)  # noqa: SLF001 - likewise
    time.sleep(0.1)
    assert start(checkov, plan, ready=warm.waiting()).join().results


def test_nothing_of_it_is_left_once_it_is_ended(checkov: Checkov, tmp_path: Path) -> None:
    made = Warm(checkov)
    running = start(checkov, written(tmp_path, buckets()), CheckovOptions(), made.waiting())
    child = running.pid
    made.end()
    with running, pytest.raises(CheckovError):
        running.join()
    until = time.monotonic() + 10
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
