"""Another command in the place of Terraform, by `--terraform` and POLICYSCAN_TERRAFORM.

OpenTofu itself is not at hand: the command is one of its name that runs Terraform.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import run
from tests.conftest import SavedPlan

pytestmark = pytest.mark.usefixtures("terraform")

REPOSITORY = 'resource "aws_ecr_repository" "app" {\n  name = "app"\n}\n'


@pytest.fixture(scope="module")
def tofu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In a folder with a space in its name; it tells in a file beside it what it was asked."""
    command = tmp_path_factory.mktemp("some where") / "tofu"
    path = os.environ["PATH"]
    command.write_text(
        f'#!/bin/sh\necho "$1" >> "{command}.asked"\nPATH="{path}" exec terraform "$@"\n'
    )
    command.chmod(0o700)
    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(REPOSITORY)
    return tmp_path


def asked(tofu: Path) -> set[str]:
    """What was asked of it since this was asked last."""
    file = tofu.with_name("tofu.asked")
    found = set(file.read_text().split()) if file.exists() else set()
    file.unlink(missing_ok=True)
    return found


def test_a_folder_is_planned_by_it(folder: Path, tofu: Path) -> None:
    asked(tofu)
    done = run("plan", folder, "--terraform", tofu)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["resource_changes"][0]["address"] == "aws_ecr_repository.app"
    assert asked(tofu) == {"init", "plan", "show"}


def test_a_scan_plans_and_replays_with_the_one_of_the_environment(folder: Path, tofu: Path) -> None:
    asked(tofu)
    path = f"{tofu.parent}:/usr/bin:/bin"
    scan = (folder, "--replay", "always", "--exit-zero", "-f", "json")
    done = run(*scan, PATH=path, POLICYSCAN_TERRAFORM="tofu")
    assert (done.returncode, done.stderr) == (0, b"")
    assert asked(tofu) == {"init", "plan", "show"}
    plan = folder / "plan.json"
    assert run("plan", folder, "-o", plan, "--terraform", tofu).returncode == 0
    asked(tofu)
    done = run(plan, *scan[1:], PATH=path, POLICYSCAN_TERRAFORM="tofu")
    assert (done.returncode, done.stderr) == (0, b"")
    assert asked(tofu) == {"init", "plan", "show"}


def test_a_saved_plan_is_shown_by_it(saved_plans: Callable[[str], SavedPlan], tofu: Path) -> None:
    asked(tofu)
    saved = saved_plans("reference_phase_one").path
    done = run(saved, "--terraform", tofu, "--replay", "never", "--exit-zero", "-q")
    assert done.returncode in {0, 3}
    assert asked(tofu) == {"show"}


@pytest.mark.parametrize("command", ["no-such-command", "/no where/tofu"])
def test_one_that_is_not_there_is_told_in_one_line(command: str, folder: Path) -> None:
    for arguments in (("plan", folder), (folder,)):
        done = run(*arguments, "--terraform", command)
        text = f"--terraform {command}: no such command, nor a file that can be run"
        assert (done.returncode, text in done.stderr.decode()) == (2, True)
        assert len(done.stderr.decode().splitlines()) == 1


def test_a_state_and_a_revision_contradict_each_other(folder: Path) -> None:
    state = folder / "pulled.json"
    state.write_text("{}")
    done = run("plan", folder, "--state", state, "--since", "HEAD")
    assert done.returncode == 2
    assert done.stderr == (
        b"policyscan: --state and --since: both say what stands before; leave one out\n"
    )


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--since", ""), "--since: is empty; give it a value, or leave it out"),
        (("--module-cache", "main.tf"), "--module-cache main.tf: no such folder"),
        (("--terraform", "true"), "true: shows no plan it was to make: it is no Terraform"),
    ],
)
def test_what_a_flag_cannot_be_is_told(flags: tuple[str, ...], told: str, folder: Path) -> None:
    (folder / "main.tf").write_text('resource "aws_sqs_queue" "q" {}\n')
    planned = run("plan", ".", *flags, cwd=folder, PATH=os.environ["PATH"])
    assert (planned.returncode, planned.stdout) == (2, b"")
    assert planned.stderr.decode() == f"policyscan: {told}\n"
