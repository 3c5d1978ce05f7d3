"""What may be wrong with a listener or a listener rule."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import empty_forwards, redirect_loops, rivals, unissued, wrong_kinds
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

LB = made("aws_lb.l", arn=Refs(), load_balancer_type="application")
LB_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/x/0123456789abcdef"


def listener(name: str = "n", **more: Any) -> Made:
    arguments = {"load_balancer_arn": Refs("aws_lb.l.arn"), "port": 80, "protocol": "HTTP"}
    return made(f"aws_lb_listener.{name}", arn=Refs(), **{**arguments, **more})


def rule(name: str, priority: Any, owner: Any = None) -> Made:
    arn = owner or Refs("aws_lb_listener.n.arn")
    return made(f"aws_lb_listener_rule.{name}", listener_arn=arn, priority=priority)


CERTIFICATE = made("aws_acm_certificate.c", arn=Refs(), validation_method="DNS")
VALIDATION = made(
    "aws_acm_certificate_validation.v",
    certificate_arn=Refs("aws_acm_certificate.c.arn"),
    id=Refs(),
)


@pytest.mark.parametrize(
    ("given", "entries", "expected"),
    [
        (Refs("aws_acm_certificate.c.arn"), [CERTIFICATE], ["aws_acm_certificate.c"]),
        (Refs("aws_acm_certificate_validation.v.certificate_arn"), [CERTIFICATE, VALIDATION], []),
        # A validation that nobody waits for does not help.
        (Refs("aws_acm_certificate.c.arn"), [CERTIFICATE, VALIDATION], ["aws_acm_certificate.c"]),
        (
            Refs("aws_acm_certificate.c.arn"),
            [made("aws_acm_certificate.c", arn=Refs(), private_key="...")],
            [],
        ),
        (
            Refs("aws_acm_certificate.c.arn"),
            [made("aws_acm_certificate.c", arn=Refs(), certificate_authority_arn="arn")],
            [],
        ),
        ("arn:aws:acm:us-east-1:123456789012:certificate/0", [CERTIFICATE], []),
    ],
)
def test_a_requested_certificate_is_not_issued_until_it_is_validated(
    given: Any, entries: list[Made], expected: list[str]
) -> None:
    platform = platform_of(LB, listener(protocol="HTTPS", certificate_arn=given), *entries)
    resource = resource_of(platform, "aws_lb_listener.n")
    assert [target.address for target in unissued(platform.graph, resource)] == expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([listener("o")], ["aws_lb_listener.o"]),
        ([listener("o", port=81)], []),
        ([listener("o", load_balancer_arn=Refs("aws_lb.m.arn"))], []),
        ([listener("o", load_balancer_arn=LB_ARN)], []),
        ([listener("o", port=Refs("terraform_data.t.output"))], []),
        ([rule("o", 80)], []),
    ],
)
def test_listeners_on_one_port_of_a_load_balancer_are_rivals(
    others: list[Made], expected: list[str]
) -> None:
    platform = platform_of(LB, made("aws_lb.m", arn=Refs()), listener(), *others)
    found = rivals(platform.graph, resource_of(platform, "aws_lb_listener.n"))
    assert [other.address for other, _ in found] == expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([rule("o", 7)], ["aws_lb_listener_rule.o"]),
        ([rule("o", 8)], []),
        ([rule("o", 7, Refs("aws_lb_listener.m.arn"))], []),
        ([rule("o", 7, LB_ARN)], []),
    ],
)
def test_rules_of_one_priority_on_a_listener_are_rivals(
    others: list[Made], expected: list[str]
) -> None:
    platform = platform_of(LB, listener(), listener("m", port=81), rule("r", 7), *others)
    found = rivals(platform.graph, resource_of(platform, "aws_lb_listener_rule.r"))
    assert [other.address for other, _ in found] == expected


def test_rivals_may_share_a_listener_that_is_told_by_its_arn() -> None:
    platform = platform_of(rule("r", 7, LB_ARN), rule("o", 7, LB_ARN))
    found = tuple(rivals(platform.graph, resource_of(platform, "aws_lb_listener_rule.r")))
    assert [(other.address, edge) for other, edge in found] == [("aws_lb_listener_rule.o", None)]


@pytest.mark.parametrize(
    ("redirect", "loops"),
    [
        ({}, True),
        ({"port": "80"}, True),
        ({"port": "#{port}", "protocol": "#{protocol}", "path": "/#{path}"}, True),
        ({"port": "81"}, False),
        ({"protocol": "HTTPS"}, False),
        ({"host": "example.com"}, False),
        ({"path": "/new"}, False),
        ({"query": "a=b"}, False),
        ({"host": Refs("terraform_data.t.output")}, False),
    ],
)
def test_a_redirect_that_changes_nothing_is_a_loop(
    redirect: dict[str, Any], *, loops: bool
) -> None:
    block = {"type": "redirect", "redirect": [{"status_code": "HTTP_301", **redirect}]}
    platform = platform_of(LB, listener(default_action=[block]))
    found = tuple(redirect_loops(resource_of(platform, "aws_lb_listener.n")))
    assert found == (("default_action[0].redirect[0]",) if loops else ())


@pytest.mark.parametrize(
    ("action", "is_empty"),
    [
        ({"type": "forward"}, True),
        ({"type": "forward", "target_group_arn": ""}, True),
        ({"type": "forward", "target_group_arn": "arn"}, False),
        ({"type": "forward", "target_group_arn": Refs("local.arn")}, False),
        ({"type": "forward", "forward": [{"target_group": [{"arn": "arn"}]}]}, False),
        ({"type": "fixed-response"}, False),
    ],
)
def test_a_forward_needs_a_target_group(action: dict[str, Any], *, is_empty: bool) -> None:
    platform = platform_of(LB, listener(default_action=[action]))
    found = tuple(empty_forwards(resource_of(platform, "aws_lb_listener.n"), "default_action"))
    assert found == (("default_action[0].type",) if is_empty else ())


@pytest.mark.parametrize(
    ("kind", "protocol", "is_wrong"),
    [
        ("application", "HTTP", False),
        ("application", "HTTPS", False),
        ("application", "TCP", True),
        ("network", "TCP", False),
        ("network", "TLS", False),
        ("network", "HTTP", True),
        ("gateway", "HTTP", False),
    ],
)
def test_each_kind_of_load_balancer_speaks_its_own_protocols(
    kind: str, protocol: str, *, is_wrong: bool
) -> None:
    balancer = made("aws_lb.l", arn=Refs(), load_balancer_type=kind)
    platform = platform_of(balancer, listener(protocol=protocol))
    found = wrong_kinds(platform.graph, resource_of(platform, "aws_lb_listener.n"))
    assert [(target.address, name) for target, name in found] == (
        [("aws_lb.l", kind)] if is_wrong else []
    )


@pytest.mark.parametrize(
    "certificate",
    [
        standing("aws_acm_certificate.c", arn="arn:aws:acm:::certificate/1"),
        made("data.aws_acm_certificate.c", arn=Refs()),
    ],
)
def test_a_certificate_that_stands_already_is_issued(certificate: Made) -> None:
    refers = Refs(f"{certificate.change['address']}.arn")
    platform = platform_of(LB, listener(protocol="HTTPS", certificate_arn=refers), certificate)
    assert list(unissued(platform.graph, resource_of(platform, "aws_lb_listener.n"))) == []


def test_which_of_two_certificates_a_listener_takes_may_not_be_told() -> None:
    other = made("aws_acm_certificate.d", arn=Refs(), validation_method="DNS")
    either = Refs("aws_acm_certificate.c.arn", "aws_acm_certificate.d.arn", "var.which")
    entries = (LB, listener(protocol="HTTPS", certificate_arn=either), CERTIFICATE, other)
    platform = platform_of(*entries)
    assert list(unissued(platform.graph, resource_of(platform, "aws_lb_listener.n"))) == []


def test_listeners_of_one_load_balancer_or_another_are_no_rivals_for_certain() -> None:
    either = Refs("aws_lb.l.arn", "aws_lb.m.arn", "var.which")
    platform = platform_of(
        LB, made("aws_lb.m", arn=Refs()), listener(), listener("o", load_balancer_arn=either)
    )
    assert list(rivals(platform.graph, resource_of(platform, "aws_lb_listener.n"))) == []


@pytest.mark.parametrize(
    ("port", "redirect"),
    [
        (80, {"host": Refs("terraform_data.t.output"), "port": "80", "protocol": "HTTP"}),
        # Two ports that nobody knows are not known to be one.
        (Refs("terraform_data.t.output"), {"port": Refs("terraform_data.t.output")}),
    ],
)
def test_a_redirect_of_which_a_part_is_not_known_may_lead_anywhere(
    port: Any, redirect: dict[str, Any]
) -> None:
    action = [{"type": "redirect", "redirect": [redirect]}]
    platform = platform_of(
        LB, made("terraform_data.t", output=Refs()), listener(port=port, default_action=action)
    )
    assert list(redirect_loops(resource_of(platform, "aws_lb_listener.n"))) == []


@pytest.mark.parametrize(
    ("balancer", "arn", "protocol"),
    [
        (made("aws_lb.l", arn=Refs(), load_balancer_type=Refs("local.kind")), None, "TCP"),
        (LB, None, Refs("local.protocol")),
        (LB, Refs("aws_lb.l.arn", "aws_lb.m.arn", "var.which"), "TCP"),
    ],
)
def test_a_protocol_is_wrong_only_where_all_is_known(
    balancer: Made, arn: Refs | None, protocol: Any
) -> None:
    more: dict[str, Any] = {} if arn is None else {"load_balancer_arn": arn}
    other = made("aws_lb.m", arn=Refs(), load_balancer_type="network")
    platform = platform_of(balancer, other, listener(protocol=protocol, **more))
    assert list(wrong_kinds(platform.graph, resource_of(platform, "aws_lb_listener.n"))) == []
