"""Verdicts on plans for which answers of data sources are made up, or given."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import run

MAIN = """
data "aws_cloudwatch_log_group" "shared" {
  name = "shared"
}

data "aws_subnets" "all" {}

locals {
  days = data.aws_cloudwatch_log_group.shared.retention_in_days
}

resource "aws_cloudwatch_log_group" "made_up" {
  name              = "made-up"
  retention_in_days = local.days
}

resource "aws_cloudwatch_log_group" "beside" {
  name              = "beside"
  retention_in_days = 30
  tags              = { like = data.aws_cloudwatch_log_group.shared.arn }
}

resource "aws_cloudwatch_log_group" "each" {
  for_each          = toset(data.aws_subnets.all.ids)
  name              = "each-${each.value}"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "own" {
  name              = "own"
  retention_in_days = 30
}
"""
DATA = """
- type: aws_cloudwatch_log_group
  match: {name: shared}
  values: {retention_in_days: 30, arn: "arn:aws:logs:eu-west-1:123456789012:log-group:shared"}
- type: aws_subnets
  values: {ids: [subnet-1]}
"""
GROUP = "aws_cloudwatch_log_group"
SHARED, SUBNETS = f"data.{GROUP}.shared", "data.aws_subnets.all"
KEPT, NAMED = "PS401", "PS703"
NOTE = "rests on {}, whose answer is made up: give the real one with --data"
WARNING = (
    f"the answers of {SHARED}, {SUBNETS} are stand-ins, made up offline: what rests on them is not "
    "proven; give what they find with --data"
)


@dataclass(frozen=True)
class Judged:
    """A report in JSON."""

    document: dict[str, Any]

    def of(self, rule: str, address: str) -> tuple[str, str]:
        """The verdict and how sure it is."""
        found = self.one(rule, address)
        return found["verdict"], found["confidence"]

    def one(self, rule: str, address: str) -> dict[str, Any]:
        """A verdict, the first below an address without its key."""
        found: dict[str, Any] = next(
            each
            for each in self.document["verdicts"]
            if each["rule"] == rule and each["address"].startswith(address)
        )
        return found


def judged(*arguments: str | Path, cwd: Path) -> Judged:
    done = run(*arguments, "--no-checkov", "--format", "json", cwd=cwd, PATH=os.environ["PATH"])
    assert done.returncode in {0, 1}, done.stderr.decode()
    return Judged(json.loads(done.stdout))


@pytest.fixture
def folder(tmp_path: Path, terraform: None) -> Path:  # noqa: ARG001  # skips
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "data.yaml").write_text(DATA)
    return tmp_path


def check_is_not_proven(report: Judged) -> None:
    """What every way to judge the plan has to say of it."""
    assert report.document["plan"]["offline"] == {
        "stand_ins": [SHARED, SUBNETS],
        "imported": [],
        "schema_only": [],
        "simulated": False,
    }
    assert WARNING in report.document["warnings"]
    kept = report.one(KEPT, f"{GROUP}.made_up")
    assert (kept["verdict"], kept["confidence"]) == ("unknown", "inferred")
    assert kept["message"].startswith(f"with the made-up answer of {SHARED}: ")
    assert kept["message"].endswith("; give the real one with --data")
    for address in ("made_up", "beside", "each"):
        assert report.of(NAMED, f"{GROUP}.{address}") == ("pass", "inferred")
    named = report.one(NAMED, f"{GROUP}.beside")
    assert NOTE.format(SHARED) in [note["text"] for note in named["notes"]]
    # There may be none of them, but those there are do not keep their events long enough.
    assert report.of(KEPT, f"{GROUP}.each") == ("fail", "inferred")
    assert report.of(KEPT, f"{GROUP}.beside") == ("fail", "proven")
    assert report.of(KEPT, f"{GROUP}.own") == ("fail", "proven")
    assert report.of(NAMED, f"{GROUP}.own") == ("pass", "proven")


def test_no_verdict_on_a_stand_in_is_proven(folder: Path) -> None:
    check_is_not_proven(judged(".", cwd=folder))


def test_a_replay_proves_no_more(folder: Path) -> None:
    report = judged(".", "--replay", "always", cwd=folder)
    assert report.document["summary"]["replay"]["used"]
    check_is_not_proven(report)


def test_a_plan_that_was_written_says_later_what_was_made_up(folder: Path) -> None:
    planned = run("plan", ".", "-o", "plan.json", cwd=folder, PATH=os.environ["PATH"])
    assert (planned.returncode, planned.stderr.decode()) == (0, f"policyscan: note: {WARNING}\n")
    check_is_not_proven(judged("plan.json", cwd=folder))
    shown = run("graph", "plan.json", cwd=folder)
    assert f"{SHARED}  read, made up" in shown.stdout.decode()
    drawn = run("graph", "plan.json", "--format", "json", cwd=folder)
    marked = {node["address"] for node in json.loads(drawn.stdout)["nodes"] if node.get("made_up")}
    assert marked == {SHARED, SUBNETS}


def test_what_is_given_is_proven(folder: Path) -> None:
    report = judged(".", "--data", "data.yaml", cwd=folder)
    assert report.document["plan"]["offline"]["stand_ins"] == []
    assert [each for each in report.document["warnings"] if "made up" in each] == []
    assert report.of(KEPT, f"{GROUP}.made_up") == ("fail", "proven")
    assert report.of(NAMED, f'{GROUP}.each["subnet-1"]') == ("pass", "proven")


LIST = "- type: aws_subnets\n  values: {ids: subnet-1}\n"
KEY = "- type: aws_subnets\n  values: {}\n  matches: {}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LIST, "data.yaml:2: ids of aws_subnets takes a list"),
        (KEY, "data.yaml:3: matches: no key is called so; did you mean 'match'?"),
        ("- [", "data.yaml:1: not plain YAML: "),
    ],
)
def test_a_wrong_file_is_refused(folder: Path, text: str, told: str) -> None:
    (folder / "data.yaml").write_text(text)
    done = run("plan", ".", "--data", "data.yaml", cwd=folder, PATH=os.environ["PATH"])
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().replace("policyscan: ", "").startswith(told)
