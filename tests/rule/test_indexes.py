"""What models look up in an index is what a look at all resources of a type finds."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from policyscan.plan import Known, Resource, Taken, Template, text_of
from policyscan.rule import Platform, ScalableTarget, parse_image, rivals
from policyscan.rule.ranges import SubnetRange
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of

few = settings(max_examples=30, deadline=None)
VPCS = [
    made("aws_vpc.v", id=Refs(), cidr_block="10.0.0.0/26"),
    made("aws_vpc.w", id=Refs(), cidr_block="10.0.0.0/26"),
]
PLACES = [Refs("aws_vpc.v.id"), Refs("aws_vpc.w.id"), Refs("local.x"), "vpc-0123456789abcdef0"]
RANGES = [f"10.0.0.{start}/{size}" for size in (26, 27, 28, 29) for start in (0, 32)]


def several(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(*strategies), max_size=6)


# -- ranges ---------------------------------------------------------------------------------------


def meets(one: SubnetRange, other: SubnetRange) -> bool:
    """Whether two subnets overlap in what is, or may be, one VPC."""
    if one is other or one.network is None or other.network is None:
        return False
    may_share = not one.vpc or not other.vpc or one.vpc == other.vpc
    return may_share and one.network.overlaps(other.network)


@few
@given(several(st.sampled_from([*RANGES, Refs("local.x")]), st.sampled_from(PLACES)))
def test_ranges_that_meet_are_found(given_: list[tuple[Any, Any]]) -> None:
    subnets = [
        made(f"aws_subnet.s{at}", cidr_block=block, vpc_id=vpc)
        for at, (block, vpc) in enumerate(given_)
    ]
    ranges = platform_of(*VPCS, *subnets).ranges
    for each in ranges.subnets:
        assert list(ranges.overlaps(each)) == [o for o in ranges.subnets if meets(each, o)]


@few
@given(several(st.sampled_from(RANGES), st.sampled_from(PLACES[:3])))
def test_a_free_range_is_the_first_that_none_of_its_vpc_meets(
    given_: list[tuple[Any, Any]],
) -> None:
    subnets = [
        made(f"aws_subnet.s{at}", cidr_block=block, vpc_id=vpc)
        for at, (block, vpc) in enumerate(given_)
    ]
    ranges = platform_of(*VPCS, *subnets).ranges
    for each in ranges.subnets:
        if each.network is not None and each.vpc:
            size = min(each.network.prefixlen, 28)
            taken = [o.network for o in ranges.subnets if o is not each and o.vpc == each.vpc]
            free = [
                block
                for block in IPv4Network("10.0.0.0/26").subnets(new_prefix=size)
                if not any(other and block.overlaps(other) for other in taken)
            ]
            assert ranges.free(each) == next(iter(free), None)


# -- scaling --------------------------------------------------------------------------------------

ECS = {"service_namespace": "ecs", "scalable_dimension": "ecs:service:DesiredCount"}
SERVICES = [
    made("aws_ecs_cluster.c", name="c", id=Refs()),
    made("aws_ecs_service.a", name="app", cluster=Refs("aws_ecs_cluster.c.id")),
    made("aws_ecs_service.b", name="app", cluster="arn:aws:ecs:us-east-1:123456789012:cluster/d"),
    made("aws_ecs_service.e", name="app", cluster=Refs("local.x")),
    made("aws_ecs_service.f", name="app"),
]
IDS = [
    *(f"service/{cluster}/app" for cluster in ("c", "d", "default", "none")),
    "service/c/other",
    Refs("aws_ecs_service.a.name"),
    Refs("aws_ecs_service.a.name", "aws_ecs_service.b.name"),
    Refs("local.x"),
]
TARGET = "aws_appautoscaling_target"
TOLD = Template(("service/none/", Taken("aws_ecs_service.e", "name")))
POLICY_IDS = [*IDS, TOLD, Refs(f"{TARGET}.t0.resource_id"), Refs(f"{TARGET}.t1.resource_id")]


def is_joined(platform: Platform, policy: Resource, target: ScalableTarget) -> bool:
    """Whether a policy is for a target: by the same id, else by what it refers to."""
    resource_id = text_of(policy.value("resource_id"))
    if resource_id and target.resource_id:
        return resource_id == target.resource_id
    kinds = [TARGET, "aws_ecs_service"]
    targets = platform.graph.resolve(policy, "resource_id", kinds).targets
    ends = {each.address for each in targets}
    named = {end for end in ends if end.startswith(TARGET)}
    return target.address in ends or (not named and bool(ends & set(target.services)))


@few
@given(st.lists(st.sampled_from(IDS), max_size=3), st.lists(st.sampled_from(POLICY_IDS)))
@example([Refs("aws_ecs_service.e.name")], [TOLD])
@example(["service/default/app"], [TOLD])
def test_policies_and_services_of_scalable_targets_are_found(
    targets: list[Any], policies: list[Any]
) -> None:
    platform = platform_of(
        *SERVICES,
        *(made(f"{TARGET}.t{at}", resource_id=each, **ECS) for at, each in enumerate(targets)),
        *(
            made(f"aws_appautoscaling_policy.p{at}", resource_id=each, **ECS)
            for at, each in enumerate(policies)
        ),
    )
    scaling = platform.scaling
    for target in scaling.targets:
        wanted = [each for each in scaling.policies if is_joined(platform, each, target)]
        assert list(scaling.policies_of(target)) == wanted
    for service in platform.services:
        stand = [each for each in scaling.targets if service.address in each.services]
        assert list(scaling.targets_of(service)) == stand
        astray = [
            each
            for each in scaling.targets
            if not each.services
            and (
                platform.graph.depends_on(each.address, service.address)
                or each.resource_id.endswith(f"/{service.resource.value('name')}")
            )
        ]
        assert list(scaling.astray_for(service)) == astray


def test_a_known_resource_id_is_of_every_service_whose_cluster_may_be_called_so() -> None:
    found = {
        cluster: platform_of(
            *SERVICES, made(f"{TARGET}.t", resource_id=f"service/{cluster}/app", **ECS)
        )
        .scaling.targets[0]
        .services
        for cluster in ("c", "d", "default", "none")
    }
    assert found == {
        "c": ("aws_ecs_service.a", "aws_ecs_service.e"),
        "d": ("aws_ecs_service.b", "aws_ecs_service.e"),
        "default": ("aws_ecs_service.e", "aws_ecs_service.f"),
        "none": ("aws_ecs_service.e",),
    }


# -- others ---------------------------------------------------------------------------------------

BALANCERS = [made("aws_lb.a", arn=Refs()), made("aws_lb.b", arn=Refs())]
OWNERS = [
    Refs("aws_lb.a.arn"),
    Refs("aws_lb.a.arn", "aws_lb.b.arn"),
    Refs("aws_lb.b.arn"),
    Refs("local.x"),
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/x/0123456789abcdef",
]


def sure_owners(platform: Platform, listener: Resource) -> set[str]:
    found = platform.graph.resolve(listener, "load_balancer_arn", ["aws_lb"])
    sure = {target.address for target in found.targets if target.is_sure}
    return sure | set(map(str, found.external))


@few
@given(several(st.sampled_from([80, 443, Refs("var.x")]), st.sampled_from(OWNERS)))
def test_listeners_of_one_port_on_one_load_balancer_are_rivals(
    given_: list[tuple[Any, Any]],
) -> None:
    listeners = [
        made(f"aws_lb_listener.l{at}", port=port, load_balancer_arn=owner)
        for at, (port, owner) in enumerate(given_)
    ]
    platform = platform_of(*BALANCERS, *listeners)
    every = platform.graph.of_type("aws_lb_listener")
    for one in every:
        wanted = [
            other.address
            for other in every
            if other is not one
            and isinstance(one.value("port"), Known)
            and one.value("port") == other.value("port")
            and sure_owners(platform, one) & sure_owners(platform, other)
        ]
        # Once for each load balancer that they share.
        found = dict.fromkeys(other.address for other, _ in rivals(platform.graph, one))
        assert list(found) == wanted


def template(name: str, prefix: Any) -> Made:
    return made(f"aws_ecr_repository_creation_template.{name}", prefix=prefix)


def replication(name: str, region: str, *filters: Any) -> Made:
    rule = {
        "destination": [{"region": region}],
        "repository_filter": [{"filter": each} for each in filters],
    }
    return made(
        f"aws_ecr_replication_configuration.{name}", replication_configuration=[{"rule": [rule]}]
    )


FILLERS = [
    template("app", "app"),
    template("other", "other"),
    template("root", "ROOT"),
    template("unknown", Refs("var.x")),
    replication("all", "eu-west-1"),
    replication("app", "eu-west-1", "no", "app/"),
    replication("away", "us-east-1", "app"),
    replication("open", "eu-west-1", "no"),
]
"""The names of those that may fill `app/web` in eu-west-1 are in the next line."""
OF_APP = {"all", "app", "root", "unknown"}


@few
@given(st.permutations(FILLERS))
def test_what_may_fill_a_repository_is_found_by_how_its_name_starts(fillers: list[Made]) -> None:
    repository = made("aws_ecr_repository.r", name="app/web", region="eu-west-1")
    platform = platform_of(repository, *fillers)
    found = list(platform.pushers.fillers(resource_of(platform, "aws_ecr_repository.r")))
    assert found == sorted(found, key=lambda each: each.address)
    assert {each.name for each in found} == OF_APP


def test_anything_in_its_region_may_fill_a_repository_of_unknown_name() -> None:
    repository = made("aws_ecr_repository.r", name=Refs("var.x"), region="eu-west-1")
    platform = platform_of(repository, *FILLERS)
    found = platform.pushers.fillers(resource_of(platform, "aws_ecr_repository.r"))
    assert "away" not in {each.name for each in found}
    found = platform.pushers.fillers(resource_of(platform, "aws_ecr_repository.r"))
    assert len(list(found)) == len(FILLERS) - 1


def test_the_repository_of_an_image_is_the_one_of_its_name_and_region() -> None:
    platform = platform_of(
        made("aws_ecr_repository.far", name="app", region="eu-west-1"),
        made("aws_ecr_repository.near", name="app", region="us-east-1"),
        made("aws_ecr_repository.other", name="other"),
    )
    texts = {
        "us-east-1.amazonaws.com/app": "aws_ecr_repository.near",
        "eu-west-1.amazonaws.com/app": "aws_ecr_repository.far",
        "us-west-2.amazonaws.com/app": None,
        "us-west-2.amazonaws.com/other": "aws_ecr_repository.other",
    }
    found = {
        text: platform.images.repository_of(parse_image(f"123456789012.dkr.ecr.{text}:1"))
        for text in texts
    }
    assert {text: each.address if each else None for text, each in found.items()} == texts
