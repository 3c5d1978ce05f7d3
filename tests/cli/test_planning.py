"""The flags about planning a folder, as every command that plans one takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli.commands import run

pytestmark = pytest.mark.usefixtures("terraform")

NAMED = """
variable "name" { default = "default" }
variable "size" {
  type    = number
  default = 1
}
variable "zones" {
  type    = list(string)
  default = []
}
resource "aws_sqs_queue" "a" {
  count = var.size
  name  = "${var.name}-${terraform.workspace}-${join("-", var.zones)}-${count.index}"
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a root module in `infra`."""
    monkeypatch.chdir(tmp_path)
    for name in ("TF_WORKSPACE", "TF_DATA_DIR", "TF_VAR_name"):
        monkeypatch.delenv(name, raising=False)
    infra = Path("infra")
    infra.mkdir()
    (infra / "main.tf").write_text(NAMED)
    return infra


def written(name: str, text: str) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def changes(*flags: str) -> dict[str, Any]:
    """Address -> `change`, of `policyscan plan infra` with these flags."""
    assert run(["plan", "infra", "-o", "plan.json", *flags]) == 0
    found = json.loads(Path("plan.json").read_bytes())["resource_changes"]
    return {each["address"]: each["change"] for each in found}


def name(*flags: str) -> str:
    """The name of the first queue."""
    found: str = changes(*flags)["aws_sqs_queue.a[0]"]["after"]["name"]
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What both a scan and a plan refuse with: the same line, and exit code 2."""
    told = []
    for command in (["scan"], ["plan", "-o", "plan.json"]):
        assert run([command[0], "infra", *command[1:], *arguments]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        [line] = said.err.splitlines()
        told.append(line.removeprefix("policyscan: "))
    assert told[0] == told[1]
    return told[0]


def scanned(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and JSON report of a scan by the rule about tags."""
    code = run(["scan", "-f", "json", "--select", "PS802", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_values_win_over_each_other_in_terraform_s_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert name().startswith("default-")
    monkeypatch.setenv("TF_VAR_name", "environment")
    assert name().startswith("environment-")
    written("infra/terraform.tfvars", 'name = "tfvars"')
    assert name().startswith("tfvars-")
    written("infra/a.auto.tfvars.json", '{"name": "automatic"}')
    assert name().startswith("automatic-")
    first, second = written("1.tfvars", 'name = "one"'), written("2.tfvars.json", '{"name": "two"}')
    assert name("--var-file", second, "--var-file", first).startswith("one-")
    assert name("--var", "name=flag=1", "--var-file", first).startswith("flag=1-")


def test_a_value_has_the_type_of_its_variable() -> None:
    found = changes("--var", 'zones=["a", "b"]', "--var", "size=2")
    assert [each["after"]["name"] for each in found.values()] == [
        "default-default-a-b-0",
        "default-default-a-b-1",
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--var", "size"), "--var size: write it as NAME=VALUE"),
        (("--var", "=1"), "--var =1: write it as NAME=VALUE"),
        (("--var-file", "gone.tfvars"), "--var-file gone.tfvars: no such file"),
        (("--module-cache", "gone"), "--module-cache gone: no such folder"),
        (("--after", "gone.tfvars"), "--after gone.tfvars: no such file"),
        (
            ("--var", "size=many"),
            (
                "infra/main.tf:3: Invalid value for input variable: Unsuitable value for var.size "
                'set using -var="size=...": a number is required.'
            ),
        ),
        (
            ("--var", "zones=a"),
            (
                "infra: the value given for variable zones: Variables not allowed: Variables "
                "may not be used here."
            ),
        ),
        (
            ("--var", "nobody=1"),
            (
                'infra: Value for undeclared variable: A variable named "nobody" was assigned on '
                "the command line, but the root module does not declare a variable of that name. "
                'To use this value, add a "variable" block to the configuration.'
            ),
        ),
        (
            ("--workspace", "a/b"),
            (
                "workspace 'a/b': no workspace can be called so; give letters, digits, -, _ and "
                "., 90 at most"
            ),
        ),
        (
            ("--target", "aws_sqs_queue"),
            (
                'infra: Invalid target "aws_sqs_queue": Resource specification must include a '
                "resource type and name."
            ),
        ),
    ],
)
def test_a_flag_that_is_wrong_is_told_in_one_line(
    flags: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *flags) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = \n", "1: Invalid expression: "),
        ('\nname "x" {}\n', "2: Unexpected "),
        ("nobody = 1\nname = unquoted\n", "2: Variables not allowed: "),
    ],
)
def test_a_file_of_values_that_is_wrong_is_told_with_its_line(
    text: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    written("broken.tfvars", text)
    told = refused(capsys, "--var-file", "broken.tfvars")
    assert told.startswith(f"{tmp_path}/broken.tfvars:{message}")


def test_an_unset_variable_is_told_with_the_flag_that_sets_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "more.tf").write_text('variable "zone" {}\n')
    assert refused(capsys) == (
        "infra/more.tf:1: variable zone not set; pass --var zone=VALUE, or --var-file FILE"
    )


def test_a_secret_is_in_no_message(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "more.tf").write_text(
        'variable "secret" {\n  type      = map(number)\n  sensitive = true\n}\n'
    )
    for value in ("hunter2", '{"a": "hunter2"}', '{"a" = hunter2'):
        assert "hunter2" not in refused(capsys, "--var", f"secret={value}")
        monkeypatch.setenv("TF_VAR_secret", value)
        assert "hunter2" not in refused(capsys)
        monkeypatch.delenv("TF_VAR_secret")


def test_the_workspace_is_that_of_the_flag_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_WORKSPACE", "green")
    assert name() == "default-green--0"
    assert name("--workspace", "blue") == "default-blue--0"
    monkeypatch.delenv("TF_WORKSPACE")
    written("data/environment", "red")
    monkeypatch.setenv("TF_DATA_DIR", str(Path("data").resolve()))
    assert name() == "default-red--0"


def test_the_folder_is_never_written_to(folder: Path) -> None:
    before = {each: each.read_bytes() for each in folder.rglob("*")}
    changes("--workspace", "blue", "--after", written("1.tfvars", 'name = "one"'))
    assert {each: each.read_bytes() for each in folder.rglob("*")} == before


def test_a_targeted_plan_is_judged_as_a_part(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "more.tf").write_text('resource "aws_sns_topic" "a" {}\n')
    assert changes("--target", "aws_sns_topic.a").keys() == {"aws_sns_topic.a"}
    code, found = scanned(capsys, "infra", "--target", "aws_sns_topic.a")
    assert code == 2
    assert "incomplete" in found["errors"][0]


def test_what_was_applied_can_be_replaced_and_destroyed() -> None:
    after = ("--after", written("1.tfvars", 'name = "default"'))
    replaced = changes(*after, "--replace", "aws_sqs_queue.a[0]")
    assert replaced["aws_sqs_queue.a[0]"]["actions"] == ["delete", "create"]
    destroyed = changes(*after, "--destroy")
    assert destroyed["aws_sqs_queue.a[0]"]["actions"] == ["delete"]


def test_several_folders_are_planned_alike(capsys: pytest.CaptureFixture[str]) -> None:
    written("other/main.tf", NAMED)
    code, found = scanned(capsys, "infra", "other", "--var", "size=3", "--workspace", "blue")
    assert code == 0
    assert [len(each["verdicts"]) for each in found] == [4, 4]


def test_flags_for_folders_are_no_use_for_plans(capsys: pytest.CaptureFixture[str]) -> None:
    changes()
    assert run(["scan", "plan.json", "--workspace", "blue"]) == 2
    assert capsys.readouterr().err == (
        "policyscan: --workspace: only folders are planned, and plan.json is none\n"
    )


def test_other_commands_plan_a_folder_as_a_scan_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--var", "size=2", "--workspace", "blue")
    assert run(["graph", "infra", *flags]) == 0
    assert "aws_sqs_queue.a[1]" in capsys.readouterr().out
    assert run(["hook", *flags, "--select", "PS802", str(folder / "main.tf")]) == 0
    assert "infra: 2 resources" in capsys.readouterr().out
    waiver = ("--reason", "a test", "--owner", "me", "--until", "2999-01-01")
    assert run(["waive", "infra", "PS802", "aws_sqs_queue.a[1]", *waiver, *flags]) == 0
    capsys.readouterr()
    assert run(["waivers", "infra", *flags]) == 0
    assert "aws_sqs_queue.a[1]" in capsys.readouterr().out


def test_the_modules_of_a_cache_are_source_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written("cache/example/queue/aws/1.2.0/main.tf", 'resource "aws_sqs_queue" "q" {}\n')
    (folder / "main.tf").write_text('module "q" {\n  source = "example/queue/aws"\n}\n')
    code, found = scanned(capsys, "infra", "--module-cache", "cache", "--replay", "always")
    assert (code, found["warnings"]) == (0, [])
    assert found["summary"]["replay"]["used"] is True
    (judged,) = [each for each in found["verdicts"] if each["rule"] == "PS802"]
    assert judged["address"] == "module.q.aws_sqs_queue.q"
    assert judged["source"]["file"].endswith("cache/example/queue/aws/1.2.0/main.tf")
