"""Which instances are in the graph, and what the plan does with each."""

from __future__ import annotations

import pytest

from policyscan.graph import ResourceGraph
from tests.graph.planned import graph_of as planned
from tests.plans import block, change, graph_of, references

OLD = {"id": "vpc-0123456789abcdef0"}


def actions(graph: ResourceGraph) -> dict[str, str]:
    """Address -> actions of every node."""
    return {each.address: "+".join(each.actions) for each in graph.plan.resources}


def test_every_action_of_a_real_second_plan_is_in_the_graph() -> None:
    assert actions(planned("second_plan")) == {
        "aws_internet_gateway.kept": "update",
        "aws_lb.l": "update",
        "aws_nat_gateway.a": "no-op",
        "aws_subnet.moving": "delete+create",
        'aws_subnet.s["a"]': "no-op",
        'aws_subnet.s["b"]': "delete",
        'aws_subnet.s["c"]': "create",
        "aws_vpc.replaced": "delete+create",
        "aws_vpc.stays": "no-op",
    }


def test_data_sources_are_in_the_graph_whether_read_or_still_to_be_read() -> None:
    graph = planned("data_sources")
    reads = {each.address: each.is_deferred for each in graph.plan.resources if each.mode == "data"}
    assert reads == {
        "data.aws_iam_policy_document.deferred": True,
        "data.aws_iam_policy_document.known": False,
        "data.aws_region.after": True,
        "module.m.data.aws_caller_identity.me": True,
    }


def test_a_moved_instance_is_one_node_that_knows_where_it_was() -> None:
    moved = change(
        "aws_vpc.new", actions=("no-op",), before=OLD, after=OLD, previous_address="aws_vpc.old"
    )
    user = change("aws_subnet.s", actions=("no-op",), before={}, after={"vpc_id": OLD["id"]})
    root = {"resources": [block("aws_vpc.new"), block("aws_subnet.s", {})]}
    graph = graph_of([moved, user], root)
    assert actions(graph) == {"aws_subnet.s": "no-op", "aws_vpc.new": "no-op"}
    [node] = graph.of_type("aws_vpc")
    assert node.previous_address == "aws_vpc.old"
    assert [edge.source for edge in graph.edges.into("aws_vpc.new")] == ["aws_subnet.s"]


def test_moves_and_forgotten_instances_of_a_real_plan_are_in_the_graph() -> None:
    graph = planned("moved")
    assert {r.address: r.previous_address for r in graph.plan.resources if r.previous_address} == {
        'aws_subnet.keyed["first"]': "aws_subnet.keyed[0]",
        'aws_subnet.keyed["second"]': "aws_subnet.keyed[1]",
        "aws_vpc.renamed": "aws_vpc.old",
        "module.inside.aws_internet_gateway.out": "aws_internet_gateway.out",
    }
    assert actions(graph)["aws_sqs_queue.forgotten"] == "forget"
    # The state tells what it waited for by where that was then.
    assert graph.depends_on("aws_sqs_queue.forgotten", "aws_vpc.renamed")


def test_an_imported_instance_is_there_with_its_action() -> None:
    imported = change("aws_vpc.v", actions=("update",), before=OLD, after=OLD)
    imported["change"]["importing"] = {"id": OLD["id"]}
    assert actions(graph_of([imported])) == {"aws_vpc.v": "update"}


def test_what_only_the_prior_state_holds_is_there_and_knows_what_it_waited_for() -> None:
    state = {
        "values": {
            "root_module": {
                "resources": [
                    {"address": "aws_vpc.v", "type": "aws_vpc", "name": "v", "values": OLD},
                    {
                        "address": "aws_subnet.s",
                        "type": "aws_subnet",
                        "name": "s",
                        "values": {},
                        "depends_on": ["aws_vpc.v"],
                    },
                ]
            }
        }
    }
    graph = graph_of([], {}, prior_state=state)
    assert actions(graph) == {"aws_subnet.s": "no-op", "aws_vpc.v": "no-op"}
    [edge] = graph.edges.out_of("aws_subnet.s")
    assert (edge.target, str(edge.kind), str(edge.confidence)) == (
        "aws_vpc.v",
        "depends",
        "inferred",
    )
    assert graph.depends_on("aws_subnet.s", "aws_vpc.v")


def test_a_deposed_object_is_a_node_of_its_own_that_no_expression_means() -> None:
    graph = graph_of(
        [
            change("aws_vpc.v", actions=("no-op",), before=OLD, after=OLD),
            change(
                "aws_vpc.v",
                actions=("delete",),
                before={"id": "vpc-0aaaaaaaaaaaaaaa0"},
                deposed="00000001",
            ),
            change("aws_subnet.s", unknown={"vpc_id": True}),
            change("aws_eip.e"),
        ],
        {
            "resources": [
                block("aws_vpc.v", {"cidr_block": references("aws_eip.e.id")}),
                block("aws_eip.e"),
                block("aws_subnet.s", {"vpc_id": references("aws_vpc.v.id")}),
            ]
        },
    )
    deposed = "aws_vpc.v (deposed 00000001)"
    assert graph.resource(deposed) is not None
    assert {edge.target for edge in graph.edges.out_of("aws_subnet.s")} == {"aws_vpc.v"}
    assert graph.edges.into(deposed) == ()
    assert graph.edges.out_of(deposed) == ()
    [subnet] = graph.of_type("aws_subnet")
    [target] = graph.resolve(subnet, "vpc_id").targets
    assert not graph.resource_of(target).deposed
    assert graph.resource_of(target) is graph.resource("aws_vpc.v")


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("vpc_id", "vpc-0123456789abcdef0", "aws_vpc.v"),
        ("role_arn", "arn:aws:iam::123456789012:role/r", "aws_iam_role.r"),
        ("ids", ["vpc-0123456789abcdef0"], "aws_vpc.v"),
        ("nested", [{"deep": {"id": "vpc-0123456789abcdef0"}}], "aws_vpc.v"),
    ],
)
def test_an_id_or_arn_that_stands_in_an_existing_instance_is_an_edge(
    attribute: str, value: object, expected: str
) -> None:
    role = {"id": "r", "arn": "arn:aws:iam::123456789012:role/r"}
    held = {attribute: value}
    graph = graph_of(
        [
            change("aws_vpc.v", actions=("no-op",), before=OLD, after=OLD),
            change("aws_iam_role.r", actions=("no-op",), before=role, after=role),
            change("data.aws_thing.t", actions=("read",), before=held, after=held),
        ],
        {"resources": [block("aws_vpc.v"), block("aws_iam_role.r"), block("data.aws_thing.t")]},
    )
    [edge] = graph.edges.out_of("data.aws_thing.t")
    assert (edge.target, str(edge.kind), edge.from_attribute) == (expected, "value", attribute)
    assert graph.edges.into(expected) == (edge,)
    assert graph.edges.path("data.aws_thing.t", expected) == (edge,)
    assert not graph.depends_on("data.aws_thing.t", expected)


def test_the_name_of_an_existing_instance_is_one_among_its_type_alone() -> None:
    named = {"id": "logs", "name": "logs"}
    user = {"log_group_name": "logs"}
    graph = graph_of(
        [
            change("aws_cloudwatch_log_group.g", actions=("no-op",), before=named, after=named),
            change("aws_ecr_repository.g", actions=("no-op",), before=named, after=named),
            change("aws_cloudwatch_log_stream.s", actions=("no-op",), before=user, after=user),
        ]
    )
    stream = graph.resource("aws_cloudwatch_log_stream.s")
    assert stream is not None
    [target] = graph.resolve(stream, "log_group_name", ["aws_cloudwatch_log_group"]).targets
    assert target.address == "aws_cloudwatch_log_group.g"
    assert graph.resolve(stream, "log_group_name").targets == ()


@pytest.mark.parametrize("owner", ["aws_vpc.v", "module.m.aws_vpc.v"])
def test_a_data_source_that_looks_a_resource_up_does_not_take_its_place(owner: str) -> None:
    user = {"vpc_id": OLD["id"]}
    graph = graph_of(
        [
            change("data.aws_vpc.found", actions=("read",), before=OLD, after=OLD),
            change(owner, actions=("no-op",), before=OLD, after=OLD),
            change("aws_subnet.s", actions=("no-op",), before=user, after=user),
        ]
    )
    assert {edge.target for edge in graph.edges.out_of("aws_subnet.s")} == {owner}
