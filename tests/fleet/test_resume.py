"""Runs that were cut off, and are gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli.commands import ROOT
from tests.fleet.clusters import PATIENCE
from tests.fleet.found import Row, command, findings, fleet, plans
from tests.fleet.plans import plan, written

Flags = tuple[str, ...]
GIVEN = ("live/**/plan.json", "--out", "t", "-f", "json")
OF_A_RUN = ("run", "seconds", "scanned_at")
"""Columns in which two runs differ."""


def started(folder: Path, *flags: str) -> subprocess.Popen[bytes]:
    env = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(folder), "MARK": str(folder)}
    return subprocess.Popen(
        command(*GIVEN, *flags), cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def of_this_test(folder: Path) -> list[int]:
    """The processes that were started for a test, theirs too."""
    mark = f"MARK={folder}\0".encode()
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            environment = (each / "environ").read_bytes() + b"\0"
            is_alive = (each / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if mark in environment and is_alive:
            found.append(int(each.name))
    return found


def wait_for_some(folder: Path, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while len(list((folder / "t").glob("plans/*/part-*.parquet"))) < 2:
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)


def wait_for_none(folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while of_this_test(folder):
        assert time.monotonic() < until, of_this_test(folder)
        time.sleep(0.1)


def told(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OF_A_RUN}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_run_that_was_ended_leaves_no_process_and_is_gone_on_with(
    tmp_path: Path, on: Flags, number: int, code: int
) -> None:
    written(tmp_path / "live", 160)
    running = started(tmp_path, "--workers", "1", "--batch-plans", "8", "--quiet")
    wait_for_some(tmp_path, running)
    running.send_signal(number)
    running.communicate(timeout=PATIENCE)
    assert running.returncode == code
    wait_for_none(tmp_path)
    before = plans(tmp_path / "t")
    assert 16 <= len(before) < 160
    done = fleet(*GIVEN, "--resume", *on, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["kept"], summary["judged"]) == (len(before), 160 - len(before))
    after = plans(tmp_path / "t")
    assert {name: after[name] for name in before} == before
    whole = fleet("live/**/plan.json", "--out", "undisturbed", *on, cwd=tmp_path)
    assert whole.returncode == 1
    undisturbed = plans(tmp_path / "undisturbed")
    assert {name: told(row) for name, row in after.items()} == {
        name: told(row) for name, row in undisturbed.items()
    }
    assert findings(tmp_path / "t") == findings(tmp_path / "undisturbed")
    parts = [sorted(p.name for p in (tmp_path / "t" / kind).rglob("*.parquet")) for kind in KINDS]
    assert parts[0] == parts[1]


KINDS = ("plans", "verdicts")


def test_what_has_changed_and_what_failed_is_judged_again_and_nothing_else(
    tmp_path: Path, on: Flags
) -> None:
    written(tmp_path / "live", 12)
    changed, bad = "live/team-0/w0003/plan.json", "live/team-1/w0004/plan.json"
    (tmp_path / bad).write_bytes(b"{}")
    assert fleet(*GIVEN, "--run", "r", *on, cwd=tmp_path).returncode == 2
    before = plans(tmp_path / "t")
    (tmp_path / changed).write_bytes(plan(40 * 7 + 5))
    (tmp_path / bad).write_bytes(plan(4))
    done = fleet(*GIVEN, "--resume", *on, cwd=tmp_path)
    assert done.returncode in {0, 1}
    summary = json.loads(done.stdout)
    assert (summary["run"], summary["kept"], summary["judged"]) == ("r", 10, 2)
    after = plans(tmp_path / "t")
    assert {name for name in after if after[name] != before[name]} == {changed, bad}
    assert after[changed]["sha256"] != before[changed]["sha256"]
    assert fleet("live/**/plan.json", "--out", "anew", *on, cwd=tmp_path).returncode in {0, 1}
    assert findings(tmp_path / "t") == findings(tmp_path / "anew")


def test_other_rules_judge_all_anew(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 3)
    assert fleet(*GIVEN, *on, cwd=tmp_path).returncode in {0, 1, 3}
    done = fleet(*GIVEN, "--resume", "--select", "PS8*", *on, cwd=tmp_path)
    summary = json.loads(done.stdout)
    assert (summary["kept"], summary["judged"]) == (0, 3)


def test_plans_that_are_gone_leave_the_run_and_new_ones_join_it(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 6)
    assert fleet(*GIVEN, *on, cwd=tmp_path).returncode in {0, 1}
    (tmp_path / "live/team-0/w0000/plan.json").unlink()
    new = tmp_path / "live/new/plan.json"
    new.parent.mkdir()
    new.write_bytes(plan(77))
    done = fleet(*GIVEN, "--resume", *on, cwd=tmp_path)
    assert json.loads(done.stdout)["outcomes"]["scanned"] == 6
    told = plans(tmp_path / "t")
    assert "live/new/plan.json" in told
    assert "live/team-0/w0000/plan.json" not in told


def test_what_was_begun_and_is_no_part_does_not_stay(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 6)
    assert fleet(*GIVEN, "--run", "r", *on, cwd=tmp_path).returncode in {0, 1}
    whole = findings(tmp_path / "t")
    [first, *_] = sorted((tmp_path / "t/plans/run=r").iterdir())
    first.unlink()
    left = tmp_path / "t/verdicts/run=r/.part-half.parquet.0123"
    left.touch()
    orphan = tmp_path / "t/verdicts/run=r/part-0000.parquet"
    pq.write_table(pq.read_table(tmp_path / "t/verdicts/run=r" / first.name), orphan)
    done = fleet(*GIVEN, "--resume", *on, cwd=tmp_path)
    assert json.loads(done.stdout)["judged"] > 0
    assert not left.exists()
    assert not orphan.exists()
    assert findings(tmp_path / "t") == whole


def test_of_several_runs_the_last_by_its_time_is_gone_on_with(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 1)
    for run in ("20260101T000000Z", "20260102T000000Z"):
        assert fleet(*GIVEN, "--run", run, *on, cwd=tmp_path).returncode in {0, 1, 3}
    done = fleet(*GIVEN, "--resume", *on, cwd=tmp_path)
    assert json.loads(done.stdout)["run"] == "20260102T000000Z"
    assert fleet(*GIVEN, "--run", "named", *on, cwd=tmp_path).returncode in {0, 1, 3}
    unsure = fleet(*GIVEN, "--resume", *on, cwd=tmp_path)
    assert unsure.returncode == 2
    assert b"--resume: there are 3 runs" in unsure.stderr
