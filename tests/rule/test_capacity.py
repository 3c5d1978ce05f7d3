"""What a service's cluster has been given, and what the service asks for."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import AttachedProviders, attached_to, gives_already, shares_of
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

CLUSTER = made("aws_ecs_cluster.c", name="shop", id=Refs())
GIVER = "aws_ecs_cluster_capacity_providers.g"


def service(*entries: dict[str, Any], cluster: Any = None) -> Made:
    return made(
        "aws_ecs_service.s",
        cluster=Refs("aws_ecs_cluster.c.id") if cluster is None else cluster,
        capacity_provider_strategy=list(entries),
    )


def attached(*entries: Made) -> AttachedProviders | None:
    platform = platform_of(*entries)
    [found] = platform.services
    return attached_to(found, platform.graph)


def giver(providers: Any, cluster: Any = "shop") -> Made:
    return made(GIVER, cluster_name=cluster, capacity_providers=providers)


def test_an_entry_without_numbers_has_no_base_and_no_weight() -> None:
    entries = (
        {"capacity_provider": "FARGATE", "base": 1},
        {"capacity_provider": Refs("terraform_data.x.output"), "weight": Refs("terraform_data.x")},
        {"capacity_provider": "machines", "weight": 2},
    )
    [found] = platform_of(service(*entries)).services
    shares = shares_of(found)
    assert [(s.provider, s.base, s.weight, s.is_fargate) for s in shares] == [
        ("FARGATE", 1, 0, True),
        ("", 0, None, False),
        ("machines", 0, 2, False),
    ]
    assert shares[2].path == "capacity_provider_strategy[2]"


@pytest.mark.parametrize("cluster", ["shop", Refs("aws_ecs_cluster.c.name")])
def test_a_cluster_has_what_is_attached_to_it(cluster: Any) -> None:
    found = attached(CLUSTER, service(), giver(["FARGATE"], cluster))
    assert found is not None
    assert found.giver is not None
    assert (found.giver.address, found.providers) == (GIVER, ("FARGATE",))


def test_what_another_cluster_has_is_not_its_own() -> None:
    found = attached(CLUSTER, service(), giver(["FARGATE"], "other"))
    assert found is not None
    assert (found.giver, found.providers) == (None, ())


def test_a_cluster_of_an_old_provider_has_them_itself() -> None:
    old = made("aws_ecs_cluster.c", name="shop", id=Refs(), capacity_providers=["FARGATE"])
    found = attached(old, service())
    assert found is not None
    assert (found.giver, found.providers) == (None, ("FARGATE",))


def test_names_that_are_not_all_known_are_none() -> None:
    found = attached(CLUSTER, service(), giver(Refs("terraform_data.x.output")))
    assert found is not None
    assert found.providers is None


@pytest.mark.parametrize("cluster", ["arn:aws:ecs:us-east-1:123456789012:cluster/x", Refs()])
def test_of_a_cluster_elsewhere_nothing_is_known(cluster: Any) -> None:
    assert attached(CLUSTER, service(cluster=cluster), giver(["FARGATE"])) is None


def test_a_cluster_had_what_its_giver_held_before() -> None:
    before = standing(GIVER, "update", cluster_name="shop", capacity_providers=["FARGATE"])
    held = resource_of(platform_of(before), GIVER)
    assert gives_already(held, "FARGATE")
    assert not gives_already(held, "FARGATE_SPOT")
    new = resource_of(platform_of(giver(["FARGATE"])), GIVER)
    assert not gives_already(new, "FARGATE")


@pytest.mark.parametrize(
    "cluster", [made("data.aws_ecs_cluster.c", cluster_name="shop", id=Refs())]
)
def test_of_a_cluster_that_is_looked_up_nothing_is_known(cluster: Made) -> None:
    refers = Refs("data.aws_ecs_cluster.c.id")
    assert attached(cluster, service(cluster=refers)) is None


def test_of_one_cluster_or_another_nothing_is_known() -> None:
    other = made("aws_ecs_cluster.d", name="other", id=Refs())
    either = Refs("aws_ecs_cluster.c.id", "aws_ecs_cluster.d.id", "var.which")
    assert attached(CLUSTER, other, service(cluster=either), giver(["FARGATE"])) is None
