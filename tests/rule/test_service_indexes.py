"""What uses what, looked up in an index, is what a look at all services and gateways finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rule.platforms import Refs, made, platform_of

few = settings(max_examples=30, deadline=None)
VPCS = [made("aws_vpc.v", id=Refs()), made("aws_vpc.w", id=Refs())]
PLACES = [Refs("aws_vpc.v.id"), Refs("aws_vpc.w.id"), Refs("local.x"), "vpc-0123456789abcdef0"]


def several(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(*strategies), max_size=6)


GROUPS = [made(f"aws_lb_target_group.{name}", arn=Refs()) for name in "ab"]
TASKS = [made(f"aws_ecs_task_definition.{name}", arn=Refs()) for name in "ab"]
SUBNETS = [
    made(f"aws_subnet.{name}", id=Refs(), vpc_id=vpc)
    for name, vpc in (
        ("in_v", PLACES[0]),
        ("in_w", PLACES[1]),
        ("both", Refs("aws_vpc.v.id", "aws_vpc.w.id")),
    )
]


def one_or_both(kind: str, attribute: str, *names: str) -> list[Refs]:
    ends = [f"{kind}.{name}.{attribute}" for name in names]
    return [Refs(), Refs("local.x"), Refs(*ends), *map(Refs, ends)]


@few
@given(
    several(
        st.sampled_from(one_or_both("aws_lb_target_group", "arn", "a", "b")),
        st.sampled_from(one_or_both("aws_ecs_task_definition", "arn", "a", "b")),
        st.sampled_from(one_or_both("aws_subnet", "id", "in_v", "in_w", "both")),
    )
)
def test_services_are_found_by_what_they_use(given_: list[tuple[Refs, Refs, Refs]]) -> None:
    services = [
        made(
            f"aws_ecs_service.s{at}",
            load_balancer=[{"target_group_arn": group}],
            task_definition=task,
            network_configuration=[{"subnets": subnets}],
        )
        for at, (group, task, subnets) in enumerate(given_)
    ]
    platform = platform_of(*VPCS, *SUBNETS, *GROUPS, *TASKS, *services)
    placements, network, every = platform.placements, platform.network, platform.services
    for group in platform.graph.of_type("aws_lb_target_group"):
        behind = [
            each
            for each in every
            if any(
                target.address == group.address
                for attachment in platform.balancing.attachments_of(each)
                for target in attachment.groups.targets
            )
        ]
        assert list(platform.runners.behind(group)) == behind
    for definition in platform.task_definitions:
        running = [
            each
            for each in every
            if definition.address in {t.address for t in each.task_definitions.targets}
        ]
        assert list(platform.services_of(definition)) == running
        assert platform.runs(definition) is bool(running)
    pairs = [(each, subnet) for each in every for subnet in platform.placement(each).subnets]
    assert [tuple(each) for each in placements.tenants] == pairs
    for subnet in platform.graph.of_type("aws_subnet"):
        here = [pair for pair in pairs if pair[1].resource is subnet]
        assert [tuple(each) for each in placements.in_subnet(subnet)] == here
    for vpc in ("aws_vpc.v", "aws_vpc.w"):
        here = [pair for pair in pairs if network.managed_vpc(pair[1].resource) == vpc]
        assert [tuple(each) for each in placements.in_vpc(vpc)] == here


@few
@given(
    several(st.sampled_from(PLACES)),
    several(st.sampled_from(one_or_both("aws_internet_gateway", "id", "g0", "g1"))),
    several(st.sampled_from(one_or_both("aws_subnet", "id", "in_v", "in_w", "both"))),
)
def test_gateways_and_endpoints_are_found_by_their_vpc(
    endpoints: list[tuple[Any]], attached: list[tuple[Refs]], nats: list[tuple[Refs]]
) -> None:
    platform = platform_of(
        *VPCS,
        *SUBNETS,
        made("aws_internet_gateway.g0", id=Refs(), vpc_id=PLACES[0]),
        made("aws_internet_gateway.g1", id=Refs()),
        *(
            made(f"aws_internet_gateway_attachment.a{at}", internet_gateway_id=gateway, vpc_id=vpc)
            for at, ((gateway,), vpc) in enumerate(zip(attached, PLACES * 2, strict=False))
        ),
        *(made(f"aws_nat_gateway.n{at}", subnet_id=one) for at, (one,) in enumerate(nats)),
        *(made(f"aws_vpc_endpoint.e{at}", vpc_id=one) for at, (one,) in enumerate(endpoints)),
    )
    graph, network, homes = platform.graph, platform.network, platform.homes
    for subnet in graph.of_type("aws_subnet"):
        vpcs = {target.address for target in network.vpcs_of(subnet)}
        gateways = [
            gateway
            for gateway in graph.of_type("aws_internet_gateway")
            if any(
                target.address in vpcs
                for holder in (gateway, *network.attachments_of(gateway))
                for target in network.vpcs_of(holder)
            )
        ]
        assert list(network.gateways_of(subnet)) == gateways
        standing_here = [
            nat
            for nat in graph.of_type("aws_nat_gateway")
            if vpcs & {t.address for one in network.subnets_of(nat) for t in network.vpcs_of(one)}
        ]
        assert list(network.nats_in(*vpcs)) == standing_here
        beside = [
            each
            for each in graph.of_type("aws_vpc_endpoint")
            if homes.of(each).differs(homes.of(subnet)) is False
        ]
        assert list(homes.endpoints_in(homes.of(subnet))) == beside
    for gateway in graph.of_type("aws_internet_gateway"):
        joins = [
            each
            for each in graph.of_type("aws_internet_gateway_attachment")
            if gateway.address
            in {
                target.address
                for target in graph.resolve(
                    each, "internet_gateway_id", ["aws_internet_gateway"]
                ).targets
            }
        ]
        assert list(network.attachments_of(gateway)) == joins
