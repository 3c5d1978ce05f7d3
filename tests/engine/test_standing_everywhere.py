"""The world before every plan at hand, those of the corpus where it is beside the repository."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from policyscan.engine import Before, Settings, built_in_pack, judge, load_pack
from policyscan.errors import PolicyscanError
from policyscan.graph import ResourceGraph
from policyscan.plan import Plan, PlanKind, kind_of, read_plan, world_before
from policyscan.rule import Verdict

ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT / "fixtures", ROOT.parent / "shared" / "corpus")
PACK = load_pack(built_in_pack())
FILES = sorted(each for place in PLACES for each in place.rglob("*.json*") if each.is_file())
PLANNED = {PlanKind.CHANGES, PlanKind.NO_CHANGES, PlanKind.DESTROY}


@cache
def plans() -> dict[str, Plan]:
    """Every file that is a plan with resources."""
    return {plan.name: plan for plan in _plans() if kind_of(plan) in PLANNED}


def _plans() -> Iterator[Plan]:
    for path in FILES:
        content = path.read_bytes()
        try:
            text = gzip.decompress(content) if path.suffix == ".gz" else content
            yield read_plan(text, str(path))
        except (PolicyscanError, OSError):
            continue


def test_there_are_plans_of_every_sort() -> None:
    with_before = [each for each in plans().values() if world_before(each) is not None]
    assert len(with_before) > 40
    assert {kind_of(each) for each in with_before} == PLANNED


def test_what_is_new_is_told_alike_each_time_and_of_every_plan() -> None:
    """No rule crashes on what stood before, either."""
    for name, plan in plans().items():
        if world_before(plan) is None:
            continue
        first, second = (
            judge(ResourceGraph(plan), PACK, Settings(), Before(plan, PACK, Settings()))
            for _ in range(2)
        )
        told = [(each.rule.id, each.finding, each.is_new) for each in first.judgements]
        assert told == [(each.rule.id, each.finding, each.is_new) for each in second.judgements]
        assert [each.finding for each in first.fixed] == [each.finding for each in second.fixed]
        assert not [each for each in first.warnings if "crashed" in each], name
        failed = [each for each in first.judgements if each.verdict is Verdict.FAIL]
        changes = {each.address: each for each in plan.resources if not each.deposed}
        if kind_of(plan) is PlanKind.NO_CHANGES:
            assert not [each for each in failed if each.is_new], name
            assert not first.fixed, name
        for each in failed:
            made = changes.get(each.finding.address)
            is_only_created = made is not None and made.actions == ("create",)
            assert each.is_new or not is_only_created, (name, each.finding.address)
        now = {(e.rule.id, e.finding.address) for e in failed}
        assert not now & {(each.rule.id, each.finding.address) for each in first.fixed}, name


def test_the_world_before_leaves_all_as_it_is_and_knows_every_value() -> None:
    for plan in plans().values():
        before = world_before(plan)
        if before is None:
            continue
        assert kind_of(before) is PlanKind.NO_CHANGES or not plan.is_complete
        stood = {each.address for each in plan.resources if each.before is not None}
        assert {each.address for each in before.resources} <= stood
        assert all(each.after == each.before for each in before.resources)
        assert all(each.after_unknown is False for each in before.resources)


def test_a_plan_that_only_creates_has_nothing_standing() -> None:
    found = 0
    for name, plan in plans().items():
        if world_before(plan) is not None or kind_of(plan) is not PlanKind.CHANGES:
            continue
        settings = Settings(select=("OBS", "NAMING"))
        outcome = judge(ResourceGraph(plan), PACK, settings, Before(plan, PACK, settings))
        assert all(each.is_new for each in outcome.judgements), name
        assert outcome.fixed == ()
        found += 1
    assert found > 100
