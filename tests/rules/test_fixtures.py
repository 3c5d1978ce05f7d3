"""Every rule on its own fixtures: plans real Terraform made, and the verdicts they must get.

What `policyscan test rules` says of the rule that each fixture is for; tests/workbench has it try
all rules on all of them. `policyscan test rules --accept` rewrites every `expected.json`; read the
diff as code.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from policyscan.engine import Judgement, Outcome, built_in_pack, load_pack
from policyscan.graph import ResourceGraph
from policyscan.rule import Verdict
from policyscan.workbench.complaints import complaints
from policyscan.workbench.fixture import REQUIRED, Fixture, fixtures_of

RULES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
PACK = load_pack(built_in_pack())
IDS = frozenset(each.rule.id for each in PACK)
FOLDERS = tuple(each.folder for each in fixtures_of(built_in_pack()))

each_fixture = pytest.mark.parametrize(
    "folder", FOLDERS, ids=[f"{folder.parent.name}-{folder.name}" for folder in FOLDERS]
)


@cache
def graph_of(folder: Path) -> ResourceGraph:
    """The graph of a fixture, kept for all who judge it."""
    return Fixture(folder).graph(Fixture(folder).expected())


@cache
def outcome_of(folder: Path) -> Outcome:
    """What the rule a fixture belongs to says of its plan."""
    fixture = Fixture(folder)
    own = tuple(each for each in PACK if each.rule.id == fixture.rule)
    outcome = fixture.judged(own, fixture.expected(), graph_of(folder))
    assert outcome.errors == ()
    return outcome


def judged(folder: Path) -> tuple[Judgement, ...]:
    """The verdicts of a fixture's own rule."""
    return tuple(
        each for each in outcome_of(folder).judgements if each.rule.id == folder.parent.name
    )


@each_fixture
def test_a_rule_judges_its_fixture_as_expected(folder: Path) -> None:
    fixture = Fixture(folder)
    expected = fixture.expected()
    own = replace(expected, verdicts={fixture.rule: expected.of(fixture.rule)}, others=())
    assert [*complaints(fixture, own, outcome_of(folder), frozenset({fixture.rule}))] == []


@each_fixture
def test_a_rule_judges_resources_of_no_other_types_than_it_names(folder: Path) -> None:
    types = {each.rule.id: each.rule.types for each in PACK}
    graph = graph_of(folder)
    strays = [
        (each.rule.id, each.finding.address)
        for each in judged(folder)
        if each.verdict is not Verdict.NA
        and (resource := graph.resource(each.finding.address)) is not None
        and not any(fnmatchcase(resource.type, one) for one in types[each.rule.id])
    ]
    assert strays == []


@pytest.mark.parametrize("rule", sorted(IDS))
def test_a_rule_has_a_fixture_for_each_verdict(rule: str) -> None:
    cases = {folder.name for folder in FOLDERS if folder.parent.name == rule}
    assert set(REQUIRED) - cases == set()


def test_every_fixture_belongs_to_a_rule_of_the_pack() -> None:
    assert [str(folder) for folder in FOLDERS if folder.parent.name not in IDS] == []
