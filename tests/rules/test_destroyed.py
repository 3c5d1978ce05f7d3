"""What a plan destroys is not judged as if it stood."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from policyscan.engine import Settings, judge
from policyscan.graph import ResourceGraph
from policyscan.plan import Plan, Resource, read_plan
from policyscan.rule import Verdict
from tests.rules.test_fixtures import FOLDERS, PACK

DESTROY = ("PS701", "PS702")
"""Rules that judge the destroy itself."""


def gone(resource: Resource) -> Resource:
    """The same instance, which stood and is destroyed."""
    if resource.mode != "managed":
        return resource
    before = resource.after or resource.before
    return replace(resource, actions=("delete",), before=before, after=None, after_unknown=False)


def destroyed(folder: Path) -> Plan:
    plan = read_plan((folder / "plan.json").read_bytes(), folder.name)
    return replace(plan, resources=tuple(map(gone, plan.resources)))


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=[f"{each.parent.name}-{each.name}" for each in FOLDERS]
)
def test_of_a_plan_that_destroys_all_only_the_destroy_is_judged(folder: Path) -> None:
    (rule,) = (each for each in PACK if each.rule.id == folder.parent.name)
    outcome = judge(ResourceGraph(destroyed(folder)), (rule,), Settings())
    assert outcome.errors == ()
    judged = {
        each.finding.address
        for each in outcome.judgements
        if each.rule.id == rule.rule.id and each.verdict is not Verdict.NA
    }
    data = {address for address in judged if address.startswith("data.")}
    assert rule.rule.id in DESTROY or judged == data
