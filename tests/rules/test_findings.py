"""What every finding of every rule owes its reader, on every plan among the fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from policyscan.engine import Judgement, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.rule import Severity, Verdict
from policyscan.source import read_source

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
PLANS = tuple(sorted(FIXTURES.rglob("plan.json")))
PACK = load_pack(built_in_pack())


def every_judgement(plan: Path) -> Iterator[Judgement]:
    """Every rule on a plan, with the source beside it where there is any."""
    source = read_source(plan.parent) if any(plan.parent.glob("*.tf")) else None
    graph = ResourceGraph(read_plan(plan.read_bytes(), plan.name), source)
    outcome = judge(graph, PACK, Settings())
    assert outcome.errors == ()
    yield from outcome.judgements


each_plan = pytest.mark.parametrize(
    "plan", PLANS, ids=[str(plan.parent.relative_to(FIXTURES)) for plan in PLANS]
)


def said(judgement: Judgement) -> Iterator[str]:
    """Every text that a report shows on one line."""
    finding = judgement.finding
    yield from (finding.address, finding.message, finding.symptom, finding.cause)
    yield from (note.text for note in finding.notes)
    yield from (text for step in finding.path for text in (step.attribute, step.note))


@each_plan
def test_every_finding_is_told_as_its_reader_needs_it(plan: Path) -> None:
    known = {resource.address for resource in read_plan(plan.read_bytes(), plan.name).resources}
    for each in every_judgement(plan):
        finding, where = each.finding, (each.rule.id, each.finding.address)
        assert finding.message, where
        assert [text for text in said(each) if len(text.splitlines()) > 1] == [], where
        assert "Known(" not in "".join(said(each)), where
        if each.verdict is Verdict.FAIL:
            assert finding.path, where
            assert finding.fix, where
            # A broken convention strikes nobody: a name, a tag.
            assert finding.strikes is not None or each.rule.group == "NAMING", where
            assert each.severity in Severity, where
        # A step names what is in the plan, or a variable, or a lookup.
        strays = [step.address for step in finding.path if step.address not in known]
        assert [stray for stray in strays if not stray.startswith("var.")] == [], where
