"""Who may open a connection to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.plan import Known
from policyscan.rule import Certainty, Direction, End, Passage, Platform, Port, Reach, is_open
from policyscan.rule.security_groups import Entry
from policyscan.source import read_source
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of

IN, OUT = Direction.INGRESS, Direction.EGRESS
WEB = Port(80)
VPC = made("aws_vpc.v", id=Refs())
NEAR = made("aws_subnet.n", vpc_id=Refs("aws_vpc.v.id"), cidr_block="10.0.0.0/24", id=Refs())
FAR = made("aws_subnet.f", vpc_id=Refs("aws_vpc.v.id"), cidr_block="10.0.1.0/24", id=Refs())


def lb(name: str, *groups: str, subnets: Any = None) -> Made:
    named = {"security_groups": [Refs(f"aws_security_group.{each}.id") for each in groups]}
    where = subnets or [Refs("aws_subnet.f.id")]
    return made(f"aws_lb.{name}", subnets=where, **(named if groups else {}))


def group(name: str, *rules: dict[str, Any], direction: str = "ingress") -> Made:
    block = {direction: list(rules)} if rules else {}
    return made(f"aws_security_group.{name}", vpc_id=Refs("aws_vpc.v.id"), id=Refs(), **block)


def rule(**more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": 80, "to_port": 80, **more}


def end(platform: Platform, name: str) -> End:
    resource = resource_of(platform, f"aws_lb.{name}")
    return platform.reachability.end(resource, "security_groups", "subnets")


def reach(*entries: Made, direction: Direction = IN) -> Reach:
    """From aws_lb.b with group f to aws_lb.a with group n."""
    platform = platform_of(VPC, NEAR, FAR, *entries)
    near, far = end(platform, "a"), end(platform, "b")
    return platform.reachability.between(near, direction, far, WEB).reach


BOTH = (lb("a", "n", subnets=[Refs("aws_subnet.n.id")]), lb("b", "f"), group("f"))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule(security_groups=[Refs("aws_security_group.f.id")])], Reach.YES),
        ([rule(security_groups=[Refs("aws_security_group.n.id")])], Reach.NO),
        ([rule(self=True)], Reach.NO),
        ([rule(cidr_blocks=["0.0.0.0/0"])], Reach.YES),
        ([rule(cidr_blocks=["10.0.1.0/24"])], Reach.YES),
        ([rule(cidr_blocks=["10.0.0.0/16"])], Reach.YES),
        ([rule(cidr_blocks=["10.0.1.0/25"])], Reach.NO),
        ([rule(cidr_blocks=["10.0.1.0/25", "10.0.1.128/25"])], Reach.YES),
        ([rule(cidr_blocks=["10.0.0.0/24"])], Reach.NO),
        ([rule(ipv6_cidr_blocks=["::/0"])], Reach.NO),
        ([rule(from_port=81, to_port=90, cidr_blocks=["0.0.0.0/0"])], Reach.NO),
        ([rule(prefix_list_ids=["pl-0123456789abcdef0"])], Reach.MAYBE),
        ([rule(cidr_blocks=Refs("terraform_data.t.output"))], Reach.MAYBE),
        ([rule(to_port=Refs("terraform_data.t.output"), cidr_blocks=["0.0.0.0/0"])], Reach.MAYBE),
        ([rule(security_groups=["sg-0123456789abcdef0"])], Reach.NO),
        ([], Reach.NO),
        # A doubt beside a rule that lets it in does not matter.
        (
            [
                rule(prefix_list_ids=["pl-0123456789abcdef0"]),
                rule(protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"]),
            ],
            Reach.YES,
        ),
    ],
)
@pytest.mark.parametrize("direction", list(Direction))
def test_a_connection_needs_a_rule_for_its_port_and_its_other_end(
    rules: list[dict[str, Any]], expected: Reach, direction: Direction
) -> None:
    groups = group("n", *rules, direction=str(direction))
    assert reach(*BOTH, groups, direction=direction) is expected


def test_a_rule_of_the_other_direction_lets_nothing_through() -> None:
    groups = group("n", rule(cidr_blocks=["0.0.0.0/0"]), direction="egress")
    assert reach(*BOTH, groups, direction=IN) is Reach.NO


def test_self_reaches_whoever_has_the_same_group() -> None:
    entries = (lb("a", "n"), lb("b", "n"), group("n", rule(self=True)))
    assert reach(*entries) is Reach.YES


def test_groups_of_one_end_add_up() -> None:
    entries = (
        lb("a", "n", "m"),
        lb("b", "f"),
        group("f"),
        group("n"),
        group("m", rule(security_groups=[Refs("aws_security_group.f.id")])),
    )
    assert reach(*entries) is Reach.YES


def test_the_default_groups_of_one_new_vpc_reach_each_other() -> None:
    assert reach(lb("a"), lb("b")) is Reach.YES


def test_the_default_group_lets_no_other_group_in() -> None:
    assert reach(lb("a"), lb("b", "f"), group("f")) is Reach.NO


def test_an_end_of_an_unknown_group_may_be_reached() -> None:
    far = made(
        "aws_lb.b", subnets=[Refs("aws_subnet.f.id")], security_groups=["sg-0123456789abcdef0"]
    )
    near = lb("a", "n")
    by_group = group("n", rule(security_groups=[Refs("aws_security_group.f.id")]))
    assert reach(near, far, by_group, group("f")) is Reach.MAYBE
    # Its own id in a rule is enough.
    by_id = group("n", rule(security_groups=["sg-0123456789abcdef0"]))
    assert reach(near, far, by_id) is Reach.YES
    # Without a rule for groups nobody gets in.
    assert reach(near, far, group("n", rule(cidr_blocks=["10.9.0.0/16"]))) is Reach.NO


def test_an_end_whose_rules_are_not_in_the_plan_may_let_in() -> None:
    near = made(
        "aws_lb.a", subnets=[Refs("aws_subnet.n.id")], security_groups=["sg-0123456789abcdef0"]
    )
    assert reach(near, lb("b", "f"), group("f")) is Reach.MAYBE


def test_a_block_decides_only_when_the_subnets_are_known() -> None:
    far = lb("b", "f", subnets=["subnet-0123456789abcdef0"])
    near = lb("a", "n")
    assert reach(near, far, group("f"), group("n", rule(cidr_blocks=["10.0.0.0/8"]))) is Reach.MAYBE
    everywhere = group("n", rule(cidr_blocks=["0.0.0.0/0"]))
    assert reach(near, far, group("f"), everywhere) is Reach.YES


def test_a_block_for_one_of_two_candidates_may_be_enough() -> None:
    # The plan alone does not tell an index in a condition from one that takes an instance.
    either = Refs("aws_subnet.f.id", "aws_subnet.n.id", "var.which")
    far = made("aws_lb.b", subnets=either, security_groups=[Refs("aws_security_group.f.id")])
    near, groups = lb("a", "n"), group("n", rule(cidr_blocks=["10.0.1.0/24"]))
    assert reach(near, far, group("f"), groups) is Reach.MAYBE
    both = group("n", rule(cidr_blocks=["10.0.0.0/23"]))
    assert reach(near, far, group("f"), both) is Reach.YES


def test_a_group_that_may_be_another_is_a_doubt() -> None:
    either = Refs("aws_security_group.n.id", "aws_security_group.m.id", "var.which")
    near = made("aws_lb.a", subnets=[Refs("aws_subnet.n.id")], security_groups=either)
    opened = rule(security_groups=[Refs("aws_security_group.f.id")])
    entries = (near, lb("b", "f"), group("f"), group("n", opened), group("m"))
    assert reach(*entries) is Reach.MAYBE


def test_a_rule_that_may_name_another_group_is_a_doubt() -> None:
    either = Refs("aws_security_group.f.id", "aws_security_group.m.id", "var.which")
    entries = (lb("a", "n"), lb("b", "f"), group("f"), group("m"))
    assert reach(*entries, group("n", rule(security_groups=either))) is Reach.MAYBE


def test_groups_that_only_apply_tells_are_a_doubt() -> None:
    for groups in (Refs("terraform_data.t.output"), Refs("local.groups")):
        near = made("aws_lb.a", subnets=[Refs("aws_subnet.n.id")], security_groups=groups)
        assert reach(near, lb("b", "f"), group("f")) is Reach.MAYBE


def test_what_names_no_group_in_an_unknown_vpc_may_let_anyone_in() -> None:
    near = made("aws_lb.a", subnets=["subnet-0123456789abcdef0"])
    assert reach(near, lb("b", "f"), group("f")) is Reach.MAYBE


def test_what_has_no_default_group_is_not_given_one() -> None:
    platform = platform_of(VPC, NEAR, FAR, lb("b"))
    resource = resource_of(platform, "aws_lb.b")
    found = platform.reachability.end(resource, "security_groups", "subnets", has_default=False)
    assert (found.groups, found.missing, found.shown) == ((), (), "no security group")
    assert [str(network) for network in found.networks] == ["10.0.1.0/24"]


def test_every_subnet_must_be_in_a_block() -> None:
    far = made(
        "aws_lb.b",
        subnets=[Refs("aws_subnet.f.id"), Refs("aws_subnet.n.id")],
        security_groups=[Refs("aws_security_group.f.id")],
    )
    near = lb("a", "n")
    one = group("n", rule(cidr_blocks=["10.0.1.0/24"]))
    assert reach(near, far, group("f"), one) is Reach.NO
    each = group("n", rule(cidr_blocks=["10.0.1.0/24"]), rule(cidr_blocks=["10.0.0.0/24"]))
    assert reach(near, far, group("f"), each) is Reach.YES


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule(cidr_blocks=["0.0.0.0/0"])], Reach.YES),
        ([rule(cidr_blocks=["0.0.0.0/1", "128.0.0.0/1"])], Reach.YES),
        ([rule(cidr_blocks=["0.0.0.0/1"]), rule(cidr_blocks=["128.0.0.0/1"])], Reach.YES),
        ([rule(cidr_blocks=["0.0.0.0/1"])], Reach.NO),
        ([rule(ipv6_cidr_blocks=["::/0"])], Reach.NO),
        ([rule(security_groups=[Refs("aws_security_group.f.id")])], Reach.NO),
        ([rule(cidr_blocks=Refs("terraform_data.t.output"))], Reach.MAYBE),
        ([rule(from_port=Refs("terraform_data.t.output"), cidr_blocks=["0.0.0.0/0"])], Reach.MAYBE),
        ([rule(from_port=443, to_port=443, cidr_blocks=["0.0.0.0/0"])], Reach.NO),
    ],
)
def test_a_port_is_open_to_everywhere(rules: list[dict[str, Any]], expected: Reach) -> None:
    platform = platform_of(VPC, NEAR, FAR, *BOTH, group("n", *rules))
    found = platform.reachability.from_anywhere(end(platform, "a"), IN, WEB)
    assert found.reach is expected


@pytest.mark.parametrize(
    ("cidrs", "expected"),
    [
        (("0.0.0.0/0",), True),
        (("::/0",), True),
        (("0:0:0:0:0:0:0:0/0",), True),
        (("::/1", "8000::/1"), True),
        (("0.0.0.0/1", "128.0.0.0/2"), False),
        (("10.0.0.0/8",), False),
        (("nonsense",), False),
        ((), False),
    ],
)
def test_an_entry_for_every_address_is_open(cidrs: tuple[str, ...], *, expected: bool) -> None:
    holder = resource_of(platform_of(group("n")), "aws_security_group.n")
    entry = Entry(holder, "", Known("tcp"), Known(80), Known(80), cidrs=cidrs)
    assert is_open(entry) is expected


def passage(*entries: Made) -> Passage:
    platform = platform_of(VPC, NEAR, FAR, *entries)
    return platform.reachability.between(end(platform, "a"), IN, end(platform, "b"), WEB)


def test_the_entry_that_decides_is_told() -> None:
    narrow, wide = rule(cidr_blocks=["10.0.9.0/24"]), rule(cidr_blocks=["10.0.1.0/24"])
    found = passage(*BOTH, group("n", narrow, wide))
    assert found.entry is not None
    assert found.entry.cidrs == ("10.0.1.0/24",)
    inner, everywhere = rule(cidr_blocks=["10.0.9.0/24"]), rule(cidr_blocks=["0.0.0.0/0"])
    platform = platform_of(VPC, NEAR, FAR, *BOTH, group("n", inner, everywhere))
    found = platform.reachability.from_anywhere(end(platform, "a"), IN, WEB)
    assert found.entry is not None
    assert found.entry.cidrs == ("0.0.0.0/0",)


@pytest.mark.parametrize(
    "entries",
    [
        # The same group without a rule for itself.
        (lb("a", "n"), lb("b", "n"), group("n", rule(cidr_blocks=["10.9.0.0/16"]))),
        # Ports that nobody knows, for somebody else.
        (
            *BOTH,
            group(
                "n",
                rule(
                    to_port=Refs("terraform_data.t.output"),
                    security_groups=["sg-0123456789abcdef0"],
                ),
            ),
        ),
        # Subnets that nobody knows, and no rule for blocks.
        (
            lb("a", "n"),
            lb("b", "f", subnets=["subnet-0123456789abcdef0"]),
            group("f"),
            group("n", rule(security_groups=["sg-0123456789abcdef0"])),
        ),
    ],
)
def test_what_cannot_let_it_in_is_no_doubt(entries: tuple[Made, ...]) -> None:
    assert passage(*entries).reach is Reach.NO


def test_ports_that_nobody_knows_are_no_doubt_where_the_rule_is_for_a_group() -> None:
    to_group = rule(
        from_port=Refs("terraform_data.t.output"),
        security_groups=[Refs("aws_security_group.f.id")],
    )
    platform = platform_of(VPC, NEAR, FAR, *BOTH, group("n", to_group))
    found = platform.reachability.from_anywhere(end(platform, "a"), IN, WEB)
    assert found.reach is Reach.NO


def test_a_rule_is_open_when_it_names_every_address() -> None:
    rules = (rule(cidr_blocks=["10.0.0.0/8"]), rule(ipv6_cidr_blocks=["::/0"]))
    platform = platform_of(VPC, NEAR, FAR, *BOTH, group("n", *rules))
    found = filter(is_open, platform.reachability.entries(end(platform, "a"), IN))
    assert [each.cidrs for each in found] == [("::/0",)]


@pytest.mark.parametrize(
    ("arguments", "missing", "unplaced"),
    [
        (
            {"subnets": [Refs("aws_subnet.n.id")], "security_groups": Refs("local.groups")},
            "local.groups",
            "",
        ),
        (
            {
                "subnets": [Refs("aws_subnet.n.id")],
                "security_groups": Refs("terraform_data.t.output"),
            },
            "aws_lb.a.security_groups is known only after apply",
            "",
        ),
        (
            {"security_groups": [Refs("aws_security_group.n.id")]},
            "",
            "the subnets of aws_lb.a are not in this plan",
        ),
        (
            {"security_groups": [Refs("aws_security_group.n.id")], "subnets": Refs("local.s")},
            "",
            "local.s",
        ),
        (
            {
                "security_groups": [Refs("aws_security_group.n.id")],
                "subnets": [Refs("aws_subnet.open.id")],
            },
            "",
            "aws_subnet.open.cidr_block is known only after apply",
        ),
        (
            {
                "security_groups": Refs(
                    "aws_security_group.n.id", "aws_security_group.m.id", "var.which"
                ),
                "subnets": [Refs("aws_subnet.n.id")],
            },
            "which of aws_security_group.n, aws_security_group.m it has is not in the plan; give",
            "",
        ),
    ],
)
def test_what_is_not_known_of_an_end_is_said(
    arguments: dict[str, Any], missing: str, unplaced: str
) -> None:
    platform = platform_of(
        VPC,
        NEAR,
        made("aws_subnet.open", vpc_id=Refs("aws_vpc.v.id"), cidr_block=Refs()),
        made("terraform_data.t", output=Refs()),
        group("n"),
        group("m"),
        made("aws_lb.a", **arguments),
    )
    found = end(platform, "a")
    assert (len(found.missing), len(found.unplaced)) == (bool(missing), bool(unplaced))
    assert missing in "".join(found.missing)
    assert unplaced in "".join(found.unplaced)


def with_hidden(entry: Made, *directions: str) -> Made:
    """A group whose rules of these directions only apply will tell."""
    entry.change["change"]["after_unknown"] |= dict.fromkeys(directions, True)
    return entry


@pytest.mark.parametrize(
    ("groups", "certainty"),
    [
        ((group("n", rule(cidr_blocks=["10.0.0.0/8"])),), Certainty.PROVEN),
        ((with_hidden(group("n"), "ingress"),), Certainty.INFERRED),
        ((with_hidden(group("n"), "ingress"), group("m")), Certainty.INFERRED),
    ],
)
def test_a_block_that_may_be_dynamic_leaves_an_end_inferred_without_source(
    groups: tuple[Made, ...], certainty: Certainty, tmp_path: Path
) -> None:
    names = [each.block["name"] for each in groups]
    entries = (VPC, NEAR, FAR, lb("a", *names), *groups)
    assert end(platform_of(*entries), "a").certainty is certainty
    (tmp_path / "main.tf").write_text('resource "aws_security_group" "n" {\n}\n')
    told = platform_of(*entries, source=read_source(tmp_path))
    assert end(told, "a").certainty is Certainty.PROVEN
