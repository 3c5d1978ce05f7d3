"""Every rule on its own fixtures: plans real Terraform made, and the verdicts they must get.

`pytest --accept` rewrites every `expected.json`; read the diff as code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyscan.engine import Judgement, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.rule import Setting, Verdict
from policyscan.source import read_source

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "fixtures" / "rules"
FOLDERS = tuple(sorted(file.parent for file in RULES.glob("*/*/main.tf")))
PACK = load_pack(built_in_pack())
REQUIRED = ("pass", "fail", "unknown")
"""The fixtures a rule must have, each named after a verdict that it must show."""

each_fixture = pytest.mark.parametrize(
    "folder", FOLDERS, ids=[f"{folder.parent.name}-{folder.name}" for folder in FOLDERS]
)


def judged(folder: Path) -> tuple[Judgement, ...]:
    """What the rule a fixture belongs to says of its plan, with the source beside it.

    `"source": false` in its `expected.json` judges the plan alone, and `"parameters"` there sets
    parameters of the rule.
    """
    rule = folder.parent.name
    settings = Settings(select=(rule,), given=given(folder))
    plan = read_plan((folder / "plan.json").read_bytes(), str(folder / "plan.json"))
    source = read_source(folder) if expected(folder).get("source", True) else None
    outcome = judge(ResourceGraph(plan, source), PACK, settings)
    assert outcome.errors == ()
    return tuple(each for each in outcome.judgements if each.rule.id == rule)


def given(folder: Path) -> dict[tuple[str, str], Setting]:
    """The parameters that a fixture sets. Raises ConfigError: to something they cannot be."""
    rule = folder.parent.name
    known = {(each.rule.id, one.name): one for each in PACK for one in each.rule.parameters}
    wanted = expected(folder).get("parameters", {})
    return {(rule, name): known[rule, name].checked(value) for name, value in wanted.items()}


def expected(folder: Path) -> dict[str, Any]:
    """The `expected.json` of a fixture, empty where nobody wrote it yet."""
    file = folder / "expected.json"
    if not file.exists():
        return {}
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def expected_verdicts(folder: Path) -> dict[str, str]:
    """The verdicts of a fixture's own rule by address, none where nobody wrote them down."""
    verdicts: dict[str, str] = expected(folder).get(folder.parent.name, {})
    return verdicts


@each_fixture
def test_a_rule_judges_its_fixture_as_expected(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    found = {each.finding.address: str(each.verdict) for each in judged(folder)}
    if request.config.getoption("--accept"):
        document = expected(folder) | {folder.parent.name: found}
        text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "expected.json").write_text(f"{text}\n", encoding="utf-8")
    assert found == expected_verdicts(folder)


@each_fixture
def test_a_failure_names_its_evidence_and_its_fix(folder: Path) -> None:
    bare = [
        each.finding.address
        for each in judged(folder)
        if each.verdict is Verdict.FAIL and not (each.finding.path and each.finding.fix)
    ]
    assert bare == []


@pytest.mark.parametrize("rule", [each.rule.id for each in PACK])
def test_a_rule_has_fixtures_that_pass_fail_and_stay_unknown(rule: str) -> None:
    shown = {name: set(expected_verdicts(RULES / rule / name).values()) for name in REQUIRED}
    missing = [f"fixtures/rules/{rule}/{name}" for name in REQUIRED if name not in shown[name]]
    assert missing == []
    assert shown["pass"] <= {"pass", "na"}


def test_every_fixture_belongs_to_a_rule_of_the_pack() -> None:
    known = {each.rule.id for each in PACK}
    assert [str(folder) for folder in FOLDERS if folder.parent.name not in known] == []
