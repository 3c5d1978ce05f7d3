"""`policyscan test`: what is not as a fixture wants it is said, and nothing else is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from policyscan.workbench.bench import Bench, tried
from policyscan.workbench.fixture import rules_in
from tests.cli.commands import ROOT, run
from tests.packs import write_pack
from tests.plans import change, document

RULE = """
from policyscan.rule import Known, Rule, Severity, Step, Unknown, fail, passed, undetermined

RULE = Rule("ACME001", "bucket-unnamed", "ACME", Severity.HIGH, "Named", ("aws_s3_bucket",))


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        at = bucket.address
        match bucket.value("bucket"):
            case Known():
                yield passed(at, "it has a name")
            case Unknown():
                yield undetermined(at, "nobody knows")
            case _:
                yield fail(at, "it has no name", path=(Step(at, "bucket"),), fix="name it")
"""
BARE = RULE.replace(', path=(Step(at, "bucket"),), fix="name it"', "")
OTHER = """
from policyscan.rule import Rule, Severity, fail, passed

RULE = Rule("ACME002", "bucket-there", "ACME", Severity.HIGH, "None", ("aws_s3_bucket",))


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        yield (passed if bucket.address.endswith("quiet") else fail)(bucket.address, "it is there")
"""
NAMED = change("aws_s3_bucket.named", after={"bucket": "a"})
BARE_BUCKET = change("aws_s3_bucket.bare", after={})
BARE_ADDRESS = "aws_s3_bucket.bare"
OPEN = change("aws_s3_bucket.open", unknown={"bucket": True})


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of one rule, all of whose fixtures are as they should be."""
    folder = write_pack(tmp_path / "rules", rule=RULE)
    case(folder, "pass", [NAMED], {"ACME001": {"aws_s3_bucket.named": "pass"}})
    case(folder, "fail", [BARE_BUCKET], {"ACME001": {"aws_s3_bucket.bare": "fail"}})
    case(folder, "unknown", [OPEN], {"ACME001": {"aws_s3_bucket.open": "unknown"}})
    return folder


def case(
    pack: Path, name: str, changes: list[dict[str, Any]], expected: Any, rule: str = "ACME001"
) -> Path:
    folder = pack.parent / "fixtures" / pack.name / rule / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text("")
    (folder / "plan.json").write_text(json.dumps(document(changes)))
    (folder / "expected.json").write_text(json.dumps(expected))
    return folder


def bench(pack: Path, *, plan: bool = False, accept: bool = False) -> Bench:
    return tried(pack, rules_in(pack), plan=plan, accept=accept)


def complaints(pack: Path) -> list[str]:
    """All that is not right, and that the exit code says so."""
    found = bench(pack)
    said = [line for trial in found.trials for line in trial.complaints] + [*found.gaps]
    assert (found.exit_code, [each.errors for each in found.trials if each.errors]) == (
        1 if said else 0,
        [],
    )
    return said


def test_a_pack_whose_fixtures_get_what_they_expect_is_right(pack: Path) -> None:
    assert complaints(pack) == []


@pytest.mark.parametrize(
    ("name", "expected", "said"),
    [
        (
            "fail",
            {"ACME001": {"aws_s3_bucket.bare": "pass"}},
            ["ACME001 aws_s3_bucket.bare: expected pass, got fail: it has no name"],
        ),
        (
            "fail",
            {"ACME001": {"aws_s3_bucket.bare": "fail", "aws_s3_bucket.gone": "fail"}},
            ["ACME001 aws_s3_bucket.gone: expected fail, and the plan has no such address"],
        ),
        (
            "fail",
            {"ACME001": {"aws_s3_bucket.bare": "fail", "aws_eip.e": "na"}},
            ["ACME001 aws_eip.e: expected na, and the rule gave no verdict on it"],
        ),
        (
            "fail",
            {},
            ["ACME001 aws_s3_bucket.bare: not in expected.json, got fail: it has no name"],
        ),
        (
            "fail",
            {"ACME001": {"aws_s3_bucket.bare": "fail"}, "NONE001": {"aws_eip.e": "fail"}},
            ["NONE001: expected.json lists verdicts of it, and the pack has no such rule"],
        ),
        (
            "fail",
            {
                "ACME001": {"aws_s3_bucket.bare": "fail"},
                "traps": {"no bucket": "aws_eip.e", "gone": "aws_eip.gone", "b": BARE_ADDRESS},
            },
            [
                f"trap 'b': the rule falls into it, {BARE_ADDRESS} fails",
                "trap 'gone' names aws_eip.gone, and the plan has it not",
                "trap 'no bucket' names aws_eip.e, and the rule gave no verdict on it",
            ],
        ),
    ],
)
def test_an_expectation_that_is_not_met_or_not_used_is_told(
    pack: Path, name: str, expected: Any, said: list[str]
) -> None:
    case(pack, name, [BARE_BUCKET, change("aws_eip.e")], expected)
    assert complaints(pack) == said


def test_a_case_shows_the_verdict_it_is_called_after(pack: Path) -> None:
    case(pack, "fail", [NAMED], {"ACME001": {"aws_s3_bucket.named": "pass"}})
    case(pack, "pass", [OPEN], {"ACME001": {"aws_s3_bucket.open": "unknown"}})
    assert complaints(pack) == [
        "ACME001 gives no fail in a fixture of that name",
        "ACME001 gives no pass in a fixture of that name",
        "ACME001 gives unknown in a fixture that is called pass",
    ]


def test_a_failure_without_evidence_or_fix_is_told(pack: Path) -> None:
    write_pack(pack, rule=BARE)
    assert complaints(pack) == [
        "ACME001 aws_s3_bucket.bare: the failure has no path that proves it",
        "ACME001 aws_s3_bucket.bare: the failure has no fix",
    ]


def test_a_rule_without_its_cases_and_a_case_without_its_rule_are_told(pack: Path) -> None:
    write_pack(pack, other=OTHER)
    folder = pack.parent / "fixtures" / "rules"
    bench(pack, accept=True)
    case(pack, "fail", [], {}, rule="ACME009")
    untested = ", ".join(f"{folder}/ACME002/{name}" for name in ("pass", "fail", "unknown"))
    assert complaints(pack) == [
        "ACME009 gives no fail in a fixture of that name",
        f"ACME002 bucket-there is not tested: write {untested}",
        f"{folder}/ACME009: no rule of the pack has this id",
    ]


def test_failures_of_other_rules_of_the_pack_count_unless_listed_or_left_out(pack: Path) -> None:
    write_pack(pack, other=OTHER)
    own = {"ACME001": {"aws_s3_bucket.bare": "fail"}}
    quiet = change("aws_s3_bucket.quiet", after={"bucket": "a"})
    unlisted = "ACME002 aws_s3_bucket.bare: not in expected.json, got fail: it is there"
    case(pack, "fail", [BARE_BUCKET], own)
    assert unlisted in complaints(pack)
    case(pack, "fail", [BARE_BUCKET], {**own, "others": ["ACME002"]})
    assert unlisted not in complaints(pack)
    case(pack, "fail", [], {"others": ["ACME002"]})
    assert "ACME002: others lists it, and it fails nothing here" in complaints(pack)
    case(pack, "fail", [BARE_BUCKET], {**own, "ACME002": {"aws_s3_bucket.bare": "fail"}})
    assert unlisted not in complaints(pack)
    passing = {"ACME001": {"aws_s3_bucket.quiet": "pass"}}
    case(pack, "pass", [quiet], passing)
    assert not any("quiet" in each for each in complaints(pack))


def test_of_another_rule_that_may_fail_anything_the_addresses_listed_still_count(
    pack: Path,
) -> None:
    write_pack(pack, other=OTHER)
    both = [BARE_BUCKET, change("aws_s3_bucket.also")]
    bare = {"aws_s3_bucket.bare": "fail"}
    folder = case(pack, "fail", both, {"ACME001": bare, "ACME002": bare, "others": ["ACME002"]})
    assert not any("ACME002 aws_s3_bucket.also" in each for each in complaints(pack))
    bench(pack, accept=True)
    assert json.loads((folder / "expected.json").read_text())["ACME002"] == bare
    case(pack, "fail", both, {"ACME002": {"aws_s3_bucket.bare": "pass"}, "others": ["ACME002"]})
    assert "ACME002 aws_s3_bucket.bare: expected pass, got fail: it is there" in complaints(pack)


def test_what_holds_for_all_fixtures_is_said_once_beside_them(pack: Path) -> None:
    write_pack(pack, other=OTHER)
    assert any(each.startswith("ACME002 aws_s3_bucket") for each in complaints(pack))
    (pack.parent / "fixtures" / "rules" / "expected.json").write_text('{"others": ["ACME002"]}')
    assert not any(each.startswith("ACME002 aws_s3_bucket") for each in complaints(pack))


def test_accept_lists_what_is_said_and_keeps_the_rest(pack: Path) -> None:
    write_pack(pack, other=OTHER)
    traps = {"traps": {"it looks bare": "aws_s3_bucket.named"}}
    folder = case(pack, "fail", [BARE_BUCKET, NAMED], {"ACME001": {"gone.b": "fail"}, **traps})
    bench(pack, accept=True)
    assert json.loads((folder / "expected.json").read_text()) == {
        "ACME001": {"aws_s3_bucket.bare": "fail", "aws_s3_bucket.named": "pass"},
        "others": ["ACME002"],
        **traps,
    }


def test_accept_does_not_make_a_case_show_what_it_does_not(pack: Path) -> None:
    case(pack, "fail", [NAMED], {})
    found = bench(pack, accept=True)
    assert found.exit_code == 1


def test_a_fixture_may_set_the_parameters_of_its_rule(pack: Path) -> None:
    text = RULE.replace("import Known,", "import Known, Parameter,").replace(
        '("aws_s3_bucket",))', '("aws_s3_bucket",), (Parameter("word", "name", "a word"),))'
    )
    write_pack(pack, rule=text.replace('"it has no name"', 'parameters["word"]'))
    case(pack, "fail", [BARE_BUCKET], {"parameters": {"word": "spoken"}})
    assert complaints(pack) == [
        "ACME001 aws_s3_bucket.bare: not in expected.json, got fail: spoken"
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("expected.json", "{", "expected.json: not JSON: "),
        ("expected.json", "[]", "expected.json: an object belongs here"),
        ("expected.json", '{"trap": {}}', "unknown key 'trap'; did you mean traps?"),
        ("expected.json", '{"parameters": ["days"]}', "parameters maps names to values"),
        ("expected.json", '{"parameters": {"days": 1}}', "no parameter of ACME001 is called so"),
        ("expected.json", '{"source": "no"}', "source is true or false"),
        ("expected.json", '{"traps": {"words": 1}}', "not 'words' to 1"),
        ("expected.json", '{"ACME001": {"a.b": "failed"}}', "not 'a.b' to 'failed'"),
        ("plan.json", "{", "plan.json: "),
    ],
)
def test_a_fixture_that_cannot_be_read_ends_in_2_and_the_others_are_tried(
    pack: Path, name: str, text: str, said: str
) -> None:
    folder = case(pack, "fail", [NAMED], {})
    (folder / name).write_text(text)
    found = bench(pack)
    assert found.exit_code == 2
    errors = {trial.fixture.case: trial.errors for trial in found.trials}
    assert (errors["pass"], errors["unknown"]) == ((), ())
    assert said in errors["fail"][0]


def test_a_rule_that_crashes_ends_in_2_and_is_not_accepted(pack: Path) -> None:
    write_pack(pack, rule=RULE.replace("at = bucket.address", "at = LOST"))
    folder = pack.parent / "fixtures" / "rules" / "ACME001" / "fail"
    before = (folder / "expected.json").read_text()
    found = bench(pack, accept=True)
    assert found.exit_code == 2
    assert "crashed and judged nothing: NameError" in found.trials[0].errors[0]
    assert (folder / "expected.json").read_text() == before


def test_the_command_tells_it_all_with_paths_from_where_it_runs(pack: Path) -> None:
    case(pack, "fail", [BARE_BUCKET, NAMED], {"ACME001": {"aws_s3_bucket.bare": "pass"}})
    done = run("test", cwd=pack.parent)
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode().splitlines() == [
        "fixtures/rules/ACME001/fail",
        "  ACME001 aws_s3_bucket.bare: expected pass, got fail: it has no name",
        "  ACME001 aws_s3_bucket.named: not in expected.json, got pass: it has a name",
        "FAIL: 1 rule of rules, 2 of 3 fixtures in fixtures/rules as expected",
    ]


def test_every_configured_pack_is_tried_where_none_is_named(pack: Path) -> None:
    other = write_pack(pack.parent / "more", other=OTHER)
    done = run("test", "--pack", pack, "--pack", other)
    assert done.returncode == 1
    ends = [
        line.split(" in ")[0] for line in done.stdout.decode().splitlines() if ": 1 rule" in line
    ]
    assert ends == [
        f"PASS: 1 rule of {pack}, 3 of 3 fixtures",
        f"FAIL: 1 rule of {other}, 0 of 0 fixtures",
    ]


def test_a_pack_that_takes_a_built_in_id_is_not_tried(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "own", rule=RULE.replace("ACME001", "PS101"))
    done = run("test", folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"PS101 is already the id of " in done.stderr


def test_without_a_plan_and_without_terraform_it_says_so(pack: Path) -> None:
    plan = pack.parent / "fixtures" / "rules" / "ACME001" / "fail" / "plan.json"
    plan.unlink()
    done = run("test", pack, PATH="/nowhere")
    assert done.returncode == 2
    lines = done.stdout.decode().splitlines()
    assert lines[0] == str(plan.parent)
    assert lines[1].startswith("  it cannot be planned: terraform is not on PATH")
    assert lines[2].startswith("NOT JUDGED: 1 rule of ")


@pytest.mark.usefixtures("terraform")
def test_a_missing_plan_is_made_and_a_present_one_only_when_asked(pack: Path) -> None:
    folder = pack.parent / "fixtures" / "rules" / "ACME001" / "fail"
    (folder / "main.tf").write_text('resource "aws_s3_bucket" "bare" {}\n')
    (folder / "expected.json").write_text('{"ACME001": {"aws_s3_bucket.bare": "unknown"}}')
    (folder / "plan.json").unlink()
    path = os.environ["PATH"]
    run("test", pack, PATH=path)
    made = (folder / "plan.json").read_bytes()
    assert b"aws_s3_bucket.bare" in made
    (folder / "plan.json").write_bytes(made.replace(b"bare", b"worn"))
    run("test", pack, PATH=path)
    assert b"worn" in (folder / "plan.json").read_bytes()
    run("test", pack, "--plan", PATH=path)
    assert (folder / "plan.json").read_bytes() == made


def test_the_built_in_pack_passes_its_own_fixtures() -> None:
    done = run("test", "rules", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b""), done.stdout.decode()
