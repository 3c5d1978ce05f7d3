"""A fleet on a real cluster, from storage as clouds have it, with all that goes wrong there."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.cli.commands import ROOT
from tests.fleet.buckets import BUCKET, bucket
from tests.fleet.clusters import PATIENCE, cluster
from tests.fleet.found import command, findings, findings_of, plans, serial
from tests.fleet.plans import corrupt, plan

COUNT = 2000
CORRUPT = 20
SOME = 4
"""Parts that are there when a worker is killed."""


def objects() -> dict[str, bytes]:
    """The plans by their keys, corrupt ones strewn among them."""
    step = COUNT // CORRUPT
    return {
        f"live/team-{number % 7}/w{number:04}/plan.json": (
            corrupt(number // step) if number % step == step // 2 else plan(number)
        )
        for number in range(COUNT)
    }


def test_a_cluster_that_loses_a_worker_accounts_for_every_plan_as_a_scan_does(
    tmp_path: Path,
) -> None:
    there = objects()
    with bucket() as storage:
        storage.put(there)
        with cluster(tmp_path, workers=2, **storage.env) as workers:
            running = subprocess.Popen(
                command(
                    f"s3://{BUCKET}/live/**/plan.json",
                    *("--out", "tables", "--run", "r", "--quiet", "--batch-plans", "50"),
                    *("--scheduler", workers.address),
                ),
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                env={**env(tmp_path), **storage.env},
            )
            wait_for_parts(tmp_path / "tables", SOME, running)
            workers.kill_one()
            said, _ = running.communicate(timeout=600)
    assert running.returncode == 2
    told = plans(tmp_path / "tables")
    check_as_a_scan(tmp_path, there, told)
    endings = Counter(each["outcome"] for each in told.values())
    assert endings == {"scanned": COUNT - CORRUPT, "inconclusive": 2, "failed": CORRUPT - 2}
    line = f"run r: {COUNT} plans: {COUNT - CORRUPT} scanned, 2 inconclusive, {CORRUPT - 2} failed"
    assert line in said.decode()


def check_as_a_scan(
    folder: Path, there: dict[str, bytes], told: dict[str, dict[str, object]]
) -> None:
    """Each plan ends as it does by the scan command, and so is found in it what that finds."""
    for key, content in there.items():
        path = folder / key
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    found = findings(folder / "tables")
    assert set(told) == {f"s3://{BUCKET}/{key}" for key in there}
    for key, document in serial(folder, there).items():
        row = told[f"s3://{BUCKET}/{key}"]
        assert found.get(str(row["plan"]), []) == findings_of(document), key
        assert row["exit_code"] == document["summary"]["exit_code"], key
        assert row["workspace"] == key.removeprefix("live/").removesuffix("/plan.json")
        if row["outcome"] != "failed":
            assert row["sha256"] == document["plan"]["sha256"]
        elif not there[key].startswith(b"PK"):
            # A saved plan a scan has shown by Terraform, which a fleet does not run.
            assert row["reason"] == document["errors"][0].removeprefix(f"{key}: ")


def env(folder: Path) -> dict[str, str]:
    """Of a run."""
    nothing = {"POLICYSCAN_CHECKOV_HOME": str(folder / "none")}
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(folder), **nothing}


def wait_for_parts(out: Path, count: int, running: subprocess.Popen[bytes]) -> None:
    """Until so many parts are written."""
    until = time.monotonic() + PATIENCE * 4
    while len(list(out.glob("plans/*/*.parquet"))) < count:
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
