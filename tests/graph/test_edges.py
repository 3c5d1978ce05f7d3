"""Edges as they are asked for: out of an instance, into one, and along a way."""

from __future__ import annotations

import pytest

from policyscan.graph import Confidence, Edge, EdgeKind, ResourceGraph
from tests.graph.planned import graph_of as planned
from tests.plans import block, change, constant, graph_of, references

COUNT = 200


def hop(edge: Edge) -> tuple[str, str, str, str, str]:
    return (edge.target, str(edge.kind), edge.from_attribute, edge.to_attribute, edge.confidence)


def splat_of_splats() -> ResourceGraph:
    """COUNT instances that each refer to a splat of COUNT others and depend on a whole module."""
    inside = {"resources": [block("aws_vpc.v", count_expression=constant(COUNT))]}
    return graph_of(
        [
            change(name, unknown={"subnets": True}, module_address="module.m")
            if name.startswith("module")
            else change(name, unknown={"subnets": True})
            for number in range(COUNT)
            for name in (
                f"aws_subnet.s[{number}]",
                f"aws_lb.l[{number}]",
                f"module.m.aws_vpc.v[{number}]",
            )
        ],
        {
            "resources": [
                block("aws_subnet.s", count_expression=constant(COUNT), depends_on=["module.m"]),
                block(
                    "aws_lb.l",
                    {"subnets": {"references": ["aws_subnet.s"]}},
                    count_expression=constant(COUNT),
                ),
            ],
            "module_calls": {"m": {"source": "./m", "module": inside}},
        },
    )


def test_edges_out_of_an_instance_tell_attribute_kind_and_confidence() -> None:
    graph = planned("for_each_maps")
    assert [hop(edge) for edge in graph.edges.out_of('aws_nat_gateway.zone["a"]')] == [
        ('aws_eip.zone["a"]', "depends", "allocation_id", "id", "exact"),
        ('aws_eip.zone["a"]', "value", "allocation_id", "id", "exact"),
        ('aws_subnet.zone["a"]', "depends", "subnet_id", "id", "exact"),
        ('aws_subnet.zone["a"]', "value", "subnet_id", "id", "exact"),
    ]


def test_edges_into_an_instance_come_from_each_that_names_it() -> None:
    graph = planned("for_each_maps")
    into = graph.edges.into('aws_subnet.zone["a"]')
    assert sorted({edge.source for edge in into}) == [
        'aws_nat_gateway.zone["a"]',
        'aws_route_table.zone["a"]',
        "aws_route_table_association.first",
    ]


def test_an_edge_tells_the_way_through_inputs_and_outputs() -> None:
    graph = planned("outputs_chained")
    [edge] = (
        edge
        for edge in graph.edges.out_of("module.dns.aws_route53_record.r")
        if edge.from_attribute == "records" and edge.kind is EdgeKind.DEPENDS
    )
    assert edge.target == "module.cluster.aws_lb.l"
    assert edge.via == ("module.dns.var.target", "module.cluster.output.dns_name")


def test_an_edge_by_depends_on_of_a_module_call_names_the_call() -> None:
    graph = planned("module_depends_on")
    ways = {
        edge.via
        for edge in graph.edges.out_of("module.service.terraform_data.one")
        if edge.target == "terraform_data.push"
    }
    assert ways == {("module.service.depends_on",)}


def test_a_path_is_a_shortest_chain_that_prefers_values() -> None:
    graph = planned("containers")
    chain = graph.edges.path('aws_ecs_service.service["api"]', 'aws_ecr_repository.image["api"]')
    assert [(edge.source, *hop(edge)) for edge in chain] == [
        (
            'aws_ecs_service.service["api"]',
            'aws_ecs_task_definition.task["api"]',
            "value",
            "task_definition",
            "arn",
            "exact",
        ),
        (
            'aws_ecs_task_definition.task["api"]',
            'aws_ecr_repository.image["api"]',
            "value",
            "container_definitions",
            "repository_url",
            "exact",
        ),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ('aws_ecr_repository.image["api"]', 'aws_ecs_service.service["api"]'),
        ('aws_ecs_service.service["api"]', 'aws_ecr_repository.image["job"]'),
        ("aws_ecs_cluster.c", "aws_ecs_cluster.c"),
        ("aws_ecs_cluster.c", "aws_ecs_cluster.nowhere"),
    ],
)
def test_there_is_no_path_backwards_nor_to_another_key_nor_to_itself(start: str, end: str) -> None:
    graph = planned("containers")
    assert graph.edges.path(start, end) == ()
    assert not graph.depends_on(start, end)


def test_a_path_runs_through_blocks_that_have_no_instance() -> None:
    graph = planned("gates")
    chain = graph.edges.path("aws_lb.l", "terraform_data.source")
    assert [(edge.source, edge.target) for edge in chain] == [("aws_lb.l", "terraform_data.source")]
    assert chain[0].via == ("aws_subnet.gated.vpc_id", "aws_vpc.gated.tags")


def test_a_value_handed_on_by_a_terraform_data_is_an_edge_into_where_it_came_from() -> None:
    graph = graph_of(
        [
            change("aws_subnet.a", unknown={"id": True}),
            change("terraform_data.t", unknown={"input": True, "output": True}),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.a"),
                block("terraform_data.t", {"input": references("aws_subnet.a.id")}),
                block("aws_lb.l", {"subnets": references("terraform_data.t.output")}),
            ]
        },
    )
    into = [(edge.source, str(edge.kind)) for edge in graph.edges.into("aws_subnet.a")]
    assert into == [
        ("aws_lb.l", "value"),
        ("terraform_data.t", "depends"),
        ("terraform_data.t", "value"),
    ]


def test_edges_of_one_kind_are_asked_for_by_it() -> None:
    edges = planned("counts").edges
    every = list(edges.all())
    for kind in EdgeKind:
        assert list(edges.all(kind)) == [edge for edge in every if edge.kind is kind]
    assert every == sorted(every, key=lambda edge: (edge.source, edge.target, edge.kind))


def test_an_address_that_is_not_there_has_no_edges() -> None:
    edges = planned("counts").edges
    assert edges.out_of("aws_vpc.nowhere") == edges.into("aws_vpc.nowhere") == ()
    assert not edges.depends_on("aws_vpc.nowhere", "aws_vpc.main")


def test_many_that_refer_to_many_share_hubs() -> None:
    graph = splat_of_splats()
    assert graph.edges.network.number_of_edges() < 10 * COUNT
    assert graph.depends_on("aws_lb.l[0]", f"module.m.aws_vpc.v[{COUNT - 1}]")
    assert len(graph.edges.out_of("aws_lb.l[3]")) == 2 * COUNT
    sources = {edge.source for edge in graph.edges.into("module.m.aws_vpc.v[7]")}
    assert sources == {f"aws_subnet.s[{number}]" for number in range(COUNT)}
    assert len(graph.edges.path("aws_lb.l[0]", "module.m.aws_vpc.v[5]")) == 2


def test_a_graph_nobody_asks_for_edges_follows_nothing() -> None:
    graph = splat_of_splats()
    assert graph._edges is None  # noqa: SLF001 - that nothing was built shows nowhere else
    edges = graph.edges
    assert edges.depends_on("module.m.aws_vpc.v[0]", "aws_lb.l[0]") is False
    assert len(edges._dependencies._hops) < 5  # noqa: SLF001 - likewise


def hinting(relevant: list[dict[str, object]], **more: object) -> ResourceGraph:
    """A load balancer whose subnets come out of a local that no source tells of."""
    return graph_of(
        [
            change("aws_subnet.a"),
            change("aws_subnet.b"),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.a"),
                block("aws_subnet.b"),
                block("aws_lb.l", {"subnets": references("local.subnets")}),
                block("aws_lb.m", {"subnets": references("aws_subnet.b.id")}),
            ]
        },
        relevant_attributes=relevant,
        **more,
    )


A: dict[str, object] = {"resource": "aws_subnet.a", "attribute": ["id"]}
B: dict[str, object] = {"resource": "aws_subnet.b", "attribute": ["id"]}
B_ARN: dict[str, object] = {"resource": "aws_subnet.b", "attribute": ["arn"]}


@pytest.mark.parametrize(
    ("relevant", "expected"),
    [
        ([A], [("aws_subnet.a", "depends", "", "id", Confidence.INFERRED)]),
        ([A, B], [("aws_subnet.a", "depends", "", "id", Confidence.INFERRED)]),
        (
            [A, B_ARN],
            [
                ("aws_subnet.a", "depends", "", "id", Confidence.AMBIGUOUS),
                ("aws_subnet.b", "depends", "", "arn", Confidence.AMBIGUOUS),
            ],
        ),
        ([B], []),
        ([], []),
    ],
)
def test_a_relevant_attribute_that_no_expression_shows_may_stand_behind_a_local(
    relevant: list[dict[str, object]], expected: list[tuple[str, ...]]
) -> None:
    graph = hinting(relevant)
    edges = graph.edges.out_of("aws_lb.l")
    assert [hop(edge) for edge in edges] == expected
    assert all(edge.is_hint for edge in edges)
    assert all(edge.via == ("local.subnets", "relevant_attributes") for edge in edges)


def test_a_relevant_attribute_names_one_instance_by_its_key() -> None:
    graph = graph_of(
        [
            change('aws_subnet.s["a"]'),
            change('aws_subnet.s["b"]'),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.s", for_each_expression=references("var.zones")),
                block("aws_lb.l", {"subnets": references("local.subnets")}),
            ]
        },
        relevant_attributes=[{"resource": 'aws_subnet.s["b"]', "attribute": ["id"]}],
    )
    assert [edge.target for edge in graph.edges.out_of("aws_lb.l")] == ['aws_subnet.s["b"]']


def test_a_hint_is_shown_and_decides_nothing() -> None:
    graph = hinting([A])
    [edge] = graph.edges.path("aws_lb.l", "aws_subnet.a")
    assert graph.edges.into("aws_subnet.a") == (edge,)
    assert not graph.depends_on("aws_lb.l", "aws_subnet.a")
    balancer = graph.resource("aws_lb.l")
    assert balancer is not None
    assert graph.resolve(balancer, "subnets").targets == ()


def test_what_the_state_says_a_resource_waited_for_may_stand_behind_a_local() -> None:
    state = {
        "values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_lb.l",
                        "mode": "managed",
                        "type": "aws_lb",
                        "name": "l",
                        "values": {},
                        "depends_on": ["aws_subnet.a", "aws_subnet.b"],
                    },
                    {
                        "address": "aws_subnet.a",
                        "mode": "managed",
                        "type": "aws_subnet",
                        "name": "a",
                        "values": {},
                        "depends_on": ["aws_subnet.b"],
                    },
                ]
            }
        }
    }
    graph = hinting([], prior_state=state)
    [edge] = graph.edges.out_of("aws_lb.l")
    assert hop(edge) == ("aws_subnet.a", "depends", "", "", Confidence.INFERRED)
    assert edge.via == ("local.subnets", "prior_state.depends_on")
    assert edge.is_hint
    assert not graph.depends_on("aws_lb.l", "aws_subnet.a")


def test_a_printed_graph_makes_up_for_a_local_and_leaves_no_room_for_hints() -> None:
    plan = hinting([A, B_ARN]).plan
    graph = ResourceGraph(plan, drawn=(("aws_lb.l", "aws_subnet.a"),))
    assert [hop(edge) for edge in graph.edges.out_of("aws_lb.l")] == [
        ("aws_subnet.a", "depends", "", "", Confidence.INFERRED)
    ]
    assert graph.depends_on("aws_lb.l", "aws_subnet.a")
    assert not graph.depends_on("aws_lb.l", "aws_subnet.b")
