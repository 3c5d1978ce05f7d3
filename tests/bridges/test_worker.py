from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from policyscan.bridges import asking
from policyscan.bridges.home import Checkov
from policyscan.bridges.running import CheckovOptions, start, waiting
from policyscan.errors import CheckovError
from tests.bridges.plans import BLOCK, BUCKET, buckets, written


def test_checkov_itself_asks_no_network_while_it_judges(checkov: Checkov, tmp_path: Path) -> None:
    # Each attempt would raise, and so be an error or a crash.
    outcome = start(checkov, written(tmp_path, buckets())).join()
    assert outcome.results
    assert outcome.errors == ()


def test_checks_are_chosen_and_skipped_as_checkov_does(checkov: Checkov, tmp_path: Path) -> None:
    plan = written(tmp_path, buckets())
    chosen = start(checkov, plan, CheckovOptions(check=("CKV_AWS_5*",))).join()
    assert {each.check[:-1] for each in chosen.results} == {"CKV_AWS_5"}
    every = start(checkov, plan).join()
    skipped = start(checkov, plan, CheckovOptions(skip=("CKV_AWS_5*",))).join()
    assert set(every.results) - set(skipped.results) == set(chosen.results)


def test_no_value_of_the_plan_is_in_the_answer(checkov: Checkov, tmp_path: Path) -> None:
    bucket = {"bucket": "hush-hush", "acl": "public-read", "tags": {"key": "hush-hush"}}
    plan = written(tmp_path, buckets(bucket=bucket))
    request = {
        "plan": str(plan),
        "check": [],
        "skip": [],
        "external": [],
        "edges": "stock",
    }
    done = subprocess.run(
        asking.worker(checkov.python, checkov.catalogue),
        input=json.dumps(request) + "\n",
        check=True,
        capture_output=True,
        text=True,
    )
    assert len(json.loads(done.stdout)["results"]) > 10
    assert "hush-hush" not in done.stdout + done.stderr


def test_one_that_is_never_asked_ends_when_we_do(checkov: Checkov) -> None:
    idle = waiting(checkov)
    assert idle.process.stdin is not None
    idle.process.stdin.close()
    assert idle.process.wait(60) == 0
    idle.answer.seek(0)
    assert idle.answer.read() == ""
    idle.end()


def test_lent_edges_correct_verdicts_and_both_are_told(checkov: Checkov, tmp_path: Path) -> None:
    options = CheckovOptions(check=("CKV2_AWS_6",), corrected=True)
    with start(checkov, written(tmp_path, buckets()), options) as running:
        running.lend([(f"{BLOCK}.b", f"{BUCKET}.b[1]", "bucket")])
        outcome = running.join()
    assert [(each.address, each.verdict, each.stock) for each in outcome.results] == [
        (f"{BUCKET}.b[0]", "fail", "pass"),
        (f"{BUCKET}.b[1]", "pass", "fail"),
    ]


def test_the_edges_lent_are_all_there_are_between_resources(
    checkov: Checkov, tmp_path: Path
) -> None:
    options = CheckovOptions(check=("CKV2_AWS_6",), corrected=True)
    with start(checkov, written(tmp_path, buckets()), options) as running:
        running.lend(())
        outcome = running.join()
    assert {each.verdict for each in outcome.results} == {"fail"}


def test_json_is_judged_as_a_file_is(checkov: Checkov, tmp_path: Path) -> None:
    plan = written(tmp_path, buckets())
    assert start(checkov, plan.read_bytes()).join() == start(checkov, plan).join()


def test_a_checkov_that_is_not_quick_is_run_by_its_command_line(
    checkov: Checkov, tmp_path: Path
) -> None:
    plan = written(tmp_path, buckets())
    slow = start(checkov._replace(quick=False), plan, CheckovOptions(skip=("CKV_AWS_18",))).join()
    quick = start(checkov, plan, CheckovOptions(skip=("CKV_AWS_18",))).join()
    assert slow.results == quick.results
    assert slow.note == f"Checkov {checkov.version} is run by its own command line, slowly"


def test_a_plan_that_is_cut_off_is_a_crash_that_says_where(
    checkov: Checkov, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"terraform_version": "hush', encoding="utf-8")
    with pytest.raises(
        CheckovError, match=r"^Checkov crashed: JSONDecodeError at \w+\.py, line \d+$"
    ):
        start(checkov, plan).join()


def test_a_file_that_is_no_plan_to_checkov_is_an_error(checkov: Checkov, tmp_path: Path) -> None:
    plan = buckets()
    del plan["terraform_version"]
    outcome = start(checkov, written(tmp_path, plan)).join()
    assert outcome.errors == (
        "Checkov: it reads no plan without terraform_version and planned_values",
    )


def test_a_checkov_that_dies_is_an_error(checkov: Checkov, tmp_path: Path) -> None:
    running = start(checkov, written(tmp_path, buckets()), CheckovOptions(corrected=True))
    os.kill(running.pid, signal.SIGKILL)
    with pytest.raises(CheckovError, match=r"^Checkov ended without an answer$"):
        running.join()


def test_checkov_is_ended_when_its_time_is_over(checkov: Checkov, tmp_path: Path) -> None:
    options = CheckovOptions(corrected=True, seconds=0.01)
    running = start(checkov, written(tmp_path, buckets()), options)
    with pytest.raises(CheckovError, match=r"^Checkov took more than 0\.01 seconds and was ended"):
        running.join()
    assert not running.at_work


def test_another_version_than_the_one_set_up_is_refused(checkov: Checkov, tmp_path: Path) -> None:
    other = checkov._replace(version="3.0.0")
    with pytest.raises(CheckovError, match=rf"Checkov is {checkov.version} now, not 3\.0\.0; run"):
        start(other, written(tmp_path, buckets())).join()
