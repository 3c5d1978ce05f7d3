"""Joins between instances are proved by a replay: each exactly as written by hand."""

from __future__ import annotations

from functools import cache

import pytest

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan import read_plan
from policyscan.plan.replay import enriched
from policyscan.planner.replay import replay
from policyscan.source import read_source
from tests.graph.joins import Join, load_joins
from tests.graph.planned import FOLDER

pytestmark = pytest.mark.usefixtures("terraform")


@cache
def replayed(name: str) -> ResourceGraph:
    folder = FOLDER / name
    plan = read_plan((folder / "plan.json").read_bytes(), f"{name}/plan.json")
    return ResourceGraph(enriched(plan, replay(plan, folder, seconds=60)), read_source(folder))


@pytest.mark.parametrize("join", load_joins(), ids=str)
def test_a_replay_proves_just_the_join(join: Join) -> None:
    graph = replayed(join.fixture)
    resource = graph.resource(join.source)
    assert resource is not None
    found = graph.resolve(resource, join.attribute)
    assert {(each.address, each.attribute) for each in found.targets} == join.targets
    assert {each.confidence for each in found.targets} <= {Confidence.EXACT}
    assert not found.is_open
