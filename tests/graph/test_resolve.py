"""Which instance a reference means."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan.address import key_text
from policyscan.source import read_source
from tests.plans import block, change, constant, graph_of, references

UNKNOWN_IMAGE = {"container_definitions": True}


def targets(graph: ResourceGraph, address: str, path: str) -> list[tuple[str, str, str]]:
    resource = graph.resource(address)
    assert resource is not None
    return [
        (target.address, target.attribute, str(target.confidence))
        for target in graph.resolve(resource, path).targets
    ]


def test_a_plain_reference_is_exact_and_keeps_its_attribute() -> None:
    graph = graph_of(
        [change("aws_vpc.a"), change("aws_subnet.b", unknown={"vpc_id": True})],
        {
            "resources": [
                block("aws_vpc.a"),
                block("aws_subnet.b", {"vpc_id": references("aws_vpc.a.id")}),
            ]
        },
    )
    assert targets(graph, "aws_subnet.b", "vpc_id") == [("aws_vpc.a", "id", "exact")]


def test_an_index_that_terraform_dropped_means_the_same_key_when_each_key_stands_beside_it() -> (
    None
):
    graph = graph_of(
        [
            change('aws_ecr_repository.r["a"]'),
            change('aws_ecr_repository.r["b"]'),
            change('aws_ecs_task_definition.t["a"]', unknown=UNKNOWN_IMAGE),
        ],
        {
            "resources": [
                block("aws_ecr_repository.r", for_each_expression=references("var.services")),
                block(
                    "aws_ecs_task_definition.t",
                    {"container_definitions": {"references": ["aws_ecr_repository.r", "each.key"]}},
                    for_each_expression=references("var.services"),
                ),
            ]
        },
    )
    found = targets(graph, 'aws_ecs_task_definition.t["a"]', "container_definitions")
    assert found == [('aws_ecr_repository.r["a"]', "", "inferred")]


def test_a_splat_means_every_instance() -> None:
    graph = graph_of(
        [
            change("aws_subnet.s[0]"),
            change("aws_subnet.s[1]"),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.s", count_expression=constant(2)),
                block("aws_lb.l", {"subnets": {"references": ["aws_subnet.s"]}}),
            ]
        },
    )
    assert targets(graph, "aws_lb.l", "subnets") == [
        ("aws_subnet.s[0]", "", "ambiguous"),
        ("aws_subnet.s[1]", "", "ambiguous"),
    ]


def test_keys_0_and_text_0_differ() -> None:
    graph = graph_of(
        [
            change('aws_subnet.s["0"]'),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.s", for_each_expression=references("var.x")),
                block(
                    "aws_lb.l",
                    {
                        "subnets": {
                            "references": ["aws_subnet.s[0].id", "aws_subnet.s[0]", "aws_subnet.s"]
                        }
                    },
                ),
            ]
        },
    )
    assert targets(graph, "aws_lb.l", "subnets") == []


def service_module() -> dict[str, object]:
    return {
        "resources": [
            block(
                "aws_ecs_task_definition.this", {"container_definitions": references("var.image")}
            )
        ]
    }


@pytest.mark.parametrize("key", ["blue", "a.b", 'quo"te', "br[0]acket", "ünïcode", "$${x}", ""])
def test_a_module_input_leads_to_the_instance_of_the_same_key_whatever_the_key(key: str) -> None:
    shown = key_text(key)
    graph = graph_of(
        [
            change(f"aws_ecr_repository.r{shown}", index=key),
            change('aws_ecr_repository.r["other"]', index="other"),
            change(
                f"module.service{shown}.aws_ecs_task_definition.this",
                module_address=f"module.service{shown}",
                unknown=UNKNOWN_IMAGE,
            ),
        ],
        {
            "resources": [block("aws_ecr_repository.r", for_each_expression=references("var.s"))],
            "module_calls": {
                "service": {
                    "source": "./service",
                    "for_each_expression": references("var.s"),
                    "expressions": {"image": {"references": ["aws_ecr_repository.r", "each.key"]}},
                    "module": service_module(),
                }
            },
        },
    )
    address = f"module.service{shown}.aws_ecs_task_definition.this"
    resource = graph.resource(address)
    assert resource is not None
    [target] = graph.resolve(resource, "container_definitions").targets
    assert target.address == f"aws_ecr_repository.r{shown}"
    assert target.via == (f"module.service{shown}.var.image",)


def test_four_modules_deep_outputs_and_inputs_are_followed() -> None:
    deep: dict[str, object] = {
        "resources": [block("aws_subnet.s")],
        "outputs": {"id": {"expression": references("aws_subnet.s.id")}},
    }
    address = "aws_subnet.s"
    for name in ("d", "c", "b", "a"):
        address = f"module.{name}.{address}"
        deep = {
            "module_calls": {name: {"source": f"./{name}", "module": deep}},
            "outputs": {
                "id": {"expression": {"references": [f"module.{name}.id", f"module.{name}"]}}
            },
        }
    deep["resources"] = [
        block("aws_lb.l", {"subnets": {"references": ["module.a.id", "module.a"]}})
    ]
    graph = graph_of([change(address), change("aws_lb.l", unknown={"subnets": True})], deep)
    assert targets(graph, "aws_lb.l", "subnets") == [(address, "id", "exact")]


def test_a_local_is_a_dead_end_that_is_named_and_not_guessed() -> None:
    graph = graph_of(
        [
            change("aws_ecr_repository.r"),
            change("aws_ecs_task_definition.t", unknown=UNKNOWN_IMAGE),
        ],
        {
            "resources": [
                block("aws_ecr_repository.r"),
                block(
                    "aws_ecs_task_definition.t",
                    {"container_definitions": references("local.image")},
                ),
            ]
        },
    )
    resource = graph.resource("aws_ecs_task_definition.t")
    assert resource is not None
    resolution = graph.resolve(resource, "container_definitions")
    assert resolution.targets == ()
    assert resolution.is_open
    assert resolution.unresolved == (
        "local.image in the root module: a plan holds no locals; give --source-dir",
    )


@pytest.mark.parametrize(
    ("for_each", "confidence"),
    [
        ("", "inferred"),
        ("aws_subnet.s", "exact"),
        ("{ for key, subnet in aws_subnet.s : key => subnet }", "inferred"),
    ],
)
def test_each_value_of_a_resource_used_as_for_each_is_the_instance_of_that_key(
    for_each: str, confidence: str, tmp_path: Path
) -> None:
    """By the plan alone it may as well be a `for` over the resource that gives other keys."""
    graph = graph_of(
        [
            change('aws_subnet.s["a"]'),
            change('aws_subnet.s["b"]', unknown={"id": True}),
            change('aws_route_table_association.x["b"]', unknown={"subnet_id": True}),
        ],
        {
            "resources": [
                block("aws_subnet.s", for_each_expression=references("var.zones")),
                block(
                    "aws_route_table_association.x",
                    {"subnet_id": {"references": ["each.value.id", "each.value"]}},
                    for_each_expression={"references": ["aws_subnet.s"]},
                ),
            ]
        },
    )
    if for_each:
        (tmp_path / "main.tf").write_text(
            'resource "aws_route_table_association" "x" {\n'
            f"  for_each = {for_each}\n  subnet_id = each.value.id\n}}\n"
        )
        graph = ResourceGraph(graph.plan, read_source(tmp_path))
    found = targets(graph, 'aws_route_table_association.x["b"]', "subnet_id")
    assert found == [('aws_subnet.s["b"]', "id", confidence)]


def test_a_known_id_leads_to_the_resource_that_has_it() -> None:
    vpc = {"id": "vpc-0123456789abcdef0"}
    graph = graph_of(
        [
            change("aws_vpc.a", actions=("no-op",), before=vpc, after=vpc),
            change("aws_subnet.b", after={"vpc_id": "vpc-0123456789abcdef0"}),
        ],
        {
            "resources": [
                block("aws_vpc.a"),
                block("aws_subnet.b", {"vpc_id": references("local.vpc")}),
            ]
        },
    )
    assert targets(graph, "aws_subnet.b", "vpc_id") == [("aws_vpc.a", "id", "exact")]


def test_a_known_value_of_nothing_in_the_plan_is_external() -> None:
    graph = graph_of(
        [change("aws_subnet.b", after={"vpc_id": "vpc-0aaaaaaaaaaaaaaa0"})],
        {"resources": [block("aws_subnet.b", {"vpc_id": constant("vpc-0aaaaaaaaaaaaaaa0")})]},
    )
    resource = graph.resource("aws_subnet.b")
    assert resource is not None
    resolution = graph.resolve(resource, "vpc_id")
    assert [str(value) for value in resolution.external] == ["vpc-0aaaaaaaaaaaaaaa0"]


def test_a_branch_whose_value_is_still_unknown_cannot_be_in_a_known_value() -> None:
    graph = graph_of(
        [
            change("aws_ecr_repository.r", unknown={"repository_url": True}),
            change("aws_ecs_task_definition.t", after={"container_definitions": "[]"}),
        ],
        {
            "resources": [
                block("aws_ecr_repository.r"),
                block(
                    "aws_ecs_task_definition.t",
                    {
                        "container_definitions": {
                            "references": [
                                "var.is_public",
                                "aws_ecr_repository.r.repository_url",
                                "aws_ecr_repository.r",
                            ]
                        }
                    },
                ),
            ]
        },
    )
    assert targets(graph, "aws_ecs_task_definition.t", "container_definitions") == []


def test_an_optional_attribute_nobody_gave_is_absent_and_not_unknown() -> None:
    graph = graph_of(
        [change("aws_lb.l", unknown={"internal": True, "subnets": True})],
        {"resources": [block("aws_lb.l", {"subnets": references("local.x")})]},
    )
    resource = graph.resource("aws_lb.l")
    assert resource is not None
    assert type(resource.value("internal")).__name__ == "Absent"
    assert type(resource.value("subnets")).__name__ == "Unknown"


def test_depends_on_of_a_module_call_orders_everything_inside() -> None:
    graph = graph_of(
        [change("terraform_data.push"), change("module.m.aws_ecs_service.s")],
        {
            "resources": [block("terraform_data.push")],
            "module_calls": {
                "m": {
                    "source": "./m",
                    "depends_on": ["terraform_data.push"],
                    "module": {"resources": [block("aws_ecs_service.s")]},
                }
            },
        },
    )
    assert graph.depends_on("module.m.aws_ecs_service.s", "terraform_data.push")
    assert not graph.depends_on("terraform_data.push", "module.m.aws_ecs_service.s")


def test_shuffled_resource_changes_make_the_same_graph() -> None:
    changes = [
        change("aws_subnet.s[0]"),
        change("aws_subnet.s[1]"),
        change("aws_lb.l", unknown={"subnets": True}),
    ]
    root = {
        "resources": [
            block("aws_subnet.s", count_expression=constant(2)),
            block("aws_lb.l", {"subnets": {"references": ["aws_subnet.s"]}}),
        ]
    }
    forwards = graph_of(changes, root)
    backwards = graph_of(changes[::-1], root)
    assert list(forwards.edges.all()) == list(backwards.edges.all()) != []
    assert forwards.plan.resources == backwards.plan.resources


def test_the_weaker_confidence_of_two_wins() -> None:
    assert Confidence.EXACT.weakened(Confidence.AMBIGUOUS) is Confidence.AMBIGUOUS
    assert Confidence.INFERRED.weakened(Confidence.EXACT) is Confidence.INFERRED


def test_what_an_output_of_the_root_tells_is_handed_out_and_that_of_a_module_is_not() -> None:
    eip, inner = "aws_eip.e", "module.m.aws_eip.e"
    module = {"resources": [block(eip)], "outputs": {"id": {"expression": references(f"{eip}.id")}}}
    root = {
        "resources": [block(eip)],
        "module_calls": {"m": {"source": "./m", "module": module}},
    }
    changes = [change(eip), change(inner)]
    assert graph_of(changes, root).handed_out == frozenset()
    root["outputs"] = {"all": {"expression": references(f"{eip}.id", "module.m.id")}}
    assert graph_of(changes, root).handed_out == {eip, inner}


def test_what_is_remembered_for_some_types_is_told_to_nobody_who_asks_for_others() -> None:
    name = {"name": "app"}
    graph = graph_of(
        [
            change("aws_iam_role.r", after=name),
            change("aws_ecs_cluster.c", after=name),
            change("aws_iam_role_policy.p", after={"role": "app"}),
        ],
        {
            "resources": [
                block("aws_iam_role.r"),
                block("aws_ecs_cluster.c"),
                block("aws_iam_role_policy.p", {"role": constant("app")}),
            ]
        },
    )
    policy = graph.resource("aws_iam_role_policy.p")
    assert policy is not None
    role, cluster = ("aws_iam_role", "aws_ecs_cluster")
    asked = [(), (role,), (cluster,), (cluster, role), ("aws_vpc",)]
    for types in [*asked, *reversed(asked)]:
        found = graph.resolve(policy, "role", (each for each in types))
        named = {target.address.split(".")[0] for target in found.targets}
        assert named == set(types) - {"aws_vpc"}
        assert bool(found.external) is not bool(named)
