"""Configurations that nobody thought of: our edges against Terraform's, again.

POLICYSCAN_FUZZ=200 tries that many.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policyscan.graph import ResourceGraph
from policyscan.graph.dot import read_dot
from policyscan.plan import read_plan
from policyscan.planner import make_plan
from policyscan.planner.offline import draw_graph
from policyscan.source import read_source
from tests.graph.planned import blocks_of
from tests.graph.random_configuration import write_configuration
from tests.graph.test_ground_truth import pairs_of, reachable

SEEDS = range(int(os.environ.get("POLICYSCAN_FUZZ", "6")))


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_configuration_has_terraforms_edges(seed: int, tmp_path: Path) -> None:
    write_configuration(tmp_path, seed)
    plan = read_plan(make_plan(tmp_path).plan_json, "plan.json")
    printed = read_dot(draw_graph(tmp_path))
    by_source = ResourceGraph(plan, read_source(tmp_path))
    by_plan = ResourceGraph(plan)
    by_drawing = ResourceGraph(plan, drawn=printed)
    planned = set(blocks_of(by_plan).values())
    told = {pair for pair in reachable(set(printed)) if planned.issuperset(pair)}
    assert reachable(pairs_of(by_source)) == told
    assert reachable(pairs_of(by_plan)) - told == set()
    # Without any edge there is nothing drawn, and nothing to be made up for.
    assert reachable(pairs_of(by_drawing)) == told
