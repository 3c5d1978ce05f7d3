"""Which resource depends on which: equal to what Terraform itself says."""

from __future__ import annotations

import networkx as nx
import pytest

from policyscan.graph import Confidence, EdgeKind, ResourceGraph
from policyscan.graph.dot import read_dot
from tests.graph.planned import NAMES, blocks_of, drawn, graph_of

Pairs = set[tuple[str, str]]


def reachable(pairs: Pairs) -> Pairs:
    """Every (from, to) that a chain of pairs leads along."""
    closed = nx.transitive_closure(nx.DiGraph(pairs), reflexive=False)
    return {(source, target) for source, target in closed.edges if source != target}


def pairs_of(graph: ResourceGraph) -> Pairs:
    """Our `depends` edges between instances, told of their blocks.

    What the configuration no longer holds is in no graph of Terraform's.
    """
    block = blocks_of(graph)
    written = {each.address for each in graph.plan.resources if each.config is not None}
    edges = (edge for edge in graph.edges.all(EdgeKind.DEPENDS) if not edge.is_hint)
    return {(block[edge.source], block[edge.target]) for edge in edges if edge.source in written}


def told_by_terraform(name: str, graph: ResourceGraph) -> Pairs:
    """Its reachability between blocks that have an instance; the others are walked through."""
    planned = set(blocks_of(graph).values())
    told = reachable(set(read_dot(drawn(name))))
    return {pair for pair in told if planned.issuperset(pair)}


def test_there_are_twenty_configurations_and_more() -> None:
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_with_source_the_edges_are_terraforms_none_missing_none_extra(name: str) -> None:
    graph = graph_of(name)
    ours = reachable(pairs_of(graph))
    theirs = told_by_terraform(name, graph)
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []


LEFT_OUT_OF_PLANS = {
    "conditions": "preconditions, postconditions, validation of variables",
    "dynamic_blocks": "what stands inside dynamic blocks",
    "json_syntax": "locals, replace_triggered_by and a dynamic block",
    "joined_wrongly_elsewhere": "a local",
    "locals": "locals",
    "oddities": "imports, validation of variables and locals",
    "provider_references": "a local in a provider block",
    "provisioners": "connections",
    "replace_triggered_by": "replace_triggered_by",
}
"""Why the plan alone shows too little of a configuration."""


@pytest.mark.parametrize("name", NAMES)
def test_by_the_plan_alone_only_what_plans_leave_out_is_missing(name: str) -> None:
    graph = graph_of(name, source=False)
    missing = told_by_terraform(name, graph) - reachable(pairs_of(graph))
    assert bool(missing) == (name in LEFT_OUT_OF_PLANS)


@pytest.mark.parametrize("name", NAMES)
def test_by_the_plan_alone_no_edge_is_extra(name: str) -> None:
    graph = graph_of(name, source=False)
    assert sorted(reachable(pairs_of(graph)) - told_by_terraform(name, graph)) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_terraform_graph_printed_makes_up_for_missing_source(name: str) -> None:
    plan = graph_of(name, source=False).plan
    graph = ResourceGraph(plan, drawn=read_dot(drawn(name)))
    assert reachable(pairs_of(graph)) == told_by_terraform(name, graph)
    static = graph_of(name, source=False)
    added = set(graph.edges.all(EdgeKind.DEPENDS)) - set(static.edges.all(EdgeKind.DEPENDS))
    assert {edge.confidence for edge in added} <= {Confidence.INFERRED}
    assert bool(added) == (name in LEFT_OUT_OF_PLANS)


@pytest.mark.parametrize("name", NAMES)
def test_whether_one_waits_for_another_is_what_the_edges_say(name: str) -> None:
    graph = graph_of(name)
    edges = (edge for edge in graph.edges.all(EdgeKind.DEPENDS) if not edge.is_hint)
    ours = reachable({(edge.source, edge.target) for edge in edges})
    addresses = sorted(blocks_of(graph))
    told = {(a, b) for a in addresses for b in addresses if graph.depends_on(a, b)}
    assert told == ours
