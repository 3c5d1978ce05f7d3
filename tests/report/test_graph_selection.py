"""Which part of a graph is shown."""

from __future__ import annotations

import pytest

from policyscan.errors import PolicyscanError
from policyscan.graph import EdgeKind
from policyscan.plan.address import module_text
from policyscan.report import graph_selection
from policyscan.report.graph_selection import (
    Kind,
    around,
    between,
    by_module,
    telling,
    whole,
)
from tests.plans import change, graph_of
from tests.report.graphs import CHAIN, addresses, chain

SERVICE, TASK, REPOSITORY = CHAIN


def test_the_whole_graph_holds_every_instance_and_every_edge() -> None:
    graph = chain()
    shown = whole(graph, Kind.ALL)
    assert addresses(shown) == sorted(r.address for r in graph.plan.resources)
    assert shown.edges == tuple(graph.edges.all())
    assert {edge.kind for edge in shown.edges} == set(EdgeKind)


@pytest.mark.parametrize("kind", [Kind.VALUE, Kind.DEPENDS])
def test_a_kind_leaves_the_other_out_and_keeps_every_instance(kind: Kind) -> None:
    shown = whole(chain(), kind)
    assert {str(edge.kind) for edge in shown.edges} == {str(kind)}
    assert len(shown.nodes) == 4


def test_people_are_told_of_values_and_of_depends_on() -> None:
    told = [(e.kind, e.from_attribute) for e in whole(chain(), Kind.TOLD).edges]
    assert told == [
        (EdgeKind.DEPENDS, "depends_on"),
        (EdgeKind.VALUE, "task_definition"),
        (EdgeKind.VALUE, "container_definitions"),
    ]


def test_of_what_only_the_state_knows_people_are_told_what_it_waited_for() -> None:
    gone = ("aws_eip.e", "aws_vpc.v")
    state = [
        {
            "address": address,
            "mode": "managed",
            "type": address.split(".")[0],
            "name": address.split(".")[1],
            "values": {},
            "depends_on": waits,
        }
        for address, waits in zip(gone, [["aws_vpc.v"], []], strict=True)
    ]
    graph = graph_of(
        [change(address, actions=("delete",), before={}) for address in gone],
        prior_state={
            "format_version": "1.0",
            "values": {"root_module": {"resources": state}},
        },
    )
    edges = whole(graph, Kind.TOLD).edges
    assert [(edge.source, edge.target) for edge in edges] == [gone]


def test_around_a_node_both_directions_are_walked() -> None:
    assert addresses(around(chain(), TASK, Kind.ALL)) == sorted(CHAIN)


def test_depth_counts_steps() -> None:
    graph = chain()
    one = around(graph, SERVICE, Kind.VALUE, 1)
    two = around(graph, SERVICE, Kind.VALUE, 2)
    assert (addresses(one), addresses(two)) == (sorted([SERVICE, TASK]), sorted(CHAIN))


def test_a_lone_instance_is_around_itself() -> None:
    shown = around(chain(), "aws_s3_bucket.alone", Kind.ALL)
    assert (addresses(shown), shown.edges) == (["aws_s3_bucket.alone"], ())


def test_a_path_has_its_hops_in_order() -> None:
    shown = between(chain(), SERVICE, REPOSITORY, Kind.VALUE)
    assert [(edge.source, edge.target) for edge in shown.edges] == [
        (SERVICE, TASK),
        (TASK, REPOSITORY),
    ]


def test_a_path_takes_the_shorter_way_of_any_kind() -> None:
    edges = between(chain(), SERVICE, REPOSITORY, Kind.ALL).edges
    assert [(edge.kind, edge.from_attribute) for edge in edges] == [
        (EdgeKind.DEPENDS, "depends_on")
    ]


@pytest.mark.parametrize("kind", Kind)
def test_against_the_edges_there_is_no_path_but_both_ends_are_shown(kind: Kind) -> None:
    shown = between(chain(), REPOSITORY, SERVICE, kind)
    assert (addresses(shown), shown.edges) == (sorted([SERVICE, REPOSITORY]), ())


def test_a_wait_is_told_only_where_no_value_comes_from_the_same_node() -> None:
    told = [(e.kind, e.source, e.target) for e in telling(whole(chain(), Kind.ALL).edges)]
    assert told == [
        (EdgeKind.DEPENDS, SERVICE, REPOSITORY),
        (EdgeKind.VALUE, SERVICE, TASK),
        (EdgeKind.VALUE, TASK, REPOSITORY),
    ]


def test_more_edges_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_selection, "_MOST_EDGES", 4)
    with pytest.raises(PolicyscanError, match="more than 4 edges"):
        whole(chain(), Kind.ALL)
    assert len(whole(chain(), Kind.VALUE).edges) == 2


def test_modules_come_before_those_inside_them_and_each_once() -> None:
    names = ("module.a-b", 'module.a["x"].module.c', 'module.a["x"]', "module.a[0]")
    graph = graph_of([change(f"{name}.aws_eip.e") for name in names])
    found = [
        (module_text(module), len(nodes))
        for module, nodes in by_module(whole(graph, Kind.ALL).nodes)
    ]
    assert found == [
        ("", 0),
        ("module.a-b", 1),
        ('module.a["x"]', 1),
        ('module.a["x"].module.c', 1),
        ("module.a[0]", 1),
    ]


def test_a_deposed_object_is_a_node_of_its_own() -> None:
    graph = graph_of(
        [
            change("aws_eip.e", actions=("no-op",)),
            change("aws_eip.e", actions=("delete",), deposed="4ad2"),
        ]
    )
    assert addresses(whole(graph, Kind.ALL)) == ["aws_eip.e", "aws_eip.e (deposed 4ad2)"]
