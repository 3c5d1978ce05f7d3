"""Running a pack: crashes show, gates hold, exit codes tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.engine import Outcome, Settings, judge, load_pack
from policyscan.errors import ConfigError, PackError
from policyscan.rule import Verdict
from tests.packs import write_pack as pack
from tests.plans import change, graph_of

GOOD = """
from policyscan.rule import Parameter, Rule, Severity, fail, passed

RULE = Rule("XX100", "bucket-there", "TEST", Severity.{severity}, "t", ("aws_s3_bucket",),
            (Parameter("limit", 3, "a limit"),))


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        yield {verdict}(bucket.address, f"limit {{parameters['limit']}}")
"""
CRASH = """
from policyscan.rule import Rule, Severity

RULE = Rule("XX200", "crashing", "TEST", Severity.LOW, "t", ("aws_s3_bucket",))


def check(platform, parameters):
    raise KeyError("lost")
    yield
"""
TWICE = """
from policyscan.rule import Rule, Severity, passed

RULE = Rule("XX300", "twice", "TEST", Severity.LOW, "t", ("aws_s3_bucket",))


def check(platform, parameters):
    yield passed("a.b", "once")
    yield passed("a.b", "again")
"""


def outcome(folder: Path, settings: Settings | None = None, **more: Any) -> Outcome:
    graph = graph_of([change("aws_s3_bucket.b")], **more)
    return judge(graph, load_pack(folder), settings or Settings())


def test_a_passing_rule_leaves_with_0(tmp_path: Path) -> None:
    found = outcome(pack(tmp_path, good=GOOD.format(severity="HIGH", verdict="passed")))
    assert found.exit_code("high") == 0


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [("HIGH", "high", 1), ("MEDIUM", "high", 0), ("MEDIUM", "medium", 1), ("CRITICAL", "low", 1)],
)
def test_a_failure_leaves_with_1_from_its_threshold_on(
    tmp_path: Path, severity: str, fail_on: str, code: int
) -> None:
    found = outcome(pack(tmp_path, bad=GOOD.format(severity=severity, verdict="fail")))
    assert found.exit_code(fail_on) == code


def test_an_unknown_fails_only_when_asked_to(tmp_path: Path) -> None:
    text = GOOD.format(severity="LOW", verdict="undetermined").replace(
        "import", "import undetermined,", 1
    )
    found = outcome(pack(tmp_path, unsure=text))
    assert (found.exit_code("low"), found.exit_code("unknown")) == (0, 1)


def test_a_rule_that_crashes_is_an_error_verdict_and_exit_2(tmp_path: Path) -> None:
    good = GOOD.format(severity="HIGH", verdict="passed")
    found = outcome(pack(tmp_path, good=good, crash=CRASH))
    assert found.exit_code("high") == 2
    assert [each.rule.id for each in found.judgements if each.verdict is Verdict.ERROR] == ["XX200"]
    assert [each.rule.id for each in found.judgements if each.verdict is Verdict.PASS] == [
        "PS001",
        "XX100",
    ]
    assert "KeyError" in found.errors[0]


def test_two_verdicts_on_one_address_are_a_crash(tmp_path: Path) -> None:
    found = outcome(pack(tmp_path, twice=TWICE))
    assert found.exit_code("high") == 2
    assert "two verdicts on a.b" in found.errors[0]


@pytest.mark.parametrize("flag", [{"errored": True}, {"complete": False}])
def test_an_errored_or_incomplete_plan_is_never_clean(tmp_path: Path, flag: dict[str, Any]) -> None:
    found = outcome(pack(tmp_path, good=GOOD.format(severity="LOW", verdict="passed")), **flag)
    assert found.exit_code("high") == 2
    gate = next(each for each in found.judgements if each.rule.id == "PS001")
    assert (gate.finding.address, gate.verdict) == ("(plan)", Verdict.ERROR)


def test_a_plan_without_resources_leaves_with_3(tmp_path: Path) -> None:
    rules = load_pack(pack(tmp_path, good=GOOD.format(severity="LOW", verdict="passed")))
    assert judge(graph_of([]), rules, Settings()).exit_code("high") == 3


def test_a_parameter_reaches_the_rule(tmp_path: Path) -> None:
    folder = pack(tmp_path, good=GOOD.format(severity="LOW", verdict="passed"))
    found = outcome(folder, Settings(given={("XX100", "limit"): 9}))
    assert found.judgements[-1].finding.message == "limit 9"


def test_a_selection_that_names_nothing_is_refused(tmp_path: Path) -> None:
    folder = pack(tmp_path, good=GOOD.format(severity="LOW", verdict="passed"))
    with pytest.raises(ConfigError, match="no rule or group is called 'XX10O'"):
        outcome(folder, Settings(select=("XX10O",)))


@pytest.mark.parametrize("name", ["PS001", "plan-inconclusive", "GATE"])
def test_the_gate_can_be_neither_selected_nor_ignored(tmp_path: Path, name: str) -> None:
    folder = pack(tmp_path, good=GOOD.format(severity="LOW", verdict="passed"))
    for settings in (Settings(select=(name,)), Settings(ignore=(name,))):
        with pytest.raises(ConfigError, match=f"{name}: PS001 runs always"):
            outcome(folder, settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RULE = 3\ndef check(): pass\n", "RULE must be a Rule"),
        ("import nowhere_at_all\n", "ModuleNotFoundError"),
        ("def check(:\n", "SyntaxError"),
    ],
)
def test_a_broken_rule_file_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PackError) as refused:
        load_pack(pack(tmp_path, broken=text))
    assert "broken.py" in str(refused.value)
    assert said in str(refused.value)


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    good = GOOD.format(severity="LOW", verdict="passed")
    with pytest.raises(PackError, match="already the id of"):
        load_pack(pack(tmp_path, one=good, two=good))


def test_an_empty_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no rule in this folder"):
        load_pack(tmp_path)
