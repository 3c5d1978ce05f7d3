"""Platforms unlike the reference get right verdicts or an honest unknown, never a wrong one.

Each folder of `fixtures/variants` holds a configuration, the plan Terraform made of it, and
`expected.json`: the truth by rule and address, written down from the configuration before the
rules were run. There "unknown" is the truth where the configuration cannot tell either.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.plan.replay import enriched
from policyscan.planner.replay import replay
from policyscan.rule import Verdict
from policyscan.source import read_source

ROOT = Path(__file__).parent.parent.parent
FOLDERS = sorted(file.parent for file in (ROOT / "fixtures" / "variants").glob("*/expected.json"))
PLAN_ALONE = "by the plan alone"
WITH_SOURCE = "with source"
REPLAYED = "by replay"
LEAST_DEFINITE = {PLAN_ALONE: 0.0, WITH_SOURCE: 0.90, REPLAYED: 0.98}
"""The share of pass, fail and na among all verdicts that each reading has to bring."""
LEAST_TOLD = 0.95
"""The share of instances of which a replay leaves no verdict undecided that can be decided."""

Verdicts = dict[tuple[str, str], str]


def truth_of(folder: Path) -> Verdicts:
    document = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return {
        (rule, address): verdict
        for rule, verdicts in document.items()
        for address, verdict in verdicts.items()
    }


def source_of(folder: Path) -> Path:
    fixture = yaml.safe_load((folder / "fixture.yaml").read_text(encoding="utf-8"))
    return folder / str((fixture or {}).get("configuration", "."))


@cache
def verdicts_on(folder: Path, reading: str) -> Verdicts:
    """What the built-in pack says of the rules that the truth speaks of."""
    plan = read_plan((folder / "plan.json").read_bytes(), f"{folder.name}/plan.json")
    source = None if reading == PLAN_ALONE else read_source(source_of(folder))
    if reading == REPLAYED:
        plan = enriched(plan, replay(plan, source_of(folder), seconds=60))
    rules = {rule for rule, _ in truth_of(folder)}
    pack = tuple(each for each in load_pack(built_in_pack()) if each.rule.id in rules)
    outcome = judge(ResourceGraph(plan, source), pack, Settings())
    assert outcome.errors == ()
    return {
        (each.rule.id, each.finding.address): str(each.verdict)
        for each in outcome.judgements
        if each.rule.id in rules
    }


variants = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@pytest.fixture(params=[PLAN_ALONE, WITH_SOURCE, REPLAYED])
def reading(request: pytest.FixtureRequest) -> str:
    """How much is at hand; a replay takes Terraform."""
    if request.param == REPLAYED:
        request.getfixturevalue("terraform")
    return str(request.param)


def test_there_are_at_least_fourteen_variants() -> None:
    assert len(FOLDERS) >= 14


def test_every_rule_has_something_to_pass_and_something_to_fail_among_the_variants() -> None:
    found: dict[str, set[str]] = {}
    for folder in FOLDERS:
        for (rule, _), verdict in truth_of(folder).items():
            found.setdefault(rule, set()).add(verdict)
    assert {rule for rule, kinds in found.items() if not {"pass", "fail"} <= kinds} == set()


@variants
def test_no_definite_verdict_differs_from_the_truth(folder: Path, reading: str) -> None:
    truth = truth_of(folder)
    wrong = {
        f"{rule} {address}": f"{verdict}, in truth {truth[rule, address]}"
        for (rule, address), verdict in verdicts_on(folder, reading).items()
        if (rule, address) in truth and verdict not in {truth[rule, address], Verdict.UNKNOWN}
    }
    assert wrong == {}


@variants
def test_no_address_is_missing_and_none_unexpected(folder: Path, reading: str) -> None:
    assert sorted(verdicts_on(folder, reading)) == sorted(truth_of(folder))


def test_most_verdicts_are_definite_when_source_is_at_hand(
    reading: str, record_property: Callable[[str, object], None]
) -> None:
    found = [
        (rule, verdict)
        for folder in FOLDERS
        for (rule, _), verdict in verdicts_on(folder, reading).items()
    ]
    by_rule: dict[str, list[str]] = {}
    for rule, verdict in sorted(found):
        by_rule.setdefault(rule, []).append(verdict)
    shares = {rule: _definite(verdicts) for rule, verdicts in by_rule.items()}
    share = _definite([verdict for _, verdict in found])
    least = ", ".join(
        f"{rule} {part:.0%}"
        for rule, part in sorted(shares.items(), key=lambda pair: pair[1])[:5]
        if part < 1
    )
    record_property(
        "figure",
        f"{share:.1%} of {len(found)} verdicts on {len(FOLDERS)} variants are definite {reading}"
        f"; least: {least or 'all alike'}",
    )
    assert share >= LEAST_DEFINITE[reading]


def test_a_replay_leaves_nothing_that_decides_unknown(
    terraform: None,  # noqa: ARG001 - skips
    record_property: Callable[[str, object], None],
) -> None:
    undecided: set[str] = set()
    judged: set[str] = set()
    for folder in FOLDERS:
        truth = truth_of(folder)
        for where, verdict in verdicts_on(folder, REPLAYED).items():
            instance = f"{folder.name} {where[1]}"
            judged.add(instance)
            if verdict == Verdict.UNKNOWN != truth[where]:
                undecided.add(instance)
    share = 1 - len(undecided) / len(judged)
    record_property("figure", f"a replay decides {share:.1%} of {len(judged)} instances")
    assert share >= LEAST_TOLD


def _definite(verdicts: list[str]) -> float:
    return sum(verdict != Verdict.UNKNOWN for verdict in verdicts) / len(verdicts)
