"""Which scalable target and which policies belong to a service."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import Platform, ScalableTarget
from tests.rule.platforms import Made, Refs, made, platform_of, standing

CLUSTER = made("aws_ecs_cluster.main", name="shop", id=Refs())
SERVICE = made("aws_ecs_service.app", name="app", cluster=Refs("aws_ecs_cluster.main.id"))
ECS = {"service_namespace": "ecs", "scalable_dimension": "ecs:service:DesiredCount"}


def target(resource_id: Any, name: str = "t", **more: Any) -> Made:
    return made(f"aws_appautoscaling_target.{name}", resource_id=resource_id, **(ECS | more))


def policy(resource_id: Any, name: str = "p", **more: Any) -> Made:
    return made(f"aws_appautoscaling_policy.{name}", resource_id=resource_id, **(ECS | more))


def scalable(*entries: Made) -> ScalableTarget:
    [found] = platform_of(*entries).scaling.targets
    return found


def test_a_known_resource_id_names_the_service_in_its_cluster() -> None:
    found = scalable(CLUSTER, SERVICE, target("service/shop/app"))
    assert (found.services, found.is_exact, found.problem) == (("aws_ecs_service.app",), True, "")


@pytest.mark.parametrize(
    ("cluster", "resource_id", "is_found"),
    [
        (Refs("aws_ecs_cluster.main.id"), "service/other/app", False),
        (Refs("aws_ecs_cluster.main.id"), "service/shop/apps", False),
        ("arn:aws:ecs:us-east-1:123456789012:cluster/shared", "service/shared/app", True),
        ("arn:aws:ecs:us-east-1:123456789012:cluster/shared", "service/shop/app", False),
        ("shared", "service/shared/app", True),
        # Looked up: a data source calls its name cluster_name.
        (Refs("data.aws_ecs_cluster.d.arn"), "service/seen/app", True),
        (Refs("data.aws_ecs_cluster.d.arn"), "service/shop/app", False),
        # Known by nobody, so any name may be right.
        (Refs("local.cluster"), "service/whatever/app", True),
        # Without a cluster it is the default one.
        (None, "service/default/app", True),
        (None, "service/shop/app", False),
    ],
)
def test_the_cluster_of_a_resource_id_must_be_the_services(
    cluster: Any, resource_id: str, *, is_found: bool
) -> None:
    service = made("aws_ecs_service.app", name="app", **({"cluster": cluster} if cluster else {}))
    looked_up = standing("data.aws_ecs_cluster.d", "read", cluster_name="seen", arn="arn")
    found = scalable(CLUSTER, service, looked_up, target(resource_id))
    assert bool(found.services) is is_found


def test_services_of_one_name_in_two_clusters_are_told_apart() -> None:
    spare = made("aws_ecs_cluster.spare", name="spare", id=Refs())
    second = made("aws_ecs_service.second", name="app", cluster=Refs("aws_ecs_cluster.spare.id"))
    found = scalable(CLUSTER, SERVICE, spare, second, target("service/spare/app"))
    assert found.services == ("aws_ecs_service.second",)


@pytest.mark.parametrize(
    "resource_id",
    [
        "service/app",
        "app",
        "service/shop/app/extra",
        "services/shop/app",
        "arn:aws:ecs:us-east-1:123456789012:service/shop/app",
        "service/arn:aws:ecs:us-east-1:123456789012:cluster/shop/app",
    ],
)
def test_a_resource_id_of_another_shape_is_a_problem(resource_id: str) -> None:
    assert scalable(CLUSTER, SERVICE, target(resource_id)).problem.startswith("resource_id ")


@pytest.mark.parametrize(
    ("references", "has_problem"),
    [
        (("aws_ecs_cluster.main.name", "aws_ecs_service.app.name"), False),
        (("aws_ecs_cluster.main.id", "aws_ecs_service.app.name"), True),
        (("aws_ecs_cluster.main.arn", "aws_ecs_service.app.name"), True),
        (("aws_ecs_cluster.main.name", "aws_ecs_service.app.id"), True),
    ],
)
def test_an_unknown_resource_id_is_judged_by_its_references(
    references: tuple[str, ...], *, has_problem: bool
) -> None:
    found = scalable(CLUSTER, SERVICE, target(Refs(*references)))
    assert found.services == ("aws_ecs_service.app",)
    assert found.is_exact
    assert bool(found.problem) is has_problem


def test_a_resource_id_nobody_can_follow_says_why() -> None:
    found = scalable(CLUSTER, SERVICE, target(Refs("local.id")))
    assert (found.services, found.is_exact) == ((), False)
    assert "local.id" in found.unresolved[0]


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({}, 1),
        ({"service_namespace": "dynamodb"}, 0),
        ({"scalable_dimension": "dynamodb:table:ReadCapacityUnits"}, 0),
        ({"service_namespace": Refs("local.namespace")}, 1),
    ],
)
def test_only_what_scales_ecs_services_counts(more: dict[str, Any], count: int) -> None:
    assert len(platform_of(target("service/shop/app", **more)).scaling.targets) == count


@pytest.mark.parametrize("kind", ["target", "policy"])
def test_what_is_deleted_does_not_count(kind: str) -> None:
    address = f"aws_appautoscaling_{kind}.x"
    gone = standing(address, "delete", resource_id="service/shop/app", **ECS)
    scaling = platform_of(CLUSTER, SERVICE, gone).scaling
    assert (*scaling.targets, *scaling.policies) == ()


def policies_of(platform: Platform, name: str = "t") -> list[str]:
    [found] = [
        each
        for each in platform.scaling.targets
        if each.address == f"aws_appautoscaling_target.{name}"
    ]
    return [each.address for each in platform.scaling.policies_of(found)]


P = ["aws_appautoscaling_policy.p"]


@pytest.mark.parametrize(
    ("of_target", "of_policy", "found"),
    [
        ("service/shop/app", "service/shop/app", P),
        ("service/shop/app", "service/shop/other", []),
        (Refs("aws_ecs_service.app.name"), Refs("aws_appautoscaling_target.t.resource_id"), P),
        (Refs("aws_ecs_service.app.name"), Refs("aws_ecs_service.app.name"), P),
        (Refs("aws_ecs_service.app.name"), Refs("aws_appautoscaling_target.u.resource_id"), []),
        (Refs("aws_ecs_service.app.name"), Refs("local.id"), []),
    ],
)
def test_a_policy_belongs_to_the_target_of_its_resource_id(
    of_target: Any, of_policy: Any, found: list[str]
) -> None:
    other = target("service/shop/other", "u")
    platform = platform_of(CLUSTER, SERVICE, target(of_target), other, policy(of_policy))
    assert policies_of(platform) == found


def test_a_policy_nobody_can_follow_is_loose() -> None:
    platform = platform_of(
        CLUSTER,
        SERVICE,
        target("service/shop/app"),
        policy("service/shop/app"),
        policy(Refs("local.id"), "loose"),
    )
    loose = [each.address for each in platform.scaling.loose_policies]
    assert loose == ["aws_appautoscaling_policy.loose"]


@pytest.mark.parametrize(
    ("count", "least", "starts_nothing"),
    [(2, None, False), (0, None, True), (None, None, True), (0, 2, False), (0, 0, True)],
)
def test_a_service_starts_nothing_when_nothing_asks_for_a_task(
    count: int | None, least: int | None, *, starts_nothing: bool
) -> None:
    service = made(
        "aws_ecs_service.app", name="app", **({} if count is None else {"desired_count": count})
    )
    scaled = [] if least is None else [target("service/default/app", min_capacity=least)]
    platform = platform_of(service, *scaled)
    assert platform.starts_nothing(platform.services[0]) is starts_nothing


def test_a_policy_with_a_name_and_a_target_without_are_joined_by_reference() -> None:
    named = Refs("aws_ecs_service.app.name")
    platform = platform_of(CLUSTER, SERVICE, target(named), policy("service/shop/app"))
    assert policies_of(platform) == []
    of_target = policy(Refs("aws_appautoscaling_target.t.resource_id"))
    assert policies_of(platform_of(CLUSTER, SERVICE, target("service/shop/app"), of_target)) == P


def test_a_policy_of_one_target_or_another_is_not_loose() -> None:
    either = Refs("aws_appautoscaling_target.t.resource_id", "local.id")
    platform = platform_of(CLUSTER, SERVICE, target("service/shop/app"), policy(either))
    assert platform.scaling.loose_policies == ()
