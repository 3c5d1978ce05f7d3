"""What stands before a plan only because somebody took it to: it proves nothing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.commands import run

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
resource "aws_ecr_repository" "one" {
  name = "x"
}

resource "aws_cloudwatch_log_group" "own" {
  name = "own"
}

resource "aws_ecs_task_definition" "task" {
  family                = "task"
  container_definitions = jsonencode([{
    name  = "app"
    image = "${aws_ecr_repository.one.repository_url}:1"
  }])
}

resource "aws_ecs_service" "service" {
  name            = "service"
  cluster         = "main"
  task_definition = aws_ecs_task_definition.task.arn
}
"""
IMPORT = """
import {
  to = aws_ecr_repository.one
  id = "x"
}
"""
SIMULATED = "what stands before this plan was applied in simulation: nobody looked at what exists"
NOTE = " to stand as configured: nobody looked at what exists"
SERVICE, REPOSITORY = "aws_ecs_service.service", "aws_ecr_repository.one"


def judged(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--no-checkov", "--format", "json", cwd=folder, PATH=os.environ["PATH"])
    assert done.returncode in {0, 1}, done.stderr.decode()
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def check(document: dict[str, Any]) -> None:
    verdicts = {(each["rule"], each["address"]): each for each in document["verdicts"]}
    for place in (("PS101", SERVICE), ("PS803", REPOSITORY)):
        found = verdicts[place]
        assert (found["verdict"], found["confidence"]) == ("pass", "inferred"), place
        assert found["notes"][-1]["text"].endswith(NOTE)
    # What configuration says itself is proven all the same.
    assert verdicts["PS802", REPOSITORY]["verdict"] == "fail"


@pytest.mark.usefixtures("terraform")
def test_a_pass_on_a_simulated_base_is_inferred_also_of_a_plan_that_was_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "then.tfvars").write_text("")
    document = judged(tmp_path, ".", "--after", "then.tfvars")
    check(document)
    assert SIMULATED in document["warnings"]
    assert document["plan"]["offline"]["simulated"] is True
    planned = run(
        "plan", ".", "--after", "then.tfvars", "-o", "p.json", cwd=tmp_path, PATH=os.environ["PATH"]
    )
    assert SIMULATED in planned.stderr.decode()
    check(judged(tmp_path, "p.json"))


@pytest.mark.usefixtures("terraform")
def test_a_pass_on_an_import_is_inferred(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MAIN + IMPORT)
    document = judged(tmp_path, ".")
    check(document)
    verdicts = {(each["rule"], each["address"]): each for each in document["verdicts"]}
    # Nothing of the import is in it.
    assert verdicts["PS803", "aws_cloudwatch_log_group.own"]["confidence"] == "proven"
