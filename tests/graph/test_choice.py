"""What a reference may mean when its expression takes one of several."""

from __future__ import annotations

from policyscan.graph import ResourceGraph
from tests.plans import block, change, graph_of, references

SUBNETS = {"subnets": True}


def subnets_of(graph: ResourceGraph) -> list[tuple[str, str]]:
    service = graph.resource("aws_ecs_service.s")
    assert service is not None
    found = graph.resolve(service, "subnets", ["aws_subnet"]).targets
    return sorted((target.address, str(target.confidence)) for target in found)


def graph_with(*names: str) -> ResourceGraph:
    return graph_of(
        [
            change("aws_subnet.a"),
            change("aws_subnet.b"),
            change("aws_ecs_service.s", unknown=SUBNETS),
        ],
        {
            "resources": [
                block("aws_subnet.a"),
                block("aws_subnet.b"),
                block("aws_ecs_service.s", {"subnets": references(*names)}),
            ],
            "variables": {"is_public": {}},
        },
    )


def test_two_resources_in_one_list_are_both_meant() -> None:
    graph = graph_with("aws_subnet.a.id", "aws_subnet.b.id")
    assert subnets_of(graph) == [("aws_subnet.a", "exact"), ("aws_subnet.b", "exact")]


def test_two_resources_beside_a_variable_may_be_the_arms_of_a_condition() -> None:
    graph = graph_with("var.is_public", "aws_subnet.a.id", "aws_subnet.b.id")
    assert subnets_of(graph) == [("aws_subnet.a", "ambiguous"), ("aws_subnet.b", "ambiguous")]


def test_one_resource_beside_a_variable_is_meant_for_certain() -> None:
    assert subnets_of(graph_with("var.is_public", "aws_subnet.a.id")) == [("aws_subnet.a", "exact")]


def test_an_index_behind_a_module_output_takes_one_of_what_the_output_lists() -> None:
    network = {
        "source": "./network",
        "module": {
            "outputs": {"ids": {"expression": references("aws_subnet.a.id", "aws_subnet.b.id")}},
            "resources": [block("aws_subnet.a"), block("aws_subnet.b")],
        },
    }
    graph = graph_of(
        [
            change("module.network.aws_subnet.a"),
            change("module.network.aws_subnet.b"),
            change("aws_ecs_service.s", unknown=SUBNETS),
        ],
        {
            "resources": [
                block(
                    "aws_ecs_service.s",
                    {
                        "subnets": {
                            "references": [
                                "module.network.ids[0]",
                                "module.network.ids",
                                "module.network",
                            ]
                        }
                    },
                )
            ],
            "module_calls": {"network": network},
        },
    )
    assert subnets_of(graph) == [
        ("module.network.aws_subnet.a", "ambiguous"),
        ("module.network.aws_subnet.b", "ambiguous"),
    ]


def test_the_output_of_a_terraform_data_is_what_its_input_is() -> None:
    graph = graph_of(
        [
            change("aws_subnet.a"),
            change("terraform_data.t", unknown={"output": True}),
            change("aws_ecs_service.s", unknown=SUBNETS),
        ],
        {
            "resources": [
                block("aws_subnet.a"),
                block("terraform_data.t", {"input": references("aws_subnet.a.id")}),
                block("aws_ecs_service.s", {"subnets": references("terraform_data.t.output")}),
            ]
        },
    )
    assert subnets_of(graph) == [("aws_subnet.a", "exact")]
