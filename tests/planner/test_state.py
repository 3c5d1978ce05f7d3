"""Plans from a state of the real provider."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import PlanOutcome, Request, make_plan
from policyscan.planner.state import read_state, write_private

STATES = Path(__file__).parent / "states"
OLD = STATES / "aws_3_39"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"

TABLE = """
variable "size" { default = 1 }
resource "aws_cloudwatch_log_group" "a" {
  name              = "a"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "b" { name = "b" }
data "aws_ami" "image" {
  owners      = ["self"]
  most_recent = true
  filter {
    name   = "name"
    values = ["app-*"]
  }
}
output "image" { value = data.aws_ami.image.id }
"""
AWS = 'provider["registry.terraform.io/hashicorp/aws"]'


def entry(name: str, *instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": "aws_cloudwatch_log_group",
        "name": name,
        "provider": AWS,
        "instances": list(instances),
        **more,
    }


def group(name: str, days: int = 7, **more: Any) -> dict[str, Any]:
    """An instance as another version of the provider wrote it."""
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{name}"
    attributes = {"id": name, "arn": arn, "name": name, "retention_in_days": days, "was_once": 1}
    return {"schema_version": 7, "attributes": attributes, "private": "YQ==", **more}


def state_of(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": 4,
        "terraform_version": "9.9.9",
        "serial": 3,
        "lineage": "x",
        "outputs": {},
        "resources": list(resources),
        "check_results": [{"object_kind": "later"}],
        **more,
    }


def planned(folder: Path, state: dict[str, Any]) -> PlanOutcome:
    file = folder / "pulled.json"
    file.write_text(json.dumps(state))
    return make_plan(folder, Request(state=file))


def actions(outcome: PlanOutcome) -> dict[str, str]:
    """Address, with the key of what is deposed -> what is done."""
    return {
        each["address"] + each.get("deposed", ""): "/".join(each["change"]["actions"])
        for each in json.loads(outcome.plan_json)["resource_changes"]
    }


@pytest.fixture
def folder(tmp_path: Path, terraform: None) -> Path:  # noqa: ARG001 - skips
    """A root module with two log groups and a lookup."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text(TABLE)
    return root


# -- real states ----------------------------------------------------------------------------


@pytest.mark.usefixtures("terraform")
def test_nothing_changes_over_the_state_of_a_provider_three_versions_older() -> None:
    """But for the listener: 3.39 gave none any tags, and the provider block has some."""
    made = make_plan(OLD, Request(state=OLD / "pulled.json"))
    changed = {name: what for name, what in actions(made).items() if what != "no-op"}
    assert changed == {"aws_lb_listener.http": "update"}
    assert len(actions(made)) == 31
    assert made.stand_ins == ()
    assert "resource_drift" not in json.loads(made.plan_json)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
@pytest.mark.parametrize(
    "name", ["g01_deep_modules_weird_keys/state.raw", "g03_deposed/state_with_deposed.raw"]
)
def test_what_others_made_is_read(name: str, folder: Path) -> None:
    file = CORPUS / "D" / "generated__terraform-1.11.4" / f"{name}.tfstate"
    made = make_plan(folder, Request(state=file))
    assert set(actions(made).values()) == {"create", "delete"}


# -- whatever stands in one -----------------------------------------------------------------


def test_the_lookups_of_a_state_are_real_answers(folder: Path) -> None:
    asked = {
        "owners": ["self"],
        "most_recent": True,
        "filter": [{"name": "name", "values": ["app-*"]}],
    }
    image: dict[str, Any] = {**asked, "id": "ami-0123", "name": "app-1"}
    told = {"schema_version": 0, "attributes": image}
    looked = entry("image", told, mode="data", type="aws_ami")
    state = state_of(entry("a", group("a")), entry("b", group("b", 0)), looked)
    made = planned(folder, state)
    assert actions(made) == {
        "aws_cloudwatch_log_group.a": "no-op",
        "aws_cloudwatch_log_group.b": "no-op",
    }
    outputs = json.loads(made.plan_json)["planned_values"]["outputs"]
    assert (outputs["image"]["value"], made.stand_ins) == ("ami-0123", ())
    image["owners"] = ["amazon"]
    assert planned(folder, state).stand_ins == ("data.aws_ami.image",)


def test_tainted_and_deposed_objects_and_those_left_over_are_planned(folder: Path) -> None:
    state = state_of(
        entry("a", group("a", status="tainted"), group("a", deposed="00000001")),
        entry("b", group("b", 30), provider="provider.aws"),
        entry("gone", group("x", index_key="k"), module='module.old["one"]'),
        entry(
            "gone",
            group("y"),
            type="aws_sqs_queue",
            provider='provider["registry.opentofu.org/hashicorp/aws"]',
        ),
    )
    assert actions(planned(folder, state)) == {
        "aws_cloudwatch_log_group.a": "delete/create",
        "aws_cloudwatch_log_group.a00000001": "delete",
        "aws_cloudwatch_log_group.b": "update",
        'module.old["one"].aws_cloudwatch_log_group.gone["k"]': "delete",
        "aws_sqs_queue.gone": "delete",
    }


def test_a_state_without_resources_is_told(folder: Path) -> None:
    made = planned(folder, state_of())
    assert set(actions(made).values()) == {"create"}
    assert made.notes == ("the state given holds no resources: the plan creates all",)


def test_what_no_schema_is_known_of_is_left_out_and_told(folder: Path) -> None:
    other = 'provider["registry.terraform.io/pagerduty/pagerduty"]'
    state = state_of(
        entry("m", group("m"), type="pagerduty_service", provider=other),
        entry("o", group("o"), type="aws_opsworks_of_old"),
        entry("x", {"attributes": {"id": "x"}}, mode="data", type="aws_of_old"),
    )
    made = planned(folder, state)
    assert set(actions(made).values()) == {"create"}
    (note,) = made.notes
    strangers = "aws_opsworks_of_old, pagerduty_service"
    assert note.startswith(f"of the state, {strangers} is left out, as no ")


# -- secrets --------------------------------------------------------------------------------


def test_nothing_of_it_is_left_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    planned(folder, state_of(entry("a", group("a"))))
    assert list(place.iterdir()) == []


def test_it_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "terraform.tfstate"
    write_private(file, b"secret")
    assert file.stat().st_mode & 0o777 == 0o600


# -- refusals -------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str]] = {
    "empty": ("", "is empty; "),
    "text": ("No state file was found!", "not JSON, so not a state; "),
    "cut off": ('{"version": 4, "resou', "not JSON, so not a state; "),
    "list": ("[]", "not a state; "),
    "object": ("{}", "not a state: it has no `version`; "),
    "plan": ('{"format_version": "1.2", "planned_values": {}}', "a plan, as `show -json` prints"),
    "shown": ('{"format_version": "1.0", "values": {}}', "a state for reading, as `show -json`"),
    "old": ('{"version": 3, "modules": []}', "a state of version 3, as Terraform 0.11 and older"),
    "new": ('{"version": 5}', "a state of version 5, and only version 4 is known; "),
    "encrypted": ('{"encrypted_data": "x", "meta": {}}', "encrypted by OpenTofu; "),
    "damaged": ('{"version": 4}', "a state without the list `resources`: it is damaged"),
    "no type": (json.dumps(state_of({"mode": "managed"})), "resources[0] lacks its mode, type, "),
    "no list": (json.dumps(state_of(entry("a", instances=1))), "resources[0].instances: not a "),
    "no object": (
        json.dumps(state_of(entry("a", {"attributes": []}))),
        "resources[0].instances: attributes that are no object",
    ),
    "flat": (
        json.dumps(state_of(entry("a", {"attributes_flat": {}}))),
        "resources[0]: aws_cloudwatch_log_group.a is as Terraform 0.11 wrote it; ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_state_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    content, said = WRONG[name]
    file = tmp_path / "given.json"
    file.write_text(content)
    with pytest.raises(PlannerError) as caught:
        read_state(file)
    assert str(caught.value).startswith(f"--state {file}: {said}")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="cannot be read: Is a directory"):
        read_state(tmp_path)
