"""What changed since a git revision, planned from the repository alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan
from policyscan.planner.revision import find_revision

QUEUE = 'resource "aws_sqs_queue" "{0}" {{\n  name = "{0}"\n}}\n'


@dataclass(frozen=True)
class Work:
    """A repository with a root module `live`."""

    top: Path

    @property
    def live(self) -> Path:
        """The root module."""
        return self.top / "live"

    def git(self, *arguments: str) -> None:
        """Run git, as nobody in particular."""
        identity = ("-c", "user.name=Demo", "-c", "user.email=demo@example.com")
        subprocess.run(
            ["git", *identity, *arguments],  # noqa: S607 - the git that is there
            cwd=self.top,
            check=True,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull},
        )

    def write(self, name: str, text: str) -> Path:
        """Write one file below the top."""
        file = self.top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self) -> None:
        """Commit all that is there."""
        self.git("add", ".")
        self.git("commit", "-q", "-m", "x")

    def actions(self, inputs: Inputs | None = None, since: str = "HEAD") -> dict[str, Any]:
        """Address -> what the plan since a revision does."""
        made = make_plan(self.live, Request(inputs or Inputs(), since=since))
        return {
            each["address"]: "/".join(each["change"]["actions"])
            for each in json.loads(made.plan_json)["resource_changes"]
        }


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Work(folder)
    made.git("init", "-q", "-b", "main")
    return made


def refused(work: Work, name: str) -> str:
    with pytest.raises(PlannerError) as caught:
        find_revision(work.live, name)
    return str(caught.value).replace(str(work.top), "TOP")


# -- the plan -------------------------------------------------------------------------------


@pytest.mark.usefixtures("terraform")
def test_the_plan_is_what_the_work_tree_changes(work: Work) -> None:
    work.write("live/main.tf", "".join(map(QUEUE.format, ("kept", "changed", "gone", "moved"))))
    work.commit()
    work.write(
        "live/main.tf",
        "".join(map(QUEUE.format, ("kept", "changed", "new")))
        + 'resource "aws_sqs_queue" "there" {\n  name = "moved"\n}\n'
        + "moved {\n  from = aws_sqs_queue.moved\n  to   = aws_sqs_queue.there\n}\n",
    )
    work.write(
        "live/over_override.tf",
        'resource "aws_sqs_queue" "changed" {\n  delay_seconds = 9\n}\n',
    )
    assert work.actions() == {
        "aws_sqs_queue.changed": "update",
        "aws_sqs_queue.gone": "delete",
        "aws_sqs_queue.kept": "no-op",
        "aws_sqs_queue.new": "create",
        "aws_sqs_queue.there": "no-op",
    }


@pytest.mark.usefixtures("terraform")
def test_variables_are_those_that_were_there_and_their_files_of_then(work: Work) -> None:
    work.write(
        "live/main.tf",
        'variable "delay" {}\n' + QUEUE.format("a").replace("}", "  delay_seconds = var.delay\n}"),
    )
    file = work.write("live/dev.tfvars", "delay = 1\n")
    work.commit()
    work.write("live/new.tf", 'variable "new" {}\n')
    inputs = Inputs({"new": "x"}, (file,))
    assert work.actions(inputs) == {"aws_sqs_queue.a": "no-op"}
    file.write_text("delay = 2\n")
    assert work.actions(inputs) == {"aws_sqs_queue.a": "update"}


@pytest.mark.usefixtures("terraform")
def test_a_condition_that_made_up_values_do_not_meet_is_passed_over_and_told(work: Work) -> None:
    work.write(
        "live/main.tf",
        """
        resource "aws_vpc" "main" {
          cidr_block = "10.1.0.0/16"
          lifecycle {
            postcondition {
              condition     = self.owner_id == "a real one"
              error_message = "no"
            }
          }
        }
        data "aws_vpc" "found" { id = aws_vpc.main.id }
        resource "aws_subnet" "in" {
          vpc_id     = aws_vpc.main.id
          cidr_block = cidrsubnet(data.aws_vpc.found.cidr_block, 8, 1)
        }
        resource "random_pet" "name" {}
        resource "terraform_data" "all" { input = [random_pet.name.id, aws_subnet.in.arn] }
        """,
    )
    work.commit()
    made = make_plan(work.live, Request(since="HEAD"))
    changes = json.loads(made.plan_json)["resource_changes"]
    assert {"/".join(each["change"]["actions"]) for each in changes} == {"no-op"}
    (note,) = made.notes
    assert note.startswith("passed over, as it judges what a simulated apply made up: ")
    assert "live/main.tf:6: Resource postcondition failed" in note


@pytest.mark.usefixtures("terraform")
def test_a_base_is_applied_in_stages_where_an_apply_decides_how_many_there_are(work: Work) -> None:
    work.write(
        "live/main.tf",
        """
        resource "aws_vpc" "a" { cidr_block = "10.0.0.0/16" }
        module "m" {
          source = "./m"
          ids    = [aws_vpc.a.id]
        }
        """,
    )
    work.write(
        "live/m/main.tf",
        """
        variable "ids" { type = list(string) }
        locals { ids = toset(var.ids) }
        data "aws_vpc" "each" {
          for_each = local.ids
          id       = each.value
        }
        resource "aws_subnet" "s" {
          for_each   = data.aws_vpc.each
          vpc_id     = each.key
          cidr_block = "10.0.1.0/24"
        }
        resource "aws_route_table" "n" {
          count  = aws_vpc_dhcp_options.d.id == "" ? 0 : length(aws_subnet.s)
          vpc_id = var.ids[0]
        }
        resource "aws_vpc_dhcp_options" "d" { domain_name = "x" }
        """,
    )
    work.commit()
    found = work.actions()
    assert (len(found), set(found.values())) == (4, {"no-op"})


@pytest.mark.usefixtures("terraform")
def test_a_root_module_that_was_not_there_is_created_as_a_whole(work: Work) -> None:
    work.write("README", "x")
    work.commit()
    work.write("live/main.tf", QUEUE.format("a"))
    made = make_plan(work.live, Request(since="main"))
    assert b'"create"' in made.plan_json
    assert made.notes == (f"{work.live} held no configuration at main: the plan creates all",)
    assert b"held no configuration" in made.labelled


@pytest.mark.usefixtures("terraform")
def test_a_change_may_import_and_bring_a_variable(work: Work) -> None:
    work.write("live/main.tf", QUEUE.format("a"))
    work.commit()
    work.write(
        "live/more.tf",
        'variable "name" {}\n'
        'resource "aws_ecr_repository" "r" {\n  name = var.name\n}\n'
        'import {\n  to = aws_ecr_repository.r\n  id = "app"\n}\n',
    )
    assert work.actions(Inputs({"name": "app"})) == {
        "aws_ecr_repository.r": "no-op",
        "aws_sqs_queue.a": "no-op",
    }


@pytest.mark.usefixtures("terraform")
def test_modules_of_then_are_those_installed_now_also_below_another_data_folder(
    work: Work,
) -> None:
    """The list that Terraform left names places seen from the root module as it is now."""
    call = 'module "m" {\n  source  = "acme/m/aws"\n  version = "1.0.0"\n}\n'
    work.write("live/main.tf", call)
    work.commit()
    with pytest.raises(PlannerError) as caught:
        make_plan(work.live, Request(since="HEAD", module_cache=work.top))
    assert str(caught.value).startswith(f"{work.live}/main.tf:1: module 'm' ")
    work.write("live/main.tf", QUEUE.format("now"))
    with pytest.raises(PlannerError) as caught:
        make_plan(work.live, Request(since="HEAD"))
    assert str(caught.value).startswith(
        f"--since HEAD: as of then, {work.live}/main.tf:1: module 'm' "
    )
    entry = {"Key": "m", "Source": "registry.terraform.io/acme/m/aws", "Version": "1.0.0"}
    listed = {
        "Modules": [{"Key": "", "Source": "", "Dir": "."}, {**entry, "Dir": "data/modules/m"}]
    }
    work.write("live/data/modules/modules.json", json.dumps(listed))
    work.write("live/data/modules/m/main.tf", QUEUE.format("a"))
    made = make_plan(work.live, Request(since="HEAD", data_folder="data"))
    changes = json.loads(made.plan_json)["resource_changes"]
    assert {each["address"]: each["change"]["actions"] for each in changes} == {
        "aws_sqs_queue.now": ["create"],
        "module.m.aws_sqs_queue.a": ["delete"],
    }


@pytest.mark.usefixtures("terraform")
def test_an_error_of_the_base_says_that_it_is_of_then(work: Work) -> None:
    work.write("live/main.tf", 'resource "aws_sqs_queue" "a" {\n  nme = "a"\n}\n')
    work.commit()
    work.write("live/main.tf", QUEUE.format("a"))
    with pytest.raises(PlannerError) as caught:
        make_plan(work.live, Request(since="HEAD"))
    assert str(caught.value).startswith(f"--since HEAD: as of then, {work.live}/main.tf:2: ")


# -- the files ------------------------------------------------------------------------------


def checked_out(work: Work, target: Path) -> set[str]:
    find_revision(work.live, "HEAD").check_out(target)
    return {each.relative_to(target).as_posix() for each in target.rglob("*") if each.is_file()}


def test_files_are_as_they_are_stored_and_nothing_of_the_repository_runs(
    work: Work, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    work.write("live/main.tf", QUEUE.format("a"))
    work.write("live/big.bin", "version https://git-lfs.github.com/spec/v1\n")
    work.write("live/left.txt", "x")
    work.write(".gitattributes", "*.bin filter=lfs\nleft.txt export-ignore\n*.tf ident\n")
    (work.live / "link.tf").symlink_to("main.tf")
    (work.live / "out.tf").symlink_to("/etc/hostname")
    (work.live / "up.tf").symlink_to("../../../x.tf")
    work.commit()
    for filter_ in ("smudge", "process"):
        work.git("config", f"filter.lfs.{filter_}", f"touch {mark}; cat")
    work.git("config", "core.fsmonitor", f"touch {mark}")
    hook = work.write(".git/hooks/post-checkout", f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o700)
    shutil.rmtree(work.live)
    work.live.mkdir()
    assert checked_out(work, tmp_path / "then") == {
        ".gitattributes",
        "live/big.bin",
        "live/left.txt",
        "live/link.tf",
        "live/main.tf",
    }
    assert (tmp_path / "then/live/link.tf").read_text() == QUEUE.format("a")
    assert not mark.exists()


def test_what_a_hook_tells_git_is_not_heard(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.write("live/main.tf", QUEUE.format("a"))
    work.commit()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))
    assert checked_out(work, tmp_path / "then") == {"live/main.tf"}


# -- refusals -------------------------------------------------------------------------------


def test_an_unknown_revision_is_told_with_what_brings_it(work: Work) -> None:
    work.write("live/main.tf", "")
    work.commit()
    assert refused(work, "origin/main") == (
        "--since origin/main: no such revision in the repository; a shallow clone may lack it: "
        "`git fetch origin main`, or check out with fetch-depth: 0"
    )
    for name in ("0" * 40, "HEAD~7", "--all", "HEAD:live/main.tf", "main\n", ""):
        assert "no such revision" in refused(work, name), name


def test_three_dots_are_where_two_branches_parted(work: Work) -> None:
    work.write("live/main.tf", "")
    work.commit()
    parted = find_revision(work.live, "HEAD").commit
    work.git("checkout", "-q", "-b", "side")
    work.write("live/side.tf", "")
    work.commit()
    work.git("checkout", "-q", "main")
    work.write("live/main.tf", "# later\n")
    work.commit()
    assert parted != find_revision(work.live, "main").commit
    for name in ("side...", "side...main", "...side"):
        assert find_revision(work.live, name).commit == parted
    assert "`git fetch origin main`" in refused(work, "origin/main...")


def test_a_folder_outside_of_a_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="is in no git repository"):
        find_revision(tmp_path, "HEAD")


def test_a_machine_without_git_is_told(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.live.mkdir()
    monkeypatch.setenv("PATH", str(work.top))
    assert refused(work, "HEAD").startswith("--since: git is not on PATH; ")


def test_a_blob_that_a_partial_clone_lacks_is_told(work: Work, tmp_path: Path) -> None:
    work.write("live/main.tf", QUEUE.format("a"))
    work.commit()
    for folder in (work.top / ".git/objects").glob("??"):
        for blob in folder.iterdir():
            found = subprocess.run(
                ["git", "cat-file", "-t", folder.name + blob.name],  # noqa: S607 - likewise
                cwd=work.top,
                capture_output=True,
                check=True,
            )
            if found.stdout == b"blob\n":
                blob.unlink()
    with pytest.raises(PlannerError, match=r"live/main\.tf is not in this clone"):
        checked_out(work, tmp_path / "then")
