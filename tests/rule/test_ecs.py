"""Where a service's tasks run, and in which network mode."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.graph import Confidence, Target
from policyscan.rule import Certainty, certainty_of, is_fargate
from policyscan.rule.ecs import network_mode
from tests.rule.platforms import Made, Refs, made, platform_of

CLUSTER = made("aws_ecs_cluster.c", name="c", id=Refs())
OTHER = made("aws_ecs_cluster.o", name="o", id=Refs())
LOOSE = made("terraform_data.x", output=Refs())
UNKNOWN = Refs("terraform_data.x.output")
IN_CLUSTER = Refs("aws_ecs_cluster.c.id")


def service(*definitions: str, **arguments: Any) -> Made:
    names = [f"aws_ecs_task_definition.{each}.arn" for each in definitions]
    refers = Refs(*names, *(["var.which"] if len(names) > 1 else []))
    given = {"task_definition": refers} if definitions else {}
    return made("aws_ecs_service.s", name="s", **given, **arguments)


def definition(name: str, *compatible: str, **arguments: Any) -> Made:
    given = {"requires_compatibilities": list(compatible)} if compatible else {}
    return made(f"aws_ecs_task_definition.{name}", family=name, **given, **arguments)


def providers(cluster: str, *names: Any) -> Made:
    strategy = [{"capacity_provider": each} for each in names]
    return made(
        "aws_ecs_cluster_capacity_providers.p",
        cluster_name=Refs(f"aws_ecs_cluster.{cluster}.name"),
        default_capacity_provider_strategy=strategy,
    )


def strategy(*names: Any) -> dict[str, Any]:
    return {"capacity_provider_strategy": [{"capacity_provider": each} for each in names]}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((service(launch_type="FARGATE"),), True),
        ((service(launch_type="EC2"), CLUSTER), False),
        ((service("t", launch_type=UNKNOWN), LOOSE, definition("t", "FARGATE")), None),
        ((service(**strategy("FARGATE", "FARGATE_SPOT")),), True),
        ((service(**strategy("FARGATE", "mine")),), False),
        ((service(**strategy("FARGATE", UNKNOWN)), LOOSE), None),
        ((service("t"), definition("t", "FARGATE")), True),
        ((service("t"), definition("t", "EC2", "FARGATE")), True),
        ((service("t", cluster=IN_CLUSTER), CLUSTER, definition("t", "EC2")), False),
        ((service("t", cluster=IN_CLUSTER), CLUSTER, definition("t")), False),
        # Which of two task definitions it takes is not in the plan.
        ((service("t", "u"), definition("t", "FARGATE"), definition("u", "EC2")), None),
        ((service("t", "u"), definition("t", "FARGATE"), definition("u", "FARGATE")), True),
        ((service(),), None),
        ((service(cluster=IN_CLUSTER), CLUSTER, providers("c", "FARGATE")), True),
        ((service(cluster=IN_CLUSTER), CLUSTER, providers("c")), False),
        ((service(cluster=IN_CLUSTER), CLUSTER, OTHER, providers("o", "FARGATE")), False),
    ],
)
def test_fargate_runs_what_asks_for_it_or_whose_cluster_does(
    entries: tuple[Made, ...], *, expected: bool | None
) -> None:
    platform = platform_of(*entries)
    [found] = platform.services
    assert is_fargate(found, platform.graph) is expected


@pytest.mark.parametrize(
    ("entries", "mode"),
    [
        ((service("t"), definition("t", "FARGATE")), "awsvpc"),
        ((service("t", launch_type="EC2"), definition("t")), "bridge"),
        ((service("t", launch_type="EC2"), definition("t", network_mode="host")), "host"),
        ((service("t", launch_type="EC2"), definition("t", network_mode="none")), ""),
        ((service("t", launch_type="EC2"), LOOSE, definition("t", network_mode=UNKNOWN)), ""),
        (
            (
                service("t", "u", launch_type="EC2"),
                LOOSE,
                definition("t"),
                definition("u", network_mode=UNKNOWN),
            ),
            "",
        ),
        (
            (
                service("t", "u", launch_type="EC2"),
                definition("t"),
                definition("u", network_mode="host"),
            ),
            "",
        ),
    ],
)
def test_the_network_mode_is_that_of_every_task_definition_it_may_take(
    entries: tuple[Made, ...], mode: str
) -> None:
    platform = platform_of(*entries)
    [found] = platform.services
    assert network_mode(found, platform.graph) == mode


def test_one_edge_that_is_not_exact_leaves_a_chain_unproven() -> None:
    exact = Target("a.b", "id", Confidence.EXACT)
    inferred = Target("a.c", "id", Confidence.INFERRED)
    assert certainty_of(exact, exact) is Certainty.PROVEN
    assert certainty_of(exact, inferred) is Certainty.INFERRED
