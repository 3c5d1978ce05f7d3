"""The graph as text for a person."""

from __future__ import annotations

import pytest

from policyscan.graph import Confidence, Edge, EdgeKind, ResourceGraph
from policyscan.report.graph_selection import Kind, Selection, around, between, whole
from policyscan.report.graph_tree import render_graph_path, render_graph_tree
from tests.plans import block, change, graph_of, references
from tests.report.graphs import CHAIN, chain

SERVICE, TASK, REPOSITORY = CHAIN


def lines(selection: Selection, depth: int | None = None) -> list[str]:
    """The tree below its two lines of heading."""
    return render_graph_tree(selection, "plan.json", depth).splitlines()[2:]


def test_each_instance_stands_with_its_sign_over_what_it_takes() -> None:
    assert lines(whole(chain(), Kind.TOLD)) == [
        "",
        "root module",
        "-/+ aws_ecr_repository.r  replace",
        "  + aws_ecs_service.s  create",
        "        task_definition <- aws_ecs_task_definition.t.arn  (exact)",
        "        depends_on <- aws_ecr_repository.r  (exact, depends)",
        "  + aws_ecs_task_definition.t  create",
        "        container_definitions <- aws_ecr_repository.r.repository_url  (exact)",
        "    aws_s3_bucket.alone  no change",
    ]


@pytest.mark.parametrize(
    ("actions", "line"),
    [
        (("create",), "  + aws_eip.e  create"),
        (("update",), "  ~ aws_eip.e  update"),
        (("delete",), "  - aws_eip.e  destroy"),
        (("delete", "create"), "-/+ aws_eip.e  replace"),
        (("create", "delete"), "+/- aws_eip.e  replace"),
        (("no-op",), "    aws_eip.e  no change"),
        (("forget",), "  . aws_eip.e  forget"),
        (("create", "forget"), "  ? aws_eip.e  create, forget"),
    ],
)
def test_signs_are_those_of_terraform(actions: tuple[str, ...], line: str) -> None:
    assert lines(whole(graph_of([change("aws_eip.e", actions=actions)]), Kind.TOLD))[-1] == line


def test_a_data_source_is_read() -> None:
    graph = graph_of([change("data.aws_vpc.v", actions=("read",))])
    assert lines(whole(graph, Kind.TOLD))[-1] == " <= data.aws_vpc.v  read"


def test_more_depth_nests_what_is_taken_from() -> None:
    shown = lines(whole(chain(), Kind.TOLD), 2)
    assert shown[3:6] == [
        "  + aws_ecs_service.s  create",
        "        task_definition <- aws_ecs_task_definition.t.arn  (exact)",
        "            container_definitions <- aws_ecr_repository.r.repository_url  (exact)",
    ]


def test_around_a_node_the_tree_goes_both_ways() -> None:
    assert lines(around(chain(), TASK, Kind.TOLD)) == [
        "",
        "  + aws_ecs_task_definition.t  create",
        "depends on",
        "    container_definitions <- aws_ecr_repository.r.repository_url  (exact)",
        "is depended on by",
        "    aws_ecs_service.s.task_definition <- arn  (exact)",
    ]


def test_a_lone_instance_says_nothing_twice() -> None:
    assert lines(around(chain(), "aws_s3_bucket.alone", Kind.TOLD))[2:] == [
        "depends on nothing",
        "is depended on by nothing",
    ]


def test_a_shared_part_is_written_once() -> None:
    graph = graph_of(
        [
            change("aws_lb.l", unknown={"subnets": True, "security_groups": True}),
            change("aws_subnet.s", unknown={"vpc_id": True}),
            change("aws_vpc.v"),
        ],
        {
            "resources": [
                block(
                    "aws_lb.l",
                    {
                        "security_groups": references("aws_subnet.s.tags"),
                        "subnets": references("aws_subnet.s.id"),
                    },
                ),
                block("aws_subnet.s", {"vpc_id": references("aws_vpc.v.id")}),
                block("aws_vpc.v"),
            ]
        },
    )
    assert lines(around(graph, "aws_lb.l", Kind.TOLD))[3:-1] == [
        "    security_groups <- aws_subnet.s.tags  (exact)",
        "        vpc_id <- aws_vpc.v.id  (exact)",
        "    subnets <- aws_subnet.s.id  (exact), see above",
    ]


def test_a_tree_wider_than_any_screen_says_that_it_goes_on() -> None:
    graph = ladder(45)
    shown = lines(around(graph, "aws_x.r0", Kind.TOLD))
    assert shown[42].endswith("aws_x.r40.id  (exact), goes on")
    assert len(shown) == 44


def ladder(size: int) -> ResourceGraph:
    """Instances that take from one another in a row."""
    names = [f"aws_x.r{number}" for number in range(size)]
    return graph_of(
        [change(name, unknown={"p": True}) for name in names],
        {
            "resources": [
                block(name, {"p": references(f"{after}.id")} if after else {})
                for name, after in zip(names, [*names[1:], ""], strict=True)
            ]
        },
    )


def test_a_circle_comes_to_an_end() -> None:
    nodes = whole(chain(), Kind.TOLD).nodes
    pairs = [(SERVICE, TASK), (TASK, SERVICE)]
    edges = tuple(
        Edge(source, target, EdgeKind.VALUE, "a", "b", Confidence.EXACT) for source, target in pairs
    )
    shown = lines(Selection(nodes, edges, (SERVICE,)))
    assert shown[3:5] == [
        "    a <- aws_ecs_task_definition.t.b  (exact)",
        "        a <- aws_ecs_service.s.b  (exact), see above",
    ]


def test_a_path_is_numbered_with_attribute_confidence_and_the_way() -> None:
    graph = graph_of(
        [change("aws_eip.e", unknown={"tags": True}), change("module.m.aws_vpc.v")],
        {
            "resources": [block("aws_eip.e", {"tags": references("module.m.id")})],
            "module_calls": {
                "m": {
                    "module": {
                        "resources": [block("aws_vpc.v")],
                        "outputs": {"id": {"expression": references("aws_vpc.v.id")}},
                    }
                }
            },
        },
    )
    assert render_graph_path(
        between(graph, "aws_eip.e", "module.m.aws_vpc.v", Kind.ALL)
    ).splitlines() == [
        "from aws_eip.e to module.m.aws_vpc.v: 1 hop",
        "",
        "aws_eip.e",
        "1. tags <- module.m.aws_vpc.v.id  (exact)",
        "    via module.m.output.id",
    ]


def test_no_path_is_one_plain_line() -> None:
    shown = render_graph_path(between(chain(), REPOSITORY, SERVICE, Kind.ALL))
    assert shown == "no path from aws_ecr_repository.r to aws_ecs_service.s\n"
