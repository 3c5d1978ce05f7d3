"""Each sort of plan has an outcome of its own, in text, in JSON and by exit code."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli.commands import run
from tests.plans import change, document

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"

CONFIGURATION = """
variable "content" { default = "a" }
variable "fails" { default = false }
resource "terraform_data" "first" { input = var.content }
resource "terraform_data" "second" {
  input = terraform_data.first.output
  lifecycle {
    precondition {
      condition     = !var.fails
      error_message = "it fails"
    }
  }
}
check "content" {
  assert {
    condition     = var.content != "unchecked"
    error_message = "it is not checked"
  }
}
output "content" { value = var.content }
"""


@dataclass(frozen=True)
class Ending:
    """How a scan ended: exit code, last line of text, and what JSON says."""

    code: int
    last: str
    text: str
    report: dict[str, Any]

    @property
    def kind(self) -> str:
        """What sort of plan JSON calls it."""
        return str(self.report["plan"]["kind"])

    @property
    def outcome(self) -> str:
        """What JSON says it comes to."""
        return str(self.report["summary"]["outcome"])

    @property
    def gate(self) -> str:
        """The verdict of PS001."""
        [verdict] = [each for each in self.report["verdicts"] if each["rule"] == "PS001"]
        return str(verdict["verdict"])


def scanned(path: Path, *flags: str) -> Ending:
    text, report = path.with_suffix(".txt"), path.with_suffix(".report")
    code = run([str(path), "--no-source", "-f", f"text={text}", "-f", f"json={report}", *flags])
    shown = text.read_text()
    return Ending(code, shown.splitlines()[-1], shown, json.loads(report.read_text()))


def of_document(folder: Path, plan: dict[str, Any], *flags: str) -> Ending:
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    return scanned(path, *flags)


def copied(folder: Path, fixture: str) -> Path:
    path = folder / "plan.json"
    path.write_bytes((FIXTURES / fixture / "plan.json").read_bytes())
    return path


@dataclass(frozen=True)
class Workspace:
    """A configuration of built-in resources that real Terraform plans without any provider."""

    folder: Path

    def terraform(self, *arguments: str, may_fail: bool = False) -> bytes:
        """Standard output of a command."""
        done = subprocess.run(
            ["terraform", *arguments],  # noqa: S607 - the one on PATH is the one meant
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        assert may_fail or done.returncode == 0, done.stderr.decode()
        return done.stdout

    def planned(self, *flags: str) -> Ending:
        """How a scan of the plan with these flags ends."""
        self.terraform("plan", "-input=false", "-out=tfplan", *flags, may_fail=True)
        path = self.folder / "plan.json"
        path.write_bytes(self.terraform("show", "-json", "tfplan"))
        return scanned(path)


@pytest.fixture(scope="module")
def workspace(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> Workspace:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "main.tf").write_text(CONFIGURATION)
    made = Workspace(folder)
    made.terraform("init", "-input=false")
    made.terraform("apply", "-auto-approve", "-input=false")
    return made


def test_an_errored_plan_of_terraform_is_not_judged_and_names_what_failed(
    workspace: Workspace,
) -> None:
    found = workspace.planned("-var=content=b", "-var=fails=true")
    assert (found.code, found.kind, found.outcome, found.gate) == (
        *(2, "errored", "not-judged"),
        "error",
    )
    assert found.last == "NOT JUDGED: see the errors above"
    [error] = found.report["errors"]
    assert "planning ended with an error (terraform_data.second failed)" in error


def test_a_targeted_plan_of_terraform_is_not_judged(workspace: Workspace) -> None:
    found = workspace.planned("-target=terraform_data.first")
    assert (found.code, found.kind, found.outcome, found.gate) == (
        *(2, "incomplete", "not-judged"),
        "error",
    )
    assert "plan without -target" in found.report["errors"][0]


@pytest.mark.parametrize("flags", [(), ("-var=content=b",)])
def test_a_refresh_only_plan_of_terraform_is_nothing_to_scan(
    workspace: Workspace, flags: tuple[str, ...]
) -> None:
    found = workspace.planned("-refresh-only", *flags)
    assert (found.code, found.kind, found.outcome, found.gate) == (
        *(3, "refresh-only", "nothing-to-scan"),
        "na",
    )
    assert found.last.startswith("NOTHING TO SCAN: a refresh-only plan changes nothing but the")
    assert [each["rule"] for each in found.report["verdicts"]] == ["PS001"]


@pytest.mark.parametrize(
    ("flags", "kind", "why"),
    [
        ((), "no-changes", "no rule that was run judges any of the plan's 2 resources"),
        (("-var=content=b",), "changes", "no rule that was run judges any of the plan's 2"),
        (("-destroy",), "destroy", "the plan destroys all it manages, and no rule judges any"),
    ],
)
def test_a_plan_of_resources_no_rule_judges_is_not_clean(
    workspace: Workspace, flags: tuple[str, ...], kind: str, why: str
) -> None:
    found = workspace.planned(*flags)
    assert (found.code, found.kind, found.outcome) == (3, kind, "nothing-to-scan")
    assert found.last.startswith(f"NOTHING TO SCAN: {why}")
    assert found.report["summary"]["why"].startswith(why)


def test_a_check_that_fails_is_a_warning_as_in_terraform(workspace: Workspace) -> None:
    found = workspace.planned("-var=content=unchecked")
    assert found.report["warnings"] == [
        "conditions of which Terraform only warns failed: check.content"
    ]
    assert "warning: conditions of which Terraform only warns failed" in found.text


def test_a_plan_without_resources_is_nothing_to_scan(tmp_path: Path) -> None:
    found = of_document(tmp_path, document([], planned_values={"root_module": {}}))
    assert (found.code, found.kind, found.outcome, found.gate) == (
        *(3, "empty", "nothing-to-scan"),
        "na",
    )
    assert found.last == "NOTHING TO SCAN: the plan holds no resources"


def test_a_plan_of_outputs_alone_says_so(tmp_path: Path) -> None:
    changes = {"o": {"actions": ["create"], "after": "x"}}
    found = of_document(tmp_path, document([], output_changes=changes))
    assert (found.code, found.kind) == (3, "empty")
    assert found.last == "NOTHING TO SCAN: the plan holds no resources, only outputs"


def test_a_destroy_plan_is_judged_by_what_may_block_it(tmp_path: Path) -> None:
    found = scanned(copied(tmp_path, "reference_destroy"))
    assert (found.code, found.kind, found.outcome, found.gate) == (0, "destroy", "pass", "pass")
    assert "74 resources, all destroyed" in found.text
    judged = {each["rule"] for each in found.report["verdicts"]} - {"PS001"}
    assert judged == {"PS701", "PS702"}


def test_a_destroy_plan_that_something_blocks_fails(tmp_path: Path) -> None:
    gone = change(
        "aws_lb.l", actions=("delete",), before={"enable_deletion_protection": True, "name": "l"}
    )
    found = of_document(tmp_path, document([gone]))
    assert (found.code, found.kind, found.outcome) == (1, "destroy", "fail")


def test_a_plan_that_changes_nothing_is_judged_as_it_stands(tmp_path: Path) -> None:
    values = {"bucket": "b", "force_destroy": False}
    same = change("aws_s3_bucket.b", actions=("no-op",), before=values, after=values)
    found = of_document(tmp_path, document([same]))
    assert (found.code, found.kind) == (1, "no-changes")
    assert {each["new"] for each in found.report["verdicts"] if each["rule"] == "PS702"} == {False}


def test_a_selection_that_judges_nothing_makes_no_plan_clean(tmp_path: Path) -> None:
    path = copied(tmp_path, "reference_destroy")
    assert scanned(path).code == 0
    found = scanned(path, "--select", "PS101")
    assert (found.code, found.outcome) == (3, "nothing-to-scan")


def test_exit_zero_hides_no_plan_that_was_not_judged(tmp_path: Path) -> None:
    assert of_document(tmp_path, document([]), "--exit-zero").code == 3
    assert of_document(tmp_path, document([], errored=True), "--exit-zero").code == 2


def test_drift_is_told(tmp_path: Path) -> None:
    values = {"bucket": "b", "force_destroy": True}
    names = [f"aws_s3_bucket.b{number}" for number in range(7)]
    same = [change(name, actions=("no-op",), before=values, after=values) for name in names]
    drift = [change(name, actions=("update",), before={}, after=values) for name in names]
    moved = change("aws_s3_bucket.moved", actions=("no-op",), before=values, after=values)
    found = of_document(tmp_path, document(same, resource_drift=[*drift, moved]))
    named = ", ".join(names[:5])
    [warning] = found.report["warnings"]
    assert warning.startswith(f"7 resources changed outside Terraform ({named} and 2 more): ")
