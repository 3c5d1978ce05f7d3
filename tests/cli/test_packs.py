"""Packs of one's own, as a user hands them over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyscan.rule import Severity
from tests.cli.commands import run
from tests.packs import write_pack
from tests.plans import change, document

OWN = """
from policyscan.rule import Rule, Severity, Step, fail

RULE = Rule("ACME001", "bucket-there", "ACME", Severity.HIGH, "No bucket", ("aws_s3_bucket",))


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        yield fail(bucket.address, "a bucket", path=(Step(bucket.address),), fix="remove it")
"""
OTHER = OWN.replace("ACME001", "TEAM001").replace("bucket-there", "bucket-here")
SETTABLE = (
    OWN.replace(
        '("aws_s3_bucket",))',
        '("aws_s3_bucket",), (Parameter("most", 0, "buckets at most"),))',
    )
    .replace("import Rule", "import Parameter, Rule")
    .replace("    for bucket in", "    for bucket in () if parameters['most'] else")
)
LEVELS = ", ".join(f"Severity.{level.name}" for level in Severity)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document([change("aws_s3_bucket.b")])))
    return path


def failed(stdout: bytes) -> list[str]:
    verdicts = json.loads(stdout)["verdicts"]
    own = [each for each in verdicts if not each["rule"].startswith("PS")]
    return [each["rule"] for each in own if each["verdict"] == "fail"]


def test_a_pack_is_added_to_the_built_in_one(tmp_path: Path, plan: Path) -> None:
    own = write_pack(tmp_path / "own", rule=OWN)
    done = run(plan, "--pack", own, "-f", "json")
    assert (done.returncode, failed(done.stdout)) == (1, ["ACME001"])
    assert any(each["rule"] == "PS802" for each in json.loads(done.stdout)["verdicts"])


def test_the_report_says_where_a_rule_of_ones_own_is_explained(tmp_path: Path, plan: Path) -> None:
    own = write_pack(tmp_path / "own", rule=OWN)
    done = run(plan, "--pack", own, "--select", "ACME001")
    assert "More: policyscan rule ACME001" in done.stdout.decode()
    explained = run("rule", "ACME001", "--pack", own)
    assert explained.stdout.decode().startswith("ACME001 bucket-there\n")


def test_packs_come_from_flags_the_environment_and_the_configuration(
    tmp_path: Path, plan: Path
) -> None:
    own = write_pack(tmp_path / "own", rule=OWN)
    other = write_pack(tmp_path / "shared" / "other", other=OTHER)
    both = ["ACME001", "TEAM001"]
    assert failed(run(plan, "--pack", own, "--pack", other, "-f", "json").stdout) == both
    assert failed(run(plan, "-f", "json", POLICYSCAN_PACK=f"{own}:{other}").stdout) == both
    config = tmp_path / "shared" / "policy.yaml"
    config.write_text("packs: [other]\nparameters: {}\n")
    done = run(plan, "--config", config, "--pack", own, "-f", "json", cwd=tmp_path)
    assert failed(done.stdout) == both


def test_packs_of_the_working_directory_s_configuration_are_listed(tmp_path: Path) -> None:
    write_pack(tmp_path / "own", rule=OWN)
    (tmp_path / ".policyscan.yaml").write_text("packs: [own]\n")
    lines = run("rules", cwd=tmp_path).stdout.decode().splitlines()
    assert [line.split()[0] for line in lines if line.startswith("ACME")] == ["ACME001"]


def test_every_problem_of_a_pack_is_a_line_and_the_exit_code_is_2(
    tmp_path: Path, plan: Path
) -> None:
    own = write_pack(
        tmp_path / "own", bad=OWN.replace("Severity.HIGH", "3"), taken=OWN.replace("ACME", "PS")
    )
    for command in ([plan], ["rules"]):
        done = run(*command, "--pack", own)
        assert (done.returncode, done.stdout) == (2, b"")
        lines = done.stderr.decode().splitlines()
        assert [line.partition(": ")[2].replace(f"{own}/", "") for line in lines] == [
            f"bad.py:18: 3 is no severity; there are {LEVELS}",
            "taken.py:18: PS001 is already the id of the check of the plan itself",
            "taken.py:18: bucket-there is already the name of bad.py",
        ]


def test_packs_that_are_no_list_of_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".policyscan.yaml").write_text("packs: {own: 1}\n")
    done = run("rules", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        b'policyscan: .policyscan.yaml:1: packs: {"own": 1} is not a list of texts, such as '
        b"[rules]\n"
    )


def test_a_configuration_sets_and_chooses_rules_of_the_packs_it_names(
    tmp_path: Path, plan: Path
) -> None:
    write_pack(tmp_path / "own", rule=SETTABLE)
    config = tmp_path / ".policyscan.yaml"
    config.write_text(
        "select: [ACME]\nseverity: {ACME001: low}\nparameters: {ACME001: {most: 0}}\npacks: [own]\n"
    )
    done = run(plan, "-f", "json", "--fail-on", "low", cwd=tmp_path)
    assert (done.returncode, done.stderr, failed(done.stdout)) == (1, b"", ["ACME001"])
    assert run(plan, "-f", "json", cwd=tmp_path).returncode == 0
    assert failed(run(plan, "--set", "ACME001.most=1", "-f", "json", cwd=tmp_path).stdout) == []
    config.write_text("parameters: {ACME001: {most: many}}\npacks: [own]\n")
    done = run(plan, cwd=tmp_path)
    said = b'.policyscan.yaml:1: parameters.ACME001.most: "many" is not a whole number\n'
    assert (done.returncode, done.stderr) == (2, b"policyscan: " + said)


def test_what_a_file_says_of_rules_is_checked_with_the_packs_of_flags_too(
    tmp_path: Path, plan: Path
) -> None:
    own = write_pack(tmp_path / "own", rule=SETTABLE)
    (tmp_path / ".policyscan.yaml").write_text("parameters: {ACME001: {most: 1}}\n")
    unknown = run(plan, cwd=tmp_path)
    assert unknown.returncode == 2
    assert b"parameters.ACME001: no rule is called so" in unknown.stderr
    assert failed(run(plan, "--pack", own, "-f", "json", cwd=tmp_path).stdout) == []


def test_a_configuration_is_read_once_so_it_may_come_through_a_pipe(
    tmp_path: Path, plan: Path
) -> None:
    own = write_pack(tmp_path / "own", rule=OWN)
    text = f"packs: [{own}]\nselect: [ACME]\n".encode()
    done = run(plan, "--config", "/dev/stdin", "-f", "json", stdin=text)
    assert failed(done.stdout) == ["ACME001"]
