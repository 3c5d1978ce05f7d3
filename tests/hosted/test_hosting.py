"""What users of Checkov meet: outputs, choices, other scans, and a command that goes wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from policyscan.engine import GATE, built_in_pack, load_pack
from policyscan.workbench.pages import hosted_table
from tests.cli.commands import run
from tests.hosted.hosting import BRIDGE, ROOT, Checkov, verdicts
from tests.packs import write_pack

BAD = ROOT / "fixtures" / "fourteen_defects" / "plan.json"
RULES = (GATE, *load_pack(built_in_pack()))
PLAN_ONLY = ("--framework", "terraform_plan")


def fake(folder: Path, body: str) -> dict[str, str]:
    """The environment that makes a shell script the command."""
    script = folder / "policyscan"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return {"POLICYSCAN_COMMAND": str(script)}


def test_the_table_of_rules_is_that_of_the_rules() -> None:
    file, text = hosted_table()
    assert file.read_text(encoding="utf-8") == text, "run `make docs`"
    assert [line.split("\t")[0] for line in text.splitlines()] == [each.rule.id for each in RULES]


def test_the_folder_holds_what_checkov_needs_and_nothing_that_it_takes_for_a_policy() -> None:
    files = {path.name for path in BRIDGE.iterdir() if path.name != "__pycache__"}
    assert files == {"__init__.py", "psc_bridge.py", "rules.tsv"}


def test_pack_path_prints_the_folder() -> None:
    done = run("pack-path")
    assert (done.returncode, done.stdout.decode()) == (0, f"{BRIDGE}\n")


def test_every_output_tells_what_fails_where_and_why(checkov: Checkov, tmp_path: Path) -> None:
    kinds = ("cli", "json", "sarif", "junitxml")
    outputs = [word for kind in kinds for word in ("-o", kind)]
    checkov.run("-f", BAD, *PLAN_ONLY, *outputs, "--output-file-path", tmp_path)
    own = verdicts(BAD)
    failing = {(rule, at) for (_, rule, at), one in own.items() if one["verdict"] == "fail"}
    about = {each.rule.id: each.rule for each in RULES}

    document = json.loads((tmp_path / "results_json.json").read_text())
    records = {
        (each["check_id"], each["resource"]): each for each in document["results"]["failed_checks"]
    }
    assert set(records) == failing
    for (rule, address), record in records.items():
        one = own[str(BAD), rule, address]
        assert record["check_name"] == f"{about[rule].name}: {about[rule].title}"
        assert record["severity"] == str(about[rule].severity).upper()
        assert record["guideline"] == f"docs/rules/{rule}.md"
        assert record["details"][0] == one["message"]
        steps = [line for line in record["details"] if line[0].isdigit() and ". " in line[:4]]
        for step in one["path"]:
            assert any(step["address"] in line and step["attribute"] in line for line in steps)

    sarif = json.loads((tmp_path / "results_sarif.sarif").read_text())["runs"][0]
    assert {each["ruleId"] for each in sarif["results"]} == {rule for rule, _ in failing}
    assert {each["id"] for each in sarif["tool"]["driver"]["rules"]} == {r for r, _ in failing}
    assert all(each["attachments"] for each in sarif["results"])

    cases = ET.parse(tmp_path / "results_junitxml.xml").iter("testcase")  # noqa: S314 - Checkov's
    failed = [each for each in cases if each.find("failure") is not None]
    assert len(failed) == len(failing)

    text = (tmp_path / "results_cli.txt").read_text()
    for rule, address in failing:
        assert f"FAILED for resource: {address}" in text
        assert f"Check: {rule}:" in text


@pytest.mark.parametrize(
    ("flags", "checks", "shown"),
    [
        ((), "PS101", {"PS101"}),
        (("--skip-check", "PS[1-35-9]*,CKV*"), "", {"PS401", "PS402", "PS502", "PS503", "PS504"}),
    ],
    ids=["--check", "--skip-check"],
)
def test_checks_are_chosen_by_id_and_pattern(
    checkov: Checkov, flags: tuple[str, ...], checks: str, shown: set[str]
) -> None:
    done = checkov.run("-f", BAD, *PLAN_ONLY, "-o", "json", *flags, checks=checks)
    results = json.loads(done.stdout)["results"]
    ids = {each["check_id"] for word in ("passed", "failed") for each in results[f"{word}_checks"]}
    assert {one for one in ids if one.startswith("PS")} <= shown
    assert ids & shown


def test_settings_of_policyscan_apply(checkov: Checkov, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", mine=OWN_RULE)
    (tmp_path / ".policyscan.yaml").write_text(
        f"packs: [{pack}]\nselect: [PS101, XX100]\nseverity: {{PS101: low}}\n"
    )
    done = checkov.run("-f", BAD, *PLAN_ONLY, "-o", "json", checks="PS*,XX*", cwd=tmp_path)
    failed = json.loads(done.stdout)["results"]["failed_checks"]
    assert {(each["check_id"], each["severity"]) for each in failed} == {
        ("PS101", "LOW"),
        ("XX100", "HIGH"),
    }


OWN_RULE = """
from policyscan.rule import Rule, Severity, fail

RULE = Rule(
    id="XX100",
    name="cluster-there",
    group="TEST",
    severity=Severity.HIGH,
    title="There is no cluster",
    types=("aws_ecs_cluster",),
)


def check(platform, parameters):
    for cluster in platform.graph.of_type("aws_ecs_cluster"):
        yield fail(cluster.address, "it is there", fix="remove it")
"""


def test_a_scan_of_tf_files_says_nothing_of_ours_and_is_not_disturbed(checkov: Checkov) -> None:
    folder = ROOT / "fixtures" / "rules" / "PS101" / "fail"
    scan = ("-d", folder, "--framework", "terraform", "-o", "json")
    found = []
    for bridge in (BRIDGE, None):
        done = checkov.run(*scan, checks="", bridge=bridge)
        results = json.loads(done.stdout)["results"]
        shown = [(word, one) for word in ("passed", "failed") for one in results[f"{word}_checks"]]
        found.append((sorted((w, r["check_id"], r["resource"]) for w, r in shown), done.stderr))
    assert found[0] == found[1]
    assert found[0][0]


def test_a_pack_is_fetched_with_git(checkov: Checkov, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    shutil.copytree(
        BRIDGE, origin / "rules" / "checkov_pack", ignore=shutil.ignore_patterns("__*__")
    )
    (origin / "rules" / "checkov_pack" / "__init__.py").touch()
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    own = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*own, "commit", "-q", "-m", "pack")):
        subprocess.run([git, "-C", str(origin), *command], check=True)
    url = f"file://{origin}//rules/checkov_pack"
    done = checkov.run(
        "-f", BAD, *PLAN_ONLY, "-o", "json", "--external-checks-git", url, bridge=None
    )
    failed = json.loads(done.stdout)["results"]["failed_checks"]
    assert {each["check_id"] for each in failed} >= {"PS101", "PS109"}


NO_COMMAND = {"POLICYSCAN_COMMAND": "/nowhere/policyscan"}
WRONG = {
    "missing": (None, "cannot be run"),
    "garbage": ("echo garbage", "printed no JSON and left with exit 0"),
    "silent": ("exit 7", "printed no JSON and left with exit 7"),
    "refusing": ("echo 'policyscan: .policyscan.yaml: no such key' >&2; exit 2", "no such key"),
    "of another schema": ('echo \'{"schema_version": "9"}\'', "speaks schema '9'"),
    "without rules": ('echo \'{"schema_version": "1"}\'', "answers what this pack cannot read"),
    "hanging": ("sleep 60 & wait", "took longer than 1 seconds"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_every_rule_fails_where_the_command_does(
    checkov: Checkov, tmp_path: Path, wrong: str
) -> None:
    body, said = WRONG[wrong]
    env = NO_COMMAND if body is None else fake(tmp_path, body)
    told = checkov.judged(BAD, env={**env, "POLICYSCAN_COMMAND_TIMEOUT": "1"})
    assert {rule for _, rule, _ in told} == {each.rule.id for each in RULES}
    assert len(told) == len(RULES)
    for word, lines in told.values():
        assert word == "fail"
        assert lines[0].startswith("not evaluated: ")
        assert said in lines[0]


def rules_then(folder: Path, body: str) -> dict[str, str]:
    """A command that lists the rules as it should, and does something else with a plan."""
    real = f'exec {sys.executable} -m policyscan "$@"'
    return fake(folder, f'if [ "$1" = rules ]; then {real}; fi\n{body}')


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exit 2", "printed no JSON and left with exit 2"),
        ('echo \'{"schema_version": "1", "verdicts": 3}\'', "cannot read"),
        (
            'echo \'{"schema_version": "1", "verdicts": [], "errors": ["no memory"]}\'',
            "no memory",
        ),
    ],
    ids=["crash", "other verdicts", "error"],
)
def test_every_rule_that_could_judge_a_plan_fails_where_the_plan_cannot_be_judged(
    checkov: Checkov, tmp_path: Path, body: str, said: str
) -> None:
    told = checkov.judged(BAD, env=rules_then(tmp_path, body))
    judging = {rule for (_, rule, _), one in verdicts(BAD).items() if one["verdict"] != "na"}
    assert judging <= {rule for _, rule, _ in told}
    assert {word for word, _ in told.values()} == {"fail"}
    assert all(said in lines[0] for _, lines in told.values())


def test_an_errored_plan_fails_by_every_rule_and_still_shows_what_fails(
    checkov: Checkov, tmp_path: Path
) -> None:
    document = json.loads(BAD.read_bytes())
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({**document, "errored": True}))
    told = checkov.judged(plan)
    assert told.keys() >= {key for key, one in verdicts(plan).items() if one["verdict"] == "fail"}
    lacking = {
        rule: lines[0] for (_, rule, _), (_, lines) in told.items() if "not evaluated" in lines[0]
    }
    assert lacking.keys() > {"PS001", "PS101"}
    assert all("planning ended with an error" in line for line in lacking.values())


def test_what_fails_under_a_secret_key_is_told_without_the_key(
    checkov: Checkov, tmp_path: Path
) -> None:
    report = {
        "schema_version": "1",
        "errors": [],
        "verdicts": [
            {
                "rule": "PS101",
                "address": 'aws_ecs_service.api["(sensitive 1)"]',
                "verdict": "fail",
                "message": "no image",
            }
        ],
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    told = checkov.judged(BAD, env=rules_then(tmp_path, f"cat {tmp_path}/report.json"))
    assert [lines for _, lines in told.values()] == [
        ('aws_ecs_service.api["(sensitive 1)"]: no image',)
    ]


def test_plans_that_say_nothing_of_a_resource_yet_are_told_apart(
    checkov: Checkov, tmp_path: Path
) -> None:
    source = ROOT / "fixtures" / "graph" / "data_sources" / "plan.json"
    plans = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        plans.append(shutil.copy(source, tmp_path / name))
    told = checkov.judged(*map(Path, plans))
    address = "aws_iam_role_policy.p"
    assert {plan for plan, rule, at in told if (rule, at) == ("PS502", address)} == set(plans)


@pytest.mark.parametrize(
    ("folder", "scripts"),
    [
        ("rules/checkov_pack", ".venv/bin"),
        ("lib/python3.12/site-packages/policyscan/_pack/checkov_pack", "bin"),
    ],
    ids=["checkout", "wheel"],
)
def test_the_command_beside_the_pack_is_found(
    checkov: Checkov, tmp_path: Path, folder: str, scripts: str
) -> None:
    pack = Path(shutil.copytree(BRIDGE, tmp_path / folder))
    (tmp_path / scripts).mkdir(parents=True)
    fake(tmp_path / scripts, "echo here I am >&2")
    told = checkov.judged(BAD, bridge=pack, checks="PS101", env={"POLICYSCAN_COMMAND": ""})
    [(_, lines)] = told.values()
    command = f"{tmp_path / scripts}/policyscan rules --format json --output -"
    assert lines == (f"not evaluated: `{command}`: here I am",)


def test_a_command_that_is_nowhere_is_asked_for(checkov: Checkov, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(BRIDGE, tmp_path / "rules" / "checkov_pack"))
    told = checkov.judged(BAD, bridge=pack, checks="PS101", env={"POLICYSCAN_COMMAND": ""})
    [(_, lines)] = told.values()
    why = "the command policyscan is not to be found: install it, or name it in POLICYSCAN_COMMAND"
    assert lines == (f"not evaluated: {why}",)


def test_what_is_waived_is_skipped_with_who_answers_for_it(
    checkov: Checkov, tmp_path: Path
) -> None:
    (tmp_path / ".policyscan-waivers.yaml").write_text(
        "- rule: PS101\n  address: 'module.service[\"fraud-detection\"].aws_ecs_service.this'\n"
        "  reason: pushed by hand\n  owner: payments\n  expires: 2099-01-01\n",
        encoding="utf-8",
    )
    broken = ROOT / "fixtures" / "reference_broken" / "plan.json"
    done = checkov.run("-f", broken, "-o", "json", checks="PS101", cwd=tmp_path)
    results = json.loads(done.stdout)["results"]
    [skipped], [failed] = results["skipped_checks"], results["failed_checks"]
    assert "fraud-detection" in skipped["resource"]
    assert "transaction-processor" in failed["resource"]
    first = "Waived by payments until 2099-01-01: pushed by hand (.policyscan-waivers.yaml:1)"
    assert skipped["details"][0] == first
