"""Security groups: which rules each holds, and what keeps the list from being complete."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import ABSENT, Known, Unknown, Value
from policyscan.rule import Direction, Entry, Platform
from policyscan.rule.security_groups import Group
from tests.rule.platforms import Made, Refs, made, platform_of, standing

VPC = made("aws_vpc.v", id=Refs())
OTHER = made("aws_security_group.o", vpc_id=Refs("aws_vpc.v.id"), id=Refs())
GROUP = made("aws_security_group.g", vpc_id=Refs("aws_vpc.v.id"), id=Refs())
IN, OUT = Direction.INGRESS, Direction.EGRESS


def inline(**more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": 80, "to_port": 80, **more}


def group_of(platform: Platform, key: str = "aws_security_group.g") -> Group:
    found = platform.security_groups.get(key)
    assert found is not None, key
    return found


def rules(*entries: Made, key: str = "aws_security_group.g") -> dict[Direction, list[Entry]]:
    return group_of(platform_of(VPC, OTHER, *entries), key).entries


def doubts(*entries: Made, key: str = "aws_security_group.g") -> dict[Direction, list[str]]:
    return group_of(platform_of(VPC, OTHER, *entries), key).doubts


def test_a_group_terraform_makes_starts_without_any_rule() -> None:
    assert rules(GROUP) == {IN: [], OUT: []}
    assert doubts(GROUP) == {IN: [], OUT: []}


def test_an_adopted_default_group_keeps_no_rule_of_its_own() -> None:
    adopted = made("aws_default_security_group.d", vpc_id=Refs("aws_vpc.v.id"), id=Refs())
    platform = platform_of(VPC, adopted)
    found = platform.security_groups.default_of("aws_vpc.v")
    assert found is group_of(platform, "aws_default_security_group.d")
    assert found.entries == {IN: [], OUT: []}


def test_the_default_group_of_a_new_vpc_lets_itself_in_and_everything_out() -> None:
    found = rules(key="aws_vpc.v")
    assert [each.is_self for each in found[IN]] == [True]
    assert [each.cidrs for each in found[OUT]] == [("0.0.0.0/0",)]


@pytest.mark.parametrize(
    "vpc", [standing("aws_vpc.w", id="vpc-0123456789abcdef0"), made("aws_default_vpc.w", id=Refs())]
)
def test_the_default_group_of_a_standing_vpc_may_hold_anything(vpc: Made) -> None:
    found = platform_of(vpc).security_groups.default_of(vpc.change["address"])
    assert found is not None
    assert found.entries == {IN: [], OUT: []}
    assert all(found.doubts[each] for each in Direction)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"security_groups": [Refs("aws_security_group.o.id")]},
            {"groups": ("aws_security_group.o",)},
        ),
        ({"self": True}, {"is_self": True}),
        ({"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]}, {"cidrs": ("10.0.0.0/8", "0.0.0.0/0")}),
        ({"ipv6_cidr_blocks": ["::/0"], "cidr_blocks": []}, {"cidrs": ("::/0",)}),
        ({"security_groups": ["sg-0123456789abcdef0"]}, {"ids": ("sg-0123456789abcdef0",)}),
        (
            {"security_groups": [Refs("aws_vpc.v.default_security_group_id")]},
            {"groups": ("aws_vpc.v",)},
        ),
        # Another attribute of a VPC is no group.
        ({"security_groups": [Refs("aws_vpc.v.id")]}, {"groups": ()}),
    ],
)
def test_an_inline_rule_is_read_whoever_it_is_for(
    arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    [entry] = rules(made("aws_security_group.g", id=Refs(), ingress=[inline(**arguments)]))[IN]
    assert {name: getattr(entry, name) for name in expected} == expected
    assert (entry.protocol, entry.first, entry.last) == (Known("tcp"), Known(80), Known(80))


OLD = {
    "security_group_id": Refs("aws_security_group.g.id"),
    "protocol": "TCP",
    "from_port": 80,
    "to_port": 81,
}
NEW = {
    "security_group_id": Refs("aws_security_group.g.id"),
    "ip_protocol": "tcp",
    "from_port": 80,
    "to_port": 81,
}


@pytest.mark.parametrize(
    ("kind", "base", "arguments", "expected"),
    [
        ("rule", OLD, {"cidr_blocks": ["10.0.0.0/8"]}, {"cidrs": ("10.0.0.0/8",)}),
        (
            "rule",
            OLD,
            {"source_security_group_id": Refs("aws_security_group.o.id")},
            {"groups": ("aws_security_group.o",)},
        ),
        ("rule", OLD, {"self": True}, {"is_self": True}),
        ("vpc", NEW, {"cidr_ipv4": "10.0.0.0/8"}, {"cidrs": ("10.0.0.0/8",)}),
        ("vpc", NEW, {"cidr_ipv6": "::/0"}, {"cidrs": ("::/0",)}),
        (
            "vpc",
            NEW,
            {"referenced_security_group_id": Refs("aws_security_group.g.id")},
            {"groups": ("aws_security_group.g",)},
        ),
    ],
)
@pytest.mark.parametrize("direction", list(Direction))
def test_a_standalone_rule_goes_to_its_group_and_direction(
    kind: str,
    base: dict[str, Any],
    arguments: dict[str, Any],
    expected: dict[str, Any],
    direction: Direction,
) -> None:
    if kind == "rule":
        rule = made("aws_security_group_rule.r", type=str(direction), **base, **arguments)
    else:
        rule = made(f"aws_vpc_security_group_{direction}_rule.r", **base, **arguments)
    found = rules(GROUP, rule)
    [entry] = found[direction]
    assert {name: getattr(entry, name) for name in expected} == expected
    assert (entry.protocol, entry.first, entry.last) == (Known("tcp"), Known(80), Known(81))
    assert [each for each in Direction if found[each]] == [direction]


def test_two_inline_rules_keep_their_groups_apart_by_the_constants_beside() -> None:
    # The plan lists the references of all blocks together, and sorts the blocks of a set.
    third = made("aws_security_group.t", id=Refs())
    group = made(
        "aws_security_group.g",
        id=Refs(),
        ingress=[
            inline(from_port=22, to_port=22, security_groups=[Refs("aws_security_group.t.id")]),
            inline(security_groups=[Refs("aws_security_group.o.id")]),
        ],
    )
    found = rules(group, third)[IN]
    assert [(str(each.first), each.groups) for each in found] == [
        ("22", ("aws_security_group.t",)),
        ("80", ("aws_security_group.o",)),
    ]


def test_inline_rules_that_nothing_tells_apart_may_each_be_for_either_group() -> None:
    third = made("aws_security_group.t", id=Refs())
    group = made(
        "aws_security_group.g",
        id=Refs(),
        ingress=[
            inline(security_groups=[Refs("aws_security_group.t.id")]),
            inline(security_groups=[Refs("aws_security_group.o.id")]),
        ],
    )
    found = rules(group, third)[IN]
    both = ("aws_security_group.o", "aws_security_group.t")
    assert [(each.groups, tuple(sorted(each.may_be))) for each in found] == [((), both)] * 2


@pytest.mark.parametrize(
    "rule",
    [
        made("aws_security_group_rule.r", **{**OLD, "security_group_id": Refs()}, type="ingress"),
        # Which way it is for is known only after apply.
        made("aws_security_group_rule.r", **OLD, type=Refs("terraform_data.t.output")),
    ],
)
def test_a_rule_that_may_be_for_a_group_makes_it_doubtful(rule: Made) -> None:
    assert doubts(GROUP, rule)[IN] == [
        "aws_security_group_rule.r may belong to it: name its group by reference"
    ]


def test_a_group_that_is_looked_up_is_doubtful_and_takes_rules_of_this_plan() -> None:
    lookup = made("data.aws_security_group.d", id="sg-0123456789abcdef0")
    rule = made(
        "aws_vpc_security_group_ingress_rule.r",
        **{**NEW, "security_group_id": "sg-0123456789abcdef0"},
        cidr_ipv4="10.0.0.0/8",
    )
    group = group_of(platform_of(lookup, rule), "data.aws_security_group.d")
    assert [each.cidrs for each in group.entries[IN]] == [("10.0.0.0/8",)]
    assert all(group.doubts[each] for each in Direction)


def test_rules_that_are_known_only_after_apply_are_a_doubt() -> None:
    group = made("aws_security_group.g", id=Refs(), ingress=Refs("terraform_data.t.output"))
    found = doubts(group)
    why = "aws_security_group.g.ingress is known only after apply: write it down"
    assert found == {IN: [why], OUT: []}


@pytest.mark.parametrize(
    ("arguments", "doubt"),
    [
        ({"cidr_blocks": Refs("terraform_data.t.output")}, "known only after apply"),
        ({"prefix_list_ids": ["pl-0123456789abcdef0"]}, "prefix list"),
        ({"security_groups": [Refs("local.groups")]}, "could not be followed"),
    ],
)
def test_an_entry_says_what_else_may_be_at_its_other_end(
    arguments: dict[str, Any], doubt: str
) -> None:
    [entry] = rules(made("aws_security_group.g", id=Refs(), egress=[inline(**arguments)]))[OUT]
    assert [doubt in each for each in entry.doubts] == [True]


def test_a_deleted_rule_takes_the_rules_of_the_state_with_it() -> None:
    group = standing("aws_security_group.g", id="sg-0123456789abcdef0", ingress=[inline(self=True)])
    group.block["expressions"].pop("ingress")
    rule = standing(
        "aws_vpc_security_group_ingress_rule.r",
        "delete",
        **{**NEW, "security_group_id": "sg-0123456789abcdef0"},
    )
    kept = group_of(platform_of(group))
    assert [each.is_self for each in kept.entries[IN]] == [True]
    left = group_of(platform_of(group, rule))
    assert left.entries[IN] == []
    assert left.doubts[IN] != []


def test_inline_and_standalone_rules_on_one_group_are_told() -> None:
    group = made("aws_security_group.g", id=Refs(), ingress=[inline(self=True)])
    rule = made("aws_vpc_security_group_ingress_rule.r", **NEW, cidr_ipv4="10.0.0.0/8")
    found = group_of(platform_of(group, rule))
    assert found.is_mixed == {IN: True, OUT: False}


@pytest.mark.parametrize(
    ("protocol", "first", "last", "port", "covers"),
    [
        (Known("tcp"), Known(80), Known(90), 80, True),
        (Known("tcp"), Known(80), Known(90), 90, True),
        (Known("tcp"), Known(80), Known(90), 91, False),
        (Known("tcp"), Known(80), Known(90), 79, False),
        (Known("6"), Known(80), Known(80), 80, True),
        (Known("udp"), Known(80), Known(80), 80, False),
        (Known("17"), Known(80), Known(80), 80, False),
        (Known("-1"), ABSENT, ABSENT, 80, True),
        (Known("-1"), Known(0), Known(0), 80, True),
        (Known("all"), ABSENT, ABSENT, 80, True),
        (Known("tcp"), Known(-1), Known(-1), 80, True),
        (Known("icmp"), Known(-1), Known(-1), 80, False),
        (Known("tcp"), ABSENT, ABSENT, 80, False),
        (Known("tcp"), Unknown(), Unknown(), 80, None),
        (Known("tcp"), Known(81), Unknown(), 80, False),
        (Known("tcp"), Known(80), Unknown(), 80, None),
        (Known("tcp"), Unknown(), Known(79), 80, False),
        (Known("tcp"), Unknown(), Known(80), 80, None),
        (Unknown(), Known(80), Known(80), 80, None),
    ],
)
def test_an_entry_covers_a_port(
    protocol: Any, first: Any, last: Any, port: int, *, covers: bool | None
) -> None:
    holder = platform_of(GROUP).graph.of_type("aws_security_group")[0]
    assert Entry(holder, "", protocol, first, last).covers("tcp", port) is covers


@pytest.mark.parametrize(
    ("protocol", "first", "last", "shown"),
    [
        (Known("tcp"), Known(80), Known(80), "tcp 80"),
        (Known("tcp"), Known(80), Known(90), "tcp 80-90"),
        (Known("udp"), Known(53), ABSENT, "udp 53"),
        (Known("-1"), Known(0), Known(0), "everything"),
        (Known("tcp"), Known(80), Unknown(), "tcp 80-(known after apply)"),
    ],
)
def test_an_entry_is_told_by_protocol_and_ports(
    protocol: Any, first: Any, last: Any, shown: str
) -> None:
    holder = platform_of(GROUP).graph.of_type("aws_security_group")[0]
    assert Entry(holder, "", protocol, first, last).shown == shown


def test_a_group_is_told_by_its_address_and_a_default_one_by_its_vpc() -> None:
    platform = platform_of(VPC, GROUP)
    own, default = group_of(platform), group_of(platform, "aws_vpc.v")
    assert (own.shown, own.reference(own.resource)) == (
        "aws_security_group.g",
        "aws_security_group.g.id",
    )
    assert default.shown == "the default security group of aws_vpc.v"
    assert default.reference(own.resource) == "aws_vpc.v.default_security_group_id"


def test_what_is_deleted_or_adopted_is_no_group_any_more() -> None:
    adopted = made("aws_default_security_group.d", vpc_id=Refs("aws_vpc.v.id"), id=Refs())
    gone = standing("aws_security_group.g", "delete", id="sg-0123456789abcdef0")
    old = standing("aws_vpc.old", "delete", id="vpc-0123456789abcdef0")
    groups = platform_of(VPC, adopted, gone, old).security_groups
    assert groups.get("aws_vpc.v") is None
    assert groups.get("aws_security_group.g") is None
    assert groups.get("aws_vpc.old") is None


def test_an_inline_rule_that_may_be_for_a_group_nobody_followed_has_a_doubt() -> None:
    [entry] = rules(
        made(
            "aws_security_group.g",
            id=Refs(),
            ingress=[inline(security_groups=Refs("aws_security_group.o.id", "local.more"))],
        )
    )[IN]
    assert entry.groups == ("aws_security_group.o",)
    assert entry.doubts != ()


RULE = {"type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80}
OWNED = Refs("aws_security_group.g.id")


def only(entry: Made) -> Entry:
    [found] = rules(GROUP, entry)[IN]
    return found


def test_a_rule_is_for_its_own_group_only_when_it_says_so() -> None:
    own = made("aws_security_group_rule.r", security_group_id=OWNED, **{**RULE, "self": True})
    assert only(own).is_self
    other = made("aws_security_group_rule.r", security_group_id=OWNED, **{**RULE, "self": False})
    assert not only(other).is_self
    new = made(
        "aws_vpc_security_group_ingress_rule.r",
        security_group_id=OWNED,
        ip_protocol="tcp",
        from_port=80,
        to_port=80,
        cidr_ipv4="10.0.0.0/8",
        prefix_list_id="pl-0123456789abcdef0",
    )
    found = only(new)
    assert (found.is_self, len(found.prefix_lists), found.cidrs) == (False, 1, ("10.0.0.0/8",))
    old = made(
        "aws_security_group_rule.r",
        security_group_id=OWNED,
        **RULE,
        prefix_list_ids=["pl-0123456789abcdef0", "pl-0fedcba9876543210"],
    )
    assert len(only(old).prefix_lists) == 2


def test_a_rule_of_a_group_and_of_what_cannot_be_followed_is_not_everybodys() -> None:
    either = Refs("aws_security_group.g.id", "local.group")
    rule = made("aws_security_group_rule.r", security_group_id=either, **RULE)
    found = platform_of(VPC, OTHER, GROUP, rule)
    assert group_of(found, "aws_security_group.o").doubts == {IN: [], OUT: []}


def test_a_rule_of_something_else_of_a_vpc_belongs_to_nobody() -> None:
    rule = made("aws_security_group_rule.r", security_group_id=Refs("aws_vpc.v.id"), **RULE)
    assert doubts(GROUP, rule) == {IN: [], OUT: []}


def test_an_adopted_group_that_goes_is_no_default_any_more() -> None:
    platform = platform_of(
        standing("aws_vpc.v", id="vpc-0123456789abcdef0"),
        standing("aws_default_security_group.d", "delete", vpc_id="vpc-0123456789abcdef0"),
    )
    found = platform.security_groups.default_of("aws_vpc.v")
    assert found is not None
    assert found.resource.address == "aws_vpc.v"


@pytest.mark.parametrize(
    ("protocol", "shown"),
    [
        (Known("tcp"), "tcp 80"),
        (Known("-1"), "everything"),
        (Unknown(), "(known after apply) 80"),
        (ABSENT, "(known after apply) 80"),
    ],
)
def test_what_an_entry_lets_through_is_shown_as_far_as_it_is_known(
    protocol: Value, shown: str
) -> None:
    holder = group_of(platform_of(GROUP)).resource
    assert Entry(holder, "", protocol, Known(80), Known(80)).shown == shown
