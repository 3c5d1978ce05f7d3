"""What Checkov finds on changed resources, told from what stood before: on plans by Terraform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyscan.plan import read_plan
from policyscan.plan.before_json import json_before
from policyscan.planner import Inputs, Request, make_plan
from tests.cli.test_checkov import beside

HEAD = 'provider "aws" {\n  region = "us-east-1"\n}\n'
GROUP = 'resource "aws_cloudwatch_log_group" "{0}" {{\n  name = "{0}"\n  {1}\n}}\n'
KEY = 'kms_key_id = "arn:aws:kms:us-east-1:123456789012:key/a"'
VPC = 'resource "aws_vpc" "v" {{\n  cidr_block = "10.0.0.0/16"\n  tags = {{ a = "{}" }}\n}}\n'

BEFORE = HEAD + "".join(
    [
        GROUP.format("retagged", 'tags = { a = "1" }'),
        GROUP.format("opened", KEY),
        GROUP.format("closed", ""),
        GROUP.format("old", ""),
        VPC.format(1),
    ]
)
AFTER = HEAD + "".join(
    [
        GROUP.format("retagged", 'tags = { a = "2" }'),
        GROUP.format("opened", ""),
        GROUP.format("closed", KEY),
        GROUP.format("moved", 'tags = { a = "2" }').replace('name = "moved"', 'name = "old"'),
        GROUP.format("created", ""),
        VPC.format(2),
        "moved {\n  from = aws_cloudwatch_log_group.old\n",
        "  to   = aws_cloudwatch_log_group.moved\n}\n",
    ]
)
ENCRYPTED = "CKV_AWS_158"
"""Log groups are encrypted with a key."""
FLOW_LOGS = "CKV2_AWS_11"
"""VPCs have flow logs: a policy over several resources."""


@pytest.fixture(scope="module")
def plan(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - skips
    """The plan from one configuration to the other, after a simulated apply of the first."""
    folder = tmp_path_factory.mktemp("standing")
    for name, text in (("before", BEFORE), ("after", AFTER)):
        (folder / name).mkdir()
        (folder / name / "main.tf").write_text(text, encoding="utf-8")
    applied = (Inputs(configuration=folder / "before"),)
    path = folder / "plan.json"
    path.write_bytes(make_plan(folder / "after", Request(after=applied)).plan_json)
    return path


@pytest.mark.usefixtures("checkov")
@pytest.mark.parametrize("edges", ["corrected", "stock"])
def test_a_failure_of_before_is_standing_and_any_other_is_new(plan: Path, edges: str) -> None:
    done = beside(plan, "-f", "json", "--replay", "never", "--checkov-edges", edges)
    found = json.loads(done.stdout)["checkov"]
    fails = {
        (each["id"], each["address"].rpartition(".")[2]): each["new"]
        for each in found
        if each["verdict"] == "fail" and each["id"] in {ENCRYPTED, FLOW_LOGS}
    }
    assert fails == {
        (ENCRYPTED, "retagged"): False,
        (ENCRYPTED, "opened"): True,
        (ENCRYPTED, "moved"): False,
        (ENCRYPTED, "created"): True,
        (FLOW_LOGS, "v"): False,
    }


@pytest.mark.usefixtures("checkov")
def test_only_what_is_new_fails_where_that_is_asked_for(plan: Path) -> None:
    flags = ("--fail-on", "medium", "--select", "CHECKOV", "--changed-only", "--checkov-check")
    assert beside(plan, *flags, FLOW_LOGS).returncode == 0
    assert beside(plan, *flags, ENCRYPTED).returncode == 1


def test_the_world_before_is_a_plan_that_changes_nothing(plan: Path) -> None:
    content = json_before(plan.read_bytes())
    assert content is not None
    before = read_plan(content, "before")
    assert {
        each.address.rpartition(".")[2]: each.actions for each in before.resources
    } == dict.fromkeys(("retagged", "opened", "closed", "moved", "v"), ("no-op",))
    planned = json.loads(content)["planned_values"]["root_module"]["resources"]
    assert {each["address"] for each in planned} == {each.address for each in before.resources}


def test_nothing_stood_before_a_first_plan() -> None:
    first = Path(__file__).resolve().parents[2] / "fixtures" / "reference" / "plan.json"
    document = json.loads(first.read_text(encoding="utf-8"))
    for each in document["resource_changes"]:
        each["change"]["before"] = None
    assert json_before(json.dumps(document).encode()) is None
    assert json_before(b'{"format_version": "1.2", "resource_changes": []}') is None
