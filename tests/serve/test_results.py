"""What HCP Terraform is told of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.serve.hcp import FakeHcp, given, wait_for
from tests.serve.served import BROKEN, CLEAN, Served, payload

Serve = Callable[..., Served]
EMPTY = {"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": []}


def test_a_clean_plan_passes(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["clean"] = given(CLEAN.read_bytes())
    service = serving()
    assert service.post(payload(hcp, "clean")).status_code == 200
    told = hcp.result("clean")
    assert (told.status, told.outcomes) == ("passed", [])
    assert told.message.startswith("PASS: nothing fails")
    wait_for(lambda: service.logged("answered", "clean"), "that to be logged")


def test_a_broken_plan_fails_with_an_outcome_for_each_rule(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["broken"] = given(BROKEN.read_bytes())
    service = serving()
    service.post(payload(hcp, "broken", stage="pre_apply"))
    told = hcp.result("broken")
    assert (told.status, told.message) == ("failed", "FAIL: 2 critical, 91 not decided")
    assert [each["outcome-id"] for each in told.outcomes] == ["PS101"]
    [first] = told.outcomes
    assert first["tags"] == {
        "Status": [{"label": "Failed", "level": "error"}],
        "Severity": [{"label": "Critical", "level": "error"}],
    }
    assert "fraud\\-detection" in first["body"]
    assert "```hcl" in first["body"]


def test_settings_are_those_of_a_scan(hcp: FakeHcp, serving: Serve, tmp_path: Path) -> None:
    (tmp_path / ".policyscan.yaml").write_text("ignore: [PS101]\n")
    hcp.plans["chosen"] = given(BROKEN.read_bytes())
    service = serving("--set", "PS303.max=20", "--profile", "deploy-only")
    service.post(payload(hcp, "chosen"))
    assert hcp.result("chosen").status == "passed"


def test_what_is_below_the_threshold_is_told_and_passes(
    hcp: FakeHcp, serving: Serve, tmp_path: Path
) -> None:
    (tmp_path / "mild.yaml").write_text("severity: {PS101: low}\n")
    hcp.plans["mild"] = given(BROKEN.read_bytes())
    service = serving("--config", "mild.yaml")
    service.post(payload(hcp, "mild"))
    told = hcp.result("mild")
    assert told.status == "passed"
    assert told.message.endswith("(below the threshold)")
    assert told.outcomes[0]["tags"]["Status"] == [{"label": "Failed", "level": "warning"}]


def test_a_caller_that_takes_no_outcomes_gets_the_line(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["old"] = given(BROKEN.read_bytes())
    service = serving()
    service.post(payload(hcp, "old", capabilities={"outcomes": False}))
    told = hcp.result("old")
    assert (told.status, told.outcomes) == ("failed", [])


def test_outcomes_that_are_refused_do_not_keep_the_verdict(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["refused"] = given(BROKEN.read_bytes())
    hcp.mishaps["refused"] = [422]
    service = serving()
    service.post(payload(hcp, "refused"))
    told = hcp.result("refused")
    assert (told.status, told.outcomes) == ("failed", [])
    assert len(hcp.callbacks) == 2


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("pre_plan", "nothing to judge before the plan"),
        ("post_apply", "nothing to judge after the apply"),
    ],
)
def test_stages_without_a_plan_to_judge_pass(
    hcp: FakeHcp, serving: Serve, stage: str, message: str
) -> None:
    service = serving()
    asked = payload(hcp, "early", stage=stage)
    if stage == "pre_plan":
        del asked["plan_json_api_url"]
    service.post(asked)
    told = hcp.result("early")
    assert (told.status, told.message) == ("passed", message)
    assert hcp.asked == []


def test_a_plan_without_resources_passes_and_says_so(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["empty"] = given(json.dumps(EMPTY).encode())
    serving().post(payload(hcp, "empty"))
    told = hcp.result("empty")
    assert told.status == "passed"
    assert told.message.startswith("nothing to scan: ")


def test_a_plan_that_is_only_a_part_fails(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["part"] = given(
        json.dumps({**json.loads(CLEAN.read_bytes()), "errored": True}).encode()
    )
    serving().post(payload(hcp, "part"))
    told = hcp.result("part")
    assert told.status == "failed"
    assert told.message.startswith("could not be evaluated: ")
    assert "planning ended with an error" in told.message


def test_the_request_on_creation_is_answered_and_nothing_is_judged(
    hcp: FakeHcp, serving: Serve
) -> None:
    service = serving()
    asked = payload(hcp, "none", access_token="test-token")  # noqa: S106 - what is sent for one
    assert service.post(asked).status_code == 200
    assert service.post({"payload_version": 1, "access_token": "test-token"}).status_code == 200
    assert (hcp.asked, hcp.callbacks) == ([], [])
    wait_for(lambda: len(service.logged("verified")) == 2, "both to be logged")
    assert service.health().json() == {"status": "ok", "accepted": 0}
