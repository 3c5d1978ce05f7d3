"""From a service over its target groups and their listeners to load balancers."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import Certainty, Platform, Way, keeps_clients
from policyscan.rule.balancing import Attachment
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

LB = made("aws_lb.l", arn=Refs(), subnets=[Refs("aws_subnet.s.id")], load_balancer_type="network")
SUBNET = made("aws_subnet.s", id=Refs(), cidr_block="10.0.0.0/24")
GROUP = made("aws_lb_target_group.t", arn=Refs())
LISTENER_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/1/2"


def service(*blocks: dict[str, Any]) -> Made:
    return made("aws_ecs_service.s", name="s", load_balancer=list(blocks))


def block(group: str = "t", port: int = 80, **more: Any) -> dict[str, Any]:
    arn = Refs(f"aws_lb_target_group.{group}.arn")
    return {"target_group_arn": arn, "container_name": "app", "container_port": port, **more}


def listener(action: dict[str, Any], name: str = "n", **more: Any) -> Made:
    return made(
        f"aws_lb_listener.{name}",
        arn=Refs(),
        load_balancer_arn=Refs("aws_lb.l.arn"),
        default_action=[{"type": "forward", **action}],
        **more,
    )


FORWARD = {"target_group_arn": Refs("aws_lb_target_group.t.arn")}
NESTED = {"forward": [{"target_group": [{"arn": Refs("aws_lb_target_group.t.arn")}]}]}


def attachments(platform: Platform) -> tuple[Attachment, ...]:
    return tuple(platform.balancing.attachments_of(platform.services[0]))


def ways(*entries: Made) -> list[Way]:
    platform = platform_of(LB, SUBNET, GROUP, service(block()), *entries)
    return [way for each in attachments(platform) for way in platform.balancing.ways_of(each)]


@pytest.mark.parametrize("action", [FORWARD, NESTED])
def test_a_listener_sends_by_its_default_action(action: dict[str, Any]) -> None:
    [way] = ways(listener(action))
    assert (way.group.address, way.sender.holder.address, way.balancer.address) == (
        "aws_lb_target_group.t",
        "aws_lb_listener.n",
        "aws_lb.l",
    )
    assert way.is_sure
    assert way.certainty is Certainty.PROVEN
    assert [step.address for step in way.steps] == [
        "aws_ecs_service.s",
        "aws_lb_target_group.t",
        "aws_lb_listener.n",
        "aws_lb.l",
    ]


def test_a_rule_sends_on_behalf_of_its_listener() -> None:
    rule = made(
        "aws_lb_listener_rule.r",
        listener_arn=Refs("aws_lb_listener.n.arn"),
        action=[{"type": "forward", **FORWARD}],
    )
    [way] = ways(listener({"fixed_response": [{"content_type": "text/plain"}]}), rule)
    assert way.sender.holder.address == "aws_lb_listener_rule.r"
    assert way.sender.listener.address == "aws_lb_listener.n"


def test_a_rule_of_a_standing_listener_is_a_sender_without_a_load_balancer() -> None:
    rule = made(
        "aws_lb_listener_rule.r",
        listener_arn=LISTENER_ARN,
        action=[{"type": "forward", **FORWARD}],
    )
    platform = platform_of(GROUP, service(block()), rule)
    [sender] = platform.balancing.senders_of("aws_lb_target_group.t")
    assert sender.holder.address == "aws_lb_listener_rule.r"
    assert sender.balancers == ()


def test_a_listener_that_could_not_be_followed_may_send_anywhere() -> None:
    found = platform_of(LB, listener({"target_group_arn": Refs("local.group")})).balancing.loose
    assert ["aws_lb_listener.n" in each for each in found] == [True]
    assert platform_of(LB, listener(FORWARD), GROUP).balancing.loose == ()


def test_each_block_of_a_service_keeps_its_own_target_group() -> None:
    second = made("aws_lb_target_group.u", arn=Refs())
    platform = platform_of(GROUP, second, service(block(port=80), block("u", 90)))
    found = [
        (str(each.container_port), [target.address for target in each.groups.targets])
        for each in attachments(platform)
    ]
    assert found == [("80", ["aws_lb_target_group.t"]), ("90", ["aws_lb_target_group.u"])]


def test_blocks_that_nothing_tells_apart_have_either_group() -> None:
    second = made("aws_lb_target_group.u", arn=Refs())
    platform = platform_of(GROUP, second, service(block(), block("u")))
    sure = [[target.is_sure for target in each.groups.targets] for each in attachments(platform)]
    assert sure == [[False, False], [False, False]]


def test_a_blue_green_service_has_a_second_target_group() -> None:
    second = made("aws_lb_target_group.u", arn=Refs())
    other = {"alternate_target_group_arn": Refs("aws_lb_target_group.u.arn")}
    platform = platform_of(GROUP, second, service(block(advanced_configuration=[other])))
    found = [
        (each.is_alternate, each.attribute, [target.address for target in each.groups.targets])
        for each in attachments(platform)
    ]
    assert found == [
        (False, "load_balancer[0].target_group_arn", ["aws_lb_target_group.t"]),
        (
            True,
            "load_balancer[0].advanced_configuration[0].alternate_target_group_arn",
            ["aws_lb_target_group.u"],
        ),
    ]


def test_a_classic_load_balancer_has_no_target_group() -> None:
    classic = {"elb_name": "old", "container_name": "app", "container_port": 80}
    assert attachments(platform_of(service({**classic, "target_group_arn": ""}))) == ()
    assert attachments(platform_of(service(classic))) == ()


def test_the_subnets_of_a_load_balancer_are_those_of_all_its_blocks() -> None:
    second = made("aws_subnet.z", id=Refs(), cidr_block="10.0.1.0/24")
    mapped = made(
        "aws_lb.m",
        arn=Refs(),
        subnet_mapping=[
            {"subnet_id": Refs("aws_subnet.s.id")},
            {"subnet_id": Refs("aws_subnet.z.id")},
        ],
    )
    platform = platform_of(SUBNET, second, mapped)
    found = platform.balancing.subnets_of(resource_of(platform, "aws_lb.m"))
    assert [each.address for each in found.sure] == ["aws_subnet.s", "aws_subnet.z"]
    assert (found.may_be, found.ids, found.missing) == ((), (), ())


def test_a_subnet_by_its_id_is_told_by_it() -> None:
    literal = made("aws_lb.m", arn=Refs(), subnets=["subnet-0123456789abcdef0"])
    platform = platform_of(literal)
    found = platform.balancing.subnets_of(resource_of(platform, "aws_lb.m"))
    assert (found.sure, found.ids) == ((), ("subnet-0123456789abcdef0",))


@pytest.mark.parametrize(
    ("kind", "group", "expected"),
    [
        ("network", {"target_type": "ip", "protocol": "TCP"}, False),
        ("network", {"target_type": "ip", "protocol": "TLS"}, False),
        ("network", {"target_type": "ip", "protocol": "UDP"}, True),
        ("network", {"target_type": "instance", "protocol": "TCP"}, True),
        ("network", {"target_type": "ip", "protocol": "TCP", "preserve_client_ip": "true"}, True),
        ("network", {"target_type": "ip", "protocol": "UDP", "preserve_client_ip": "false"}, False),
        ("application", {"target_type": "instance", "protocol": "HTTP"}, False),
    ],
)
def test_some_network_load_balancers_keep_the_addresses_of_clients(
    kind: str, group: dict[str, str], *, expected: bool
) -> None:
    entries = (
        made("aws_lb.l", arn=Refs(), load_balancer_type=kind),
        made("aws_lb_target_group.t", arn=Refs(), **group),
        listener(FORWARD),
        service(block()),
    )
    platform = platform_of(*entries)
    [way] = platform.balancing.ways_of(attachments(platform)[0])
    assert keeps_clients(way) is expected


def test_what_is_deleted_sends_nowhere() -> None:
    gone = standing("aws_lb_listener.n", "delete", default_action=[{"type": "forward", **FORWARD}])
    rule = standing("aws_lb_listener_rule.r", "delete", action=[{"type": "forward", **FORWARD}])
    assert ways(gone, rule) == []
    platform = platform_of(GROUP, gone, rule)
    assert platform.balancing.senders_of("aws_lb_target_group.t") == ()


@pytest.mark.parametrize(
    ("subnets", "may_be", "is_missing"),
    [
        (Refs("local.subnets"), [], True),
        (Refs("terraform_data.t.output"), [], True),
        (
            Refs("aws_subnet.s.id", "aws_subnet.z.id", "var.which"),
            ["aws_subnet.s", "aws_subnet.z"],
            False,
        ),
    ],
)
def test_subnets_that_are_not_told_are_missing_or_may_be(
    subnets: Refs, may_be: list[str], *, is_missing: bool
) -> None:
    second = made("aws_subnet.z", id=Refs(), cidr_block="10.0.1.0/24")
    platform = platform_of(SUBNET, second, made("aws_lb.m", arn=Refs(), subnets=subnets))
    found = platform.balancing.subnets_of(resource_of(platform, "aws_lb.m"))
    assert found.sure == ()
    assert [each.address for each in found.may_be] == may_be
    assert bool(found.missing) is is_missing


def test_listeners_that_go_and_their_rules_send_nothing() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/1"
    action = [{"type": "forward", "target_group_arn": arn}]
    platform = platform_of(
        standing("aws_lb.l", arn="arn:lb", load_balancer_type="network"),
        standing("aws_lb_target_group.t", arn=arn),
        standing("aws_lb_listener.n", "delete", load_balancer_arn="arn:lb", default_action=action),
        standing("aws_lb_listener_rule.r", "delete", listener_arn=LISTENER_ARN, action=action),
    )
    assert platform.balancing.senders_of("aws_lb_target_group.t") == ()
    assert platform.balancing.listeners_of(resource_of(platform, "aws_lb.l")) == ()


def test_a_rule_of_a_listener_of_the_plan_sends_once() -> None:
    rule = made(
        "aws_lb_listener_rule.r",
        listener_arn=Refs("aws_lb_listener.n.arn"),
        action=[{"type": "forward", **FORWARD}],
    )
    plain = {"type": "fixed-response"}
    platform = platform_of(LB, SUBNET, GROUP, listener(plain), rule)
    found = platform.balancing.senders_of("aws_lb_target_group.t")
    assert [each.listener.address for each in found] == ["aws_lb_listener.n"]


@pytest.mark.parametrize(
    ("arguments", "attribute", "edges"),
    [
        ({"subnets": [Refs("aws_subnet.s.id")]}, "subnets", 1),
        ({"subnet_mapping": [{"subnet_id": Refs("aws_subnet.s.id")}]}, "subnet_mapping", 1),
        ({"subnets": Refs("aws_subnet.s.id", "aws_subnet.o.id", "var.which")}, "subnets", 0),
        ({}, "subnets", 0),
    ],
)
def test_where_a_load_balancer_names_its_subnets_is_told(
    arguments: dict[str, Any], attribute: str, edges: int
) -> None:
    other = made("aws_subnet.o", id=Refs(), cidr_block="10.0.1.0/24")
    platform = platform_of(SUBNET, other, made("aws_lb.b", **arguments))
    found = platform.balancing.subnets_of(resource_of(platform, "aws_lb.b"))
    assert (found.attribute, len(found.edges)) == (attribute, edges)
