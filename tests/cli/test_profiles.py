"""Profiles, files, the environment and flags, as a user sets them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import run
from tests.cli.test_scan import BROKEN, REFERENCE


def scanned(plan: Path, *flags: str, **more: Any) -> tuple[int, dict[str, Any]]:
    # With Terraform at hand a replay would tell more: here it is to be the same everywhere.
    done = run(plan, "-f", "json", "--replay", "never", *flags, **more)
    assert done.stderr == b"", done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def failed(document: dict[str, Any]) -> Counter[tuple[str, str]]:
    """How often each rule fails, with its severity."""
    return Counter(
        (each["rule"], each["severity"])
        for each in document["verdicts"]
        if each["verdict"] == "fail"
    )


@pytest.mark.parametrize("flags", [(), ("--profile", "reference")])
def test_the_reference_profile_is_the_one_that_needs_no_name(flags: tuple[str, ...]) -> None:
    code, document = scanned(REFERENCE, *flags)
    assert (code, failed(document)) == (0, Counter())
    code, document = scanned(BROKEN, *flags)
    assert (code, failed(document)) == (1, {("PS101", "critical"): 2})


def test_production_asks_the_platform_to_stay() -> None:
    code, document = scanned(REFERENCE, "--profile", "production")
    assert code == 1
    assert failed(document) == {("PS401", "high"): 2, ("PS701", "high"): 2}
    assert {
        each["message"].removeprefix(each["address"]).partition(":")[0]
        for each in document["verdicts"]
        if each["verdict"] == "fail"
    } == {
        " keeps its events 7 days, and the policy is at least 365 days",
        " has enable_deletion_protection = false",
        " has deletion_protection_enabled = false",
    }
    code, document = scanned(BROKEN, "--profile", "production")
    assert code == 1
    assert failed(document) == {
        ("PS101", "critical"): 2,
        ("PS401", "high"): 2,
        ("PS701", "high"): 2,
    }


def test_production_takes_private_images_by_their_digest_alone() -> None:
    placeholder = REFERENCE.parents[1] / "reference_placeholder" / "plan.json"
    code, document = scanned(placeholder)
    assert (code, failed(document)) == (0, Counter())
    code, document = scanned(placeholder, "--profile", "production")
    assert code == 1
    assert failed(document)["PS603", "high"] == 2
    assert failed(document)["PS604", "high"] == 2


def test_deploy_only_judges_what_deploys_and_runs_and_has_no_opinion() -> None:
    code, document = scanned(REFERENCE, "--profile", "deploy-only")
    assert (code, failed(document)) == (0, Counter())
    code, document = scanned(BROKEN, "--profile", "deploy-only")
    assert code == 1
    assert failed(document) == {("PS101", "critical"): 2}


OPINIONS: tuple[tuple[str, set[str]], ...] = (
    ("PS109/fail_unlogged", {'aws_ecs_task_definition.this["missing"]'}),
    ("PS118/fail_breaker", {"aws_ecs_service.stuck"}),
    ("PS204/fail", set()),
    ("PS301/fail_any", {'aws_ecs_service.this["astray"]'}),
    ("PS302/fail", set()),
    ("PS401/fail_at_least", set()),
    ("PS401/fail_any", {"aws_cloudwatch_log_group.locked_out"}),
    ("PS502/fail", set()),
    ("PS604/fail", set()),
    ("PS701/fail_any", {'aws_lb.going["guarded"]'}),
    ("PS702/fail_any", {'aws_ecr_repository.going["unforced"]'}),
    ("PS801/fail", set()),
    ("PS802/fail", set()),
    ("PS901/fail", {"aws_ecs_service.uncovered"}),
)


@pytest.mark.parametrize(("fixture", "addresses"), OPINIONS)
def test_deploy_only_leaves_out_the_parts_of_rules_that_are_opinions(
    fixture: str, addresses: set[str]
) -> None:
    rule = fixture.partition("/")[0]
    plan = REFERENCE.parents[1] / "rules" / fixture / "plan.json"
    code, document = scanned(plan, "--profile", "deploy-only", "--exit-zero")
    assert code in {0, 3}
    assert {
        each["address"]
        for each in document["verdicts"]
        if each["rule"] == rule and each["verdict"] == "fail"
    } == addresses


def test_a_configuration_may_name_a_profile_and_the_flag_wins(tmp_path: Path) -> None:
    (tmp_path / ".policyscan.yaml").write_text("profile: production\n")
    assert run(REFERENCE, cwd=tmp_path).returncode == 1
    assert run(REFERENCE, "--profile", "deploy-only", cwd=tmp_path).returncode == 0
    assert run(REFERENCE, cwd=tmp_path, POLICYSCAN_PROFILE="deploy-only").returncode == 0
    done = run(REFERENCE, "--profile", "production", cwd=tmp_path, POLICYSCAN_PROFILE="deploy-only")
    assert done.returncode == 1


def test_a_profile_may_be_a_file_seen_from_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("extends: production\nignore: [PS401, PS701]\n")
    (tmp_path / "own.yaml").write_text("profile: ./team.yaml\n")
    here = tmp_path / "here"
    here.mkdir()
    assert run(REFERENCE, "--profile", "../team.yaml", cwd=here).returncode == 0
    assert run(REFERENCE, "--config", "../own.yaml", cwd=here).returncode == 0
    assert run(REFERENCE, "--profile", "./team.yaml", cwd=here).returncode == 2


@pytest.mark.parametrize(
    ("places", "value", "origin"),
    [
        ({}, 10, {"level": "default", "name": None}),
        ({"profile": 11}, 11, {"level": "profile", "name": "./team.yaml"}),
        (
            {"profile": 11, "variable": 12},
            12,
            {"level": "environment", "name": "POLICYSCAN_SET"},
        ),
        ({"profile": 11, "variable": 12, "flag": 13}, 13, {"level": "flag", "name": "--set"}),
        ({"profile": 11, "flag": 13}, 13, {"level": "flag", "name": "--set"}),
    ],
)
def test_flags_win_over_the_environment_and_that_over_the_profile(
    tmp_path: Path, places: dict[str, int], value: int, origin: dict[str, str]
) -> None:
    content = f"parameters: {{PS303: {{max: {places.get('profile', 10)}}}}}"
    (tmp_path / "team.yaml").write_text(content)
    flags = ["--profile", "./team.yaml"] if "profile" in places else []
    flags += ["--set", f"PS303.max={places['flag']}"] if "flag" in places else []
    said = places.get("variable")
    variables: dict[str, Any] = {"POLICYSCAN_SET": f"PS303.max={said}"} if said else {}
    done = run("rules", "-f", "json", "--select", "PS303", *flags, cwd=tmp_path, **variables)
    _, rule = json.loads(done.stdout)["rules"]
    [parameter] = [each for each in rule["parameters"] if each["name"] == "max"]
    assert (parameter["value"], parameter["origin"]) == (value, origin)


def test_a_configuration_wins_over_its_profile(tmp_path: Path) -> None:
    text = "profile: production\nparameters: {PS401: {days: 400}}\nseverity: {PS603: low}\n"
    (tmp_path / ".policyscan.yaml").write_text(text)
    done = run("rules", "-f", "json", "--select", "PS401", "--select", "PS603", cwd=tmp_path)
    _, retention, tag = json.loads(done.stdout)["rules"]
    assert {
        each["name"]: (each["value"], each["origin"]["name"]) for each in retention["parameters"]
    } == {
        "days": (400, ".policyscan.yaml"),
        "keep": ("at-least", "production"),
    }
    assert (tag["severity"], tag["severity_origin"]["name"]) == ("low", ".policyscan.yaml")


def test_the_environment_and_flags_add_up() -> None:
    variables: dict[str, Any] = {
        "POLICYSCAN_SET": "PS401.days=14 PS303.max=11",
        "POLICYSCAN_IGNORE": "PS302 PS304",
    }
    flags = ("--select", "SCALE", "--select", "OBS", "--ignore", "PS301", "--set", "PS303.min=1")
    done = run("rules", "-f", "json", *flags, **variables)
    rules = {each["id"]: each for each in json.loads(done.stdout)["rules"]}
    assert list(rules) == ["PS001", "PS303", "PS401", "PS402"]
    assert [each["value"] for each in rules["PS303"]["parameters"]] == [1, 11]
    assert [each["value"] for each in rules["PS401"]["parameters"]] == [14, "exactly"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--set", "PS401.days=8"], "--set PS401.days=8: "),
        (["--set", "PS401.days=week"], '"week" is not a whole number'),
        (["--set", "PS303.maxx=3"], "did you mean 'max'?"),
        (["--set", "PS30.max=3"], "--set PS30: no rule is called so; did you mean 'PS30"),
        (["--set", "log-retention-off.days=7"], "write PS401"),
        (["--set", "PS101.x=1"], "no parameter of PS101 is called so"),
        (["--profile", "prod"], "no profile is called 'prod'; there are"),
        (["--profile", "./nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--ignore", "PS9999"], "--ignore: no rule or group is called 'PS9999'"),
        (["--ignore", "PS001"], "--ignore: PS001: PS001 runs always and can be neither selected"),
        (["--set", "PS001.x=1"], "--set PS001: no rule is called so; the check of the plan itself"),
    ],
)
@pytest.mark.parametrize("command", [("scan", str(REFERENCE)), ("rules",), ("rule", "PS101")])
def test_a_wrong_setting_is_one_line_and_exit_2_for_every_command(
    command: tuple[str, ...], flags: list[str], said: str, tmp_path: Path
) -> None:
    done = run(*command, *flags, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    [line] = done.stderr.decode().splitlines()
    assert said in line


def test_everything_wrong_in_flags_and_in_a_file_is_a_line_each(tmp_path: Path) -> None:
    done = run(REFERENCE, "--set", "PS401.days=8", "--set", "PS303.mx=1", "--select", "PS9999")
    assert done.returncode == 2
    assert len(done.stderr.decode().splitlines()) == 3
    (tmp_path / ".policyscan.yaml").write_text("selct: []\nfail_on: never\n")
    done = run(REFERENCE, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert [line.split(": ")[:3] for line in done.stderr.decode().splitlines()] == [
        ["policyscan", ".policyscan.yaml:1", "selct"],
        ["policyscan", ".policyscan.yaml:2", "fail_on"],
    ]


def test_a_variable_that_is_wrong_is_named() -> None:
    done = run(REFERENCE, POLICYSCAN_FAIL_ON="never")
    assert done.returncode == 2
    assert done.stderr.startswith(b'policyscan: POLICYSCAN_FAIL_ON: "never" is not one of')
