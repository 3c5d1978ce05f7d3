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
from policyscan.rule import Verdict
from policyscan.source import read_source

ROOT = Path(__file__).parent.parent.parent
FOLDERS = sorted(file.parent for file in (ROOT / "fixtures" / "variants").glob("*/expected.json"))
WITH_SOURCE = "with source"
LEAST_DEFINITE = 0.90
"""The share of pass, fail and na among all verdicts that source has to bring."""

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
    source = read_source(source_of(folder)) if reading == WITH_SOURCE else None
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
readings = pytest.mark.parametrize("reading", [WITH_SOURCE, "by the plan alone"])


def test_there_are_at_least_fourteen_variants() -> None:
    assert len(FOLDERS) >= 14


def test_every_rule_has_something_to_pass_and_something_to_fail_among_the_variants() -> None:
    found: dict[str, set[str]] = {}
    for folder in FOLDERS:
        for (rule, _), verdict in truth_of(folder).items():
            found.setdefault(rule, set()).add(verdict)
    assert {rule for rule, kinds in found.items() if not {"pass", "fail"} <= kinds} == set()


@variants
@readings
def test_no_definite_verdict_differs_from_the_truth(folder: Path, reading: str) -> None:
    truth = truth_of(folder)
    wrong = {
        f"{rule} {address}": f"{verdict}, in truth {truth[rule, address]}"
        for (rule, address), verdict in verdicts_on(folder, reading).items()
        if (rule, address) in truth and verdict not in {truth[rule, address], Verdict.UNKNOWN}
    }
    assert wrong == {}


@variants
@readings
def test_no_address_is_missing_and_none_unexpected(folder: Path, reading: str) -> None:
    assert sorted(verdicts_on(folder, reading)) == sorted(truth_of(folder))


@readings
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
    if reading == WITH_SOURCE:
        assert share >= LEAST_DEFINITE


def _definite(verdicts: list[str]) -> float:
    return sum(verdict != Verdict.UNKNOWN for verdict in verdicts) / len(verdicts)
