"""What `terraform show -json` prints for a saved plan, wherever its providers come from."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from policyscan.errors import PlanError, PlannerError
from policyscan.planner import schema
from policyscan.planner.plan_json import normal_form
from policyscan.planner.show import show_plan
from policyscan.planner.terraform import executable
from tests.conftest import SavedPlan
from tests.planfiles import member, rewritten, zipped
from tests.planner.installed_provider import install

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's private folders are made, so that what is left can be seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another `terraform` first on PATH."""
    program = folder / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize("name", ["reference", "reference_destroy", "reference_data_source"])
def test_a_saved_plan_shows_what_it_showed_where_it_was_made(
    name: str, saved_plans: Callable[[str], SavedPlan], own_temporary_folder: Path
) -> None:
    plan = saved_plans(name)
    shown = normal_form(show_plan(plan.path), "/there/is/no/such/folder")
    assert shown == plan.plan_json
    assert list(own_temporary_folder.iterdir()) == []


def test_a_state_written_by_another_version_of_a_schema_is_shown(
    saved_plans: Callable[[str], SavedPlan], tmp_path: Path
) -> None:
    made = saved_plans("reference").path
    state = member(made, "tfstate")
    for resource in state["resources"]:
        for instance in resource["instances"]:
            instance["schema_version"] = 3 if resource["mode"] == "managed" else 0
    plan = rewritten(made, tmp_path / "tfplan", {"tfstate": json.dumps(state).encode()})
    resources = json.loads(show_plan(plan))["prior_state"]["values"]["root_module"]["resources"]
    assert {each["schema_version"] for each in resources if each["mode"] == "managed"} == {3}


def test_a_plan_of_another_terraform_is_refused_with_what_to_do(
    saved_plans: Callable[[str], SavedPlan], tmp_path: Path
) -> None:
    made = saved_plans("reference").path
    version = member(made, "tfstate")["terraform_version"].encode()
    plan = rewritten(made, tmp_path / "tfplan", {"tfplan": (version, b"9" + version[1:])})
    with pytest.raises(PlannerError) as caught:
        show_plan(plan, named="tfplan")
    [line] = str(caught.value).splitlines()
    assert line.startswith("tfplan: terraform cannot show this plan here: ")
    assert version.decode() in line
    assert "terraform show -json FILE > plan.json" in line
    assert str(tmp_path) not in line


def test_a_provider_that_is_not_at_hand_is_named(
    saved_plans: Callable[[str], SavedPlan], tmp_path: Path
) -> None:
    plan = rewritten(
        saved_plans("reference").path,
        tmp_path / "tfplan",
        {
            "tfplan": (b"hashicorp/aws", b"hashicorp/awz"),
            "tfconfig/*": (b"hashicorp/aws", b"hashicorp/awz"),
            "tfstate": (b"hashicorp/aws", b"hashicorp/awz"),
        },
    )
    with pytest.raises(PlannerError, match=r"hashicorp/awz.*terraform show -json"):
        show_plan(plan)


def test_without_terraform_one_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "tfplan"
    plan.write_bytes(zipped({}))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlannerError, match=r"^tfplan: terraform is not on PATH") as caught:
        show_plan(plan, named="tfplan")
    assert len(str(caught.value).splitlines()) == 1


def test_terraform_never_sees_a_damaged_or_hostile_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, f"touch {tmp_path}/seen", monkeypatch)
    plan = tmp_path / "tfplan"
    for content in (zipped({"../escape": ""}), zipped({})[:-9], zipped({}) + b"?"):
        plan.write_bytes(content)
        with pytest.raises(PlanError, match=r"^tfplan: "):
            show_plan(plan, named="tfplan")
    assert not (tmp_path / "seen").exists()


def test_a_terraform_that_takes_too_long_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_temporary_folder: Path
) -> None:
    stand_in(tmp_path, f"sleep 47 & echo $! > {tmp_path}/child; wait", monkeypatch)
    plan = tmp_path / "tfplan"
    plan.write_bytes(zipped({}))
    with pytest.raises(PlannerError, match=r"it takes too long; run `terraform show"):
        show_plan(plan, patience=1)
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "cmdline"
    deadline = time.monotonic() + 5
    # An ended process may wait for its new parent to take note; it has no command line then.
    while child.exists() and child.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not (child.exists() and child.read_bytes())
    assert list(own_temporary_folder.iterdir()) == []


def test_a_terraform_that_cannot_be_run_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "", monkeypatch)
    (tmp_path / "bin" / "terraform").write_bytes(b"\x7fELF of another machine")
    plan = tmp_path / "tfplan"
    plan.write_bytes(zipped({}))
    with pytest.raises(PlannerError, match=r"^tfplan: .*it cannot be run \(Exec format error\)"):
        show_plan(plan, named="tfplan")


def test_more_than_any_plan_is_not_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "exec cat /dev/zero", monkeypatch)
    monkeypatch.setattr("policyscan.planner.show.LARGEST_INPUT", 2**22)
    plan = tmp_path / "tfplan"
    plan.write_bytes(zipped({}))
    with pytest.raises(PlannerError, match="its JSON is more than 4194304 bytes"):
        show_plan(plan)


# -- the user's own providers --------------------------------------------------------------------

CONFIGURATION = """
terraform {
  required_providers {
    random = {
      source = "example.com/acme/random"
    }
  }
}

resource "random_pet" "p" {
  length = 3
}
"""


@dataclass(frozen=True)
class Installed:
    """A root module with an installed provider no table of ours knows, and its saved plan."""

    folder: Path
    variables: dict[str, str]


@pytest.fixture(scope="module")
def installed(
    terraform: None,  # noqa: ARG001 - skips
    tmp_path_factory: pytest.TempPathFactory,
) -> Installed:
    top = tmp_path_factory.mktemp("installed")
    source = "example.com/acme/random"
    kept = json.loads((Path(schema.__file__).parent / "random.json").read_bytes())
    (own,) = kept["provider_schemas"].values()
    served = top / "served.json"
    served.write_text(json.dumps({"provider_schemas": {source: own}}))
    variables = install(top, source, served, {"random_pet"}).variables
    folder = top / "root"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    for arguments in (("init",), ("plan", "-out=tfplan")):
        done = subprocess.run(
            [executable(), *arguments, "-input=false", "-no-color"],
            cwd=folder,
            env={**os.environ, **variables},
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return Installed(folder, variables)


@pytest.fixture
def initialised(installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that root module, and the settings its provider needs."""
    for name, value in installed.variables.items():
        monkeypatch.setenv(name, value)
    return Path(shutil.copytree(installed.folder, tmp_path / "own", symlinks=True))


def test_the_providers_installed_beside_the_plan_are_asked_first(initialised: Path) -> None:
    plan = json.loads(show_plan(initialised / "tfplan"))
    [change] = plan["resource_changes"]
    assert change["provider_name"] == "example.com/acme/random"
    assert change["change"]["after"]["length"] == 3


def test_the_providers_installed_in_the_working_directory_will_do(
    initialised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    plan = (initialised / "tfplan").rename(away / "tfplan")
    with pytest.raises(PlannerError, match="acme/random"):
        show_plan(plan)
    monkeypatch.chdir(initialised)
    assert json.loads(show_plan(plan))["resource_changes"][0]["address"] == "random_pet.p"


def test_installed_providers_that_lack_one_leave_the_offline_ones(
    saved_plans: Callable[[str], SavedPlan], initialised: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(initialised)
    shown = normal_form(show_plan(saved_plans("reference").path), "/there/is/no/such/folder")
    assert shown == saved_plans("reference").plan_json
