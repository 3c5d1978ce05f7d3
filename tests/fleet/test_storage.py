"""Storage that fails, is slow, is full, or takes a worker with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.commands import ROOT
from tests.fleet.clusters import FLAKY
from tests.fleet.found import fleet, plans
from tests.fleet.plans import plan

Flags = tuple[str, ...]
PATH = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(FLAKY)))}


def put(folder: Path, *names: str) -> str:
    """Plans of these names; returns the pattern that means them."""
    (folder / "live").mkdir(exist_ok=True)
    for number, name in enumerate(names):
        (folder / "live" / name).write_bytes(plan(number))
    return f"flaky://{folder}/live/*.json"


def told(folder: Path) -> dict[str, tuple[str, str | None]]:
    found = plans(folder / "t")
    return {Path(name).name: (row["outcome"], row["reason"]) for name, row in found.items()}


def test_storage_that_fails_is_asked_again_and_given_up_at_last(tmp_path: Path, on: Flags) -> None:
    given = put(tmp_path, "fails-2.json", "never.json", "whole.json")
    done = fleet(given, "--out", "t", "--retries", "2", *on, cwd=tmp_path, **PATH)
    assert done.returncode == 2
    assert told(tmp_path) == {
        "fails-2.json": ("scanned", None),
        "never.json": ("failed", "the server is busy, come back later (3 times)"),
        "whole.json": ("scanned", None),
    }
    assert len((tmp_path / "live" / "fails-2.count").read_text()) == 3


def test_storage_that_hangs_costs_the_plan_and_no_other(tmp_path: Path, on: Flags) -> None:
    given = put(tmp_path, "a.json", "slow.json", "z.json")
    flags = ("--time-per-plan", "3", "--batch-plans", "9")
    done = fleet(given, "--out", "t", *flags, *on, cwd=tmp_path, **PATH)
    assert done.returncode == 2
    assert told(tmp_path) == {
        "a.json": ("scanned", None),
        "slow.json": ("failed", "reading it took more than 3 s"),
        "z.json": ("scanned", None),
    }


def test_a_plan_that_ends_its_worker_fails_alone(tmp_path: Path) -> None:
    given = put(tmp_path, "deadly.json", *(f"plan-{number}.json" for number in range(15)))
    flags = ("--workers", "1", "--quiet", "--batch-plans", "9")
    done = fleet(given, "--out", "t", *flags, cwd=tmp_path, **PATH)
    assert done.returncode == 2, done.stderr
    found = told(tmp_path)
    assert found.pop("deadly.json") == ("failed", "each worker that judged it was ended")
    assert len(found) == 15
    assert set(found.values()) == {("scanned", None)}
    assert done.stderr.decode() == ""


def test_a_full_disk_ends_the_run_in_one_line_and_resume_goes_on(tmp_path: Path, on: Flags) -> None:
    given = put(tmp_path, *(f"plan-{number}.json" for number in range(9)))
    out = f"flaky://{tmp_path}/t"
    flags = ("--out", out, "--run", "r", "--batch-plans", "3", *on)
    assert fleet(given, *flags, cwd=tmp_path, **PATH).returncode in {0, 1}
    whole = plans(tmp_path / "t")
    gone = sorted((tmp_path / "t" / "plans" / "run=r").iterdir())[:2]
    for part in gone:
        part.unlink()
    (tmp_path / "t" / "FULL").touch()
    full = fleet(given, "--resume", *flags, cwd=tmp_path, **PATH)
    assert full.returncode == 2
    [line] = full.stderr.decode().splitlines()
    assert "cannot be written: No space left on device; what was written before stays" in line
    assert set(plans(tmp_path / "t")) < set(whole)
    (tmp_path / "t" / "FULL").unlink()
    assert fleet(given, "--resume", *flags, cwd=tmp_path, **PATH).returncode in {0, 1}
    assert set(plans(tmp_path / "t")) == set(whole)


@pytest.mark.parametrize("name", ["plans", "plans/run=r"])
def test_a_place_that_cannot_be_written_is_said_before_anything_is_judged(
    tmp_path: Path, on: Flags, name: str
) -> None:
    put(tmp_path, "plan.json")
    (tmp_path / "t" / name).parent.mkdir(parents=True)
    (tmp_path / "t" / name).touch()
    done = fleet("live/*.json", "--out", "t", "--run", "r", *on, cwd=tmp_path)
    assert done.returncode == 2
    [line] = done.stderr.decode().splitlines()
    assert "cannot be written" in line
