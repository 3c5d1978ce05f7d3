"""Where subnets lead: route tables, their default routes and what those go through."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import ABSENT, Known, Unknown, Value
from policyscan.rule import IPV6, Certainty, Exit, Platform
from policyscan.rule.egress import Egress
from policyscan.rule.network import is_zone_id
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

VPC = made("aws_vpc.v", cidr_block="10.0.0.0/16", id=Refs())
IGW = made("aws_internet_gateway.g", vpc_id=Refs("aws_vpc.v.id"))
SUBNET = made("aws_subnet.s", vpc_id=Refs("aws_vpc.v.id"), cidr_block="10.0.0.0/24")
ASSOCIATION = made(
    "aws_route_table_association.a",
    subnet_id=Refs("aws_subnet.s.id"),
    route_table_id=Refs("aws_route_table.t.id"),
)
EVERYWHERE = "0.0.0.0/0"
NAT = {"nat_gateway_id": "nat-0123456789abcdef0"}


def table(*routes: dict[str, Any], **more: Any) -> Made:
    return made("aws_route_table.t", vpc_id=Refs("aws_vpc.v.id"), route=list(routes), **more)


def route(name: str = "r", destination: Any = EVERYWHERE, **target: Any) -> Made:
    return made(
        f"aws_route.{name}",
        route_table_id=Refs("aws_route_table.t.id"),
        destination_cidr_block=destination,
        **target,
    )


def egress(*entries: Made) -> Egress:
    platform = platform_of(VPC, IGW, SUBNET, *entries)
    return platform.network.egress(resource_of(platform, "aws_subnet.s"))


@pytest.mark.parametrize(
    ("target", "exit_"),
    [
        ({"gateway_id": Refs("aws_internet_gateway.g.id")}, Exit.INTERNET_GATEWAY),
        ({"gateway_id": Refs("data.aws_internet_gateway.d.id")}, Exit.INTERNET_GATEWAY),
        ({"gateway_id": "igw-0123456789abcdef0"}, Exit.INTERNET_GATEWAY),
        ({"gateway_id": "vgw-0123456789abcdef0"}, Exit.OTHER),
        ({"gateway_id": "vpce-0123456789abcdef0"}, Exit.OTHER),
        ({"gateway_id": "something-else"}, Exit.UNKNOWN),
        ({"gateway_id": Refs("aws_vpn_gateway.vpn.id")}, Exit.OTHER),
        ({"gateway_id": Refs("local.gateway")}, Exit.UNKNOWN),
        (NAT, Exit.NAT),
        ({"nat_gateway_id": Refs("aws_nat_gateway.n.id")}, Exit.NAT),
        ({"transit_gateway_id": "tgw-0123456789abcdef0"}, Exit.OTHER),
        ({"network_interface_id": "eni-0123456789abcdef0"}, Exit.OTHER),
        ({"vpc_peering_connection_id": "pcx-0123456789abcdef0"}, Exit.OTHER),
        ({"vpc_endpoint_id": "vpce-0123456789abcdef0"}, Exit.OTHER),
        ({"egress_only_gateway_id": "eigw-0123456789abcdef0"}, Exit.EGRESS_ONLY),
        ({}, Exit.UNKNOWN),
    ],
)
@pytest.mark.parametrize("is_inline", [True, False])
def test_a_default_route_leads_where_its_target_says(
    target: dict[str, Any], exit_: Exit, *, is_inline: bool
) -> None:
    others = (
        made("data.aws_internet_gateway.d", id=Refs()),
        made("aws_vpn_gateway.vpn", vpc_id=Refs("aws_vpc.v.id")),
        made("aws_nat_gateway.n", subnet_id="subnet-0123456789abcdef0"),
    )
    routes = (
        (table({"cidr_block": EVERYWHERE, **target}),) if is_inline else (table(), route(**target))
    )
    assert egress(ASSOCIATION, *routes, *others).exit is exit_


@pytest.mark.parametrize(
    ("routes", "exit_"),
    [
        ((table(),), Exit.NONE),
        ((table({"cidr_block": "10.1.0.0/16", **NAT}),), Exit.NONE),
        ((table({"ipv6_cidr_block": "::/0", **NAT}),), Exit.NONE),
        # Two halves make a whole, however they are written; one half does not.
        (
            (table({"cidr_block": "0.0.0.0/1", **NAT}, {"cidr_block": "128.0.0.0/1", **NAT}),),
            Exit.NAT,
        ),
        ((table(), route("a", "0.0.0.0/1", **NAT), route("b", "128.0.0.0/1", **NAT)), Exit.NAT),
        ((table({"cidr_block": "0.0.0.0/1", **NAT}), route("b", "128.0.0.0/1", **NAT)), Exit.NAT),
        ((table({"cidr_block": "0.0.0.0/1", **NAT}),), Exit.NONE),
        ((table(), route("a", "128.0.0.0/1", **NAT)), Exit.NONE),
        # What cannot be read may be a default route, unless there is one already.
        ((table({"cidr_block": Refs("local.everywhere"), **NAT}),), Exit.UNKNOWN),
        ((table(), route(destination=Refs("local.everywhere"), **NAT)), Exit.UNKNOWN),
        ((table({"destination_prefix_list_id": "pl-0123456789abcdef0", **NAT}),), Exit.UNKNOWN),
        ((table({"cidr_block": EVERYWHERE, **NAT}), route("x", Refs("local.x"), **NAT)), Exit.NAT),
        ((table(propagating_vgws=["vgw-0123456789abcdef0"]),), Exit.UNKNOWN),
        # Two that disagree.
        (
            (table({"cidr_block": EVERYWHERE, **NAT}), route(gateway_id="igw-0123456789abcdef0")),
            Exit.UNKNOWN,
        ),
    ],
)
def test_only_a_default_route_counts(routes: tuple[Made, ...], exit_: Exit) -> None:
    assert egress(ASSOCIATION, *routes).exit is exit_


def test_routes_that_a_vpn_gateway_propagates_are_not_known() -> None:
    propagation = made(
        "aws_vpn_gateway_route_propagation.p",
        vpn_gateway_id="vgw-0123456789abcdef0",
        route_table_id=Refs("aws_route_table.t.id"),
    )
    assert egress(ASSOCIATION, table(), propagation).exit is Exit.UNKNOWN


def test_a_route_of_an_unknown_table_makes_every_table_without_one_unsure() -> None:
    stray = made(
        "aws_route.stray",
        route_table_id=Refs("local.table"),
        destination_cidr_block=EVERYWHERE,
        **NAT,
    )
    assert egress(ASSOCIATION, table(), stray).exit is Exit.UNKNOWN
    assert egress(ASSOCIATION, table({"cidr_block": EVERYWHERE, **NAT}), stray).exit is Exit.NAT


@pytest.mark.parametrize(("actions", "exit_"), [("no-op", Exit.NAT), ("delete", Exit.NONE)])
def test_a_route_that_is_deleted_does_not_count(actions: str, exit_: Exit) -> None:
    stands = standing("aws_route_table.t", id="rtb-0123456789abcdef0", route=[])
    old = standing(
        "aws_route.r",
        actions,
        route_table_id="rtb-0123456789abcdef0",
        destination_cidr_block=EVERYWHERE,
        **NAT,
    )
    assert egress(ASSOCIATION, stands, old).exit is exit_


def test_the_evidence_runs_from_association_over_table_and_route_to_the_gateway() -> None:
    found = egress(ASSOCIATION, table(), route(gateway_id=Refs("aws_internet_gateway.g.id")))
    assert [step.address for step in found.path] == [
        "aws_route_table_association.a",
        "aws_route_table.t",
        "aws_route.r",
        "aws_internet_gateway.g",
    ]
    assert found.certainty is Certainty.PROVEN


def by_vpc(table: str) -> Made:
    return made(
        "aws_route.out", route_table_id=Refs(table), destination_cidr_block=EVERYWHERE, **NAT
    )


VPC_OTHER = made("aws_vpc.other", id=Refs())
ADOPTED = made(
    "aws_default_route_table.d",
    default_route_table_id=Refs("aws_vpc.v.default_route_table_id"),
)
MAIN_TABLE = [
    # A new VPC's own main table leads nowhere.
    ((), Exit.NONE),
    # Another table is made the main one.
    (
        (
            table({"cidr_block": EVERYWHERE, **NAT}),
            made(
                "aws_main_route_table_association.m",
                vpc_id=Refs("aws_vpc.v.id"),
                route_table_id=Refs("aws_route_table.t.id"),
            ),
        ),
        Exit.NAT,
    ),
    # The main table is adopted.
    (
        (
            made(
                "aws_default_route_table.d",
                default_route_table_id=Refs("aws_vpc.v.default_route_table_id"),
                route=[{"cidr_block": EVERYWHERE, "gateway_id": Refs("aws_internet_gateway.g.id")}],
            ),
        ),
        Exit.INTERNET_GATEWAY,
    ),
    # The new main table gets its route by the attribute of the VPC, adopted or not.
    ((by_vpc("aws_vpc.v.main_route_table_id"),), Exit.NAT),
    ((by_vpc("aws_vpc.v.default_route_table_id"),), Exit.NAT),
    ((ADOPTED, by_vpc("aws_vpc.v.main_route_table_id")), Exit.NAT),
    ((VPC_OTHER, by_vpc("aws_vpc.other.main_route_table_id")), Exit.NONE),
    # A VPN gateway propagates routes to it.
    (
        (
            made(
                "aws_vpn_gateway_route_propagation.p",
                route_table_id=Refs("aws_vpc.v.main_route_table_id"),
            ),
        ),
        Exit.UNKNOWN,
    ),
    # Another VPC's default table is none of this one's.
    (
        (
            made("aws_vpc.other", id=Refs()),
            made(
                "aws_default_route_table.d",
                default_route_table_id=Refs("aws_vpc.other.default_route_table_id"),
                route=[{"cidr_block": EVERYWHERE, **NAT}],
            ),
        ),
        Exit.NONE,
    ),
    # An association nobody can follow may be for this subnet.
    (
        (
            table({"cidr_block": EVERYWHERE, **NAT}),
            made(
                "aws_route_table_association.x",
                subnet_id=Refs("local.subnet"),
                route_table_id=Refs("aws_route_table.t.id"),
            ),
        ),
        Exit.UNKNOWN,
    ),
]


@pytest.mark.parametrize(("entries", "exit_"), MAIN_TABLE)
def test_a_subnet_without_association_uses_the_main_table(
    entries: tuple[Made, ...], exit_: Exit
) -> None:
    assert egress(*entries).exit is exit_


def test_the_main_table_of_a_vpc_that_exists_already_is_not_known() -> None:
    vpc = standing("aws_vpc.v", id="vpc-0123456789abcdef0")
    platform = platform_of(vpc, SUBNET)
    assert platform.network.egress(resource_of(platform, "aws_subnet.s")).exit is Exit.UNKNOWN


@pytest.mark.parametrize("vpc_id", ["vpc-0123456789abcdef0", Refs("data.aws_vpc.d.id")])
def test_a_vpc_the_plan_does_not_manage_is_never_called_isolated(vpc_id: Any) -> None:
    looked_up = made("data.aws_vpc.d", id=Refs())
    platform = platform_of(looked_up, made("aws_subnet.s", vpc_id=vpc_id))
    subnet = resource_of(platform, "aws_subnet.s")
    assert platform.network.egress(subnet).exit is Exit.UNKNOWN
    assert platform.network.managed_vpc(subnet) == ""


def test_a_default_subnet_stands_in_the_default_vpc() -> None:
    platform = platform_of(
        made("aws_default_vpc.d", id=Refs()),
        made("aws_default_subnet.s", availability_zone="us-east-1a"),
    )
    subnet = resource_of(platform, "aws_default_subnet.s")
    assert platform.network.managed_vpc(subnet) == "aws_default_vpc.d"
    assert platform.network.egress(subnet).exit is Exit.UNKNOWN


def test_a_subnet_that_is_looked_up_or_has_no_ipv4_is_not_judged() -> None:
    platform = platform_of(
        VPC,
        made("data.aws_subnet.d", id=Refs()),
        made("aws_subnet.six", vpc_id=Refs("aws_vpc.v.id"), ipv6_native=True),
    )
    for address in ("data.aws_subnet.d", "aws_subnet.six"):
        assert platform.network.egress(resource_of(platform, address)).exit is Exit.UNKNOWN


def nat_problem(**arguments: Any) -> tuple[str, bool]:
    platform = platform_of(
        VPC,
        IGW,
        SUBNET,
        ASSOCIATION,
        table({"cidr_block": EVERYWHERE, "gateway_id": Refs("aws_internet_gateway.g.id")}),
        made("aws_subnet.inner", vpc_id=Refs("aws_vpc.v.id")),
        made("data.aws_subnet.d", id=Refs()),
        made("aws_nat_gateway.n", **arguments),
    )
    return platform.network.nat_problem(resource_of(platform, "aws_nat_gateway.n"))


def test_a_nat_gateway_works_in_a_public_subnet_or_as_a_regional_one() -> None:
    assert nat_problem(subnet_id=Refs("aws_subnet.s.id")) == ("", True)
    assert nat_problem(vpc_id=Refs("aws_vpc.v.id"), availability_mode="regional") == ("", True)


@pytest.mark.parametrize(
    ("arguments", "said", "is_certain"),
    [
        ({"subnet_id": Refs("aws_subnet.inner.id")}, "leads nowhere", True),
        (
            {"subnet_id": Refs("aws_subnet.s.id"), "connectivity_type": "private"},
            "is a private NAT gateway",
            True,
        ),
        ({"subnet_id": "subnet-0123456789abcdef0"}, "is not in this plan", False),
        ({"subnet_id": Refs("data.aws_subnet.d.id")}, "are not in this plan", False),
    ],
)
def test_a_nat_gateway_elsewhere_has_a_problem(
    arguments: dict[str, Any], said: str, *, is_certain: bool
) -> None:
    problem, found = nat_problem(**arguments)
    assert said in problem
    assert found is is_certain


def test_a_nat_gateway_in_the_subnet_it_serves_ends_the_search() -> None:
    platform = platform_of(
        VPC,
        SUBNET,
        ASSOCIATION,
        table({"cidr_block": EVERYWHERE, "nat_gateway_id": Refs("aws_nat_gateway.n.id")}),
        made("aws_nat_gateway.n", subnet_id=Refs("aws_subnet.s.id")),
    )
    problem, is_certain = platform.network.nat_problem(resource_of(platform, "aws_nat_gateway.n"))
    assert "leads to a NAT gateway" in problem
    assert is_certain


@pytest.mark.parametrize(
    ("arguments", "zone"),
    [
        ({"availability_zone": "us-east-1a"}, Known("us-east-1a")),
        ({"availability_zone_id": "use1-az1"}, Known("use1-az1")),
        ({"availability_zone": Refs("local.zone")}, Unknown()),
        ({}, ABSENT),
    ],
)
def test_a_zone_is_known_unknown_or_left_to_aws(arguments: dict[str, Any], zone: Value) -> None:
    platform: Platform = platform_of(made("aws_subnet.s", **arguments))
    assert platform.network.zone(resource_of(platform, "aws_subnet.s")) == zone


def test_names_and_ids_of_zones_are_told_apart() -> None:
    assert [is_zone_id(zone) for zone in ("us-east-1a", "use1-az3", "us-west-2-lax-1a")] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("routes", "exit_"),
    [
        ([{"ipv6_cidr_block": "::/0", "gateway_id": "igw-0123456789abcdef0"}], "internet gateway"),
        ([{"cidr_block": EVERYWHERE, **NAT}], "nowhere"),
        (
            [
                {"ipv6_cidr_block": half, "egress_only_gateway_id": "eigw-0123456789abcdef0"}
                for half in ("::/1", "8000::/1")
            ],
            "egress-only internet gateway",
        ),
    ],
)
def test_ipv6_goes_by_its_own_routes(routes: list[dict[str, Any]], exit_: str) -> None:
    platform = platform_of(VPC, IGW, SUBNET, ASSOCIATION, table(*routes))
    found = platform.network.egress(resource_of(platform, "aws_subnet.s"), IPV6)
    assert str(found.exit) == exit_


def test_a_nat_gateway_that_the_plan_deletes_leads_nowhere() -> None:
    platform = platform_of(standing("aws_nat_gateway.n", "delete", subnet_id="subnet-1"))
    problem, is_certain = platform.network.nat_problem(resource_of(platform, "aws_nat_gateway.n"))
    assert "deletes" in problem
    assert is_certain


OUT = {"gateway_id": Refs("aws_internet_gateway.g.id")}


def test_what_is_not_known_says_why() -> None:
    looked_up = platform_of(made("data.aws_subnet.d", id=Refs()))
    found = looked_up.network.egress(resource_of(looked_up, "data.aws_subnet.d"))
    assert found.why == "data.aws_subnet.d is looked up: look at its routes in the account"
    elsewhere = {"subnet_id": Refs("aws_subnet.s.id"), "route_table_id": "rtb-0123456789abcdef0"}
    found = egress(made("aws_route_table_association.a", **elsewhere))
    assert found.why == (
        "the route table of aws_route_table_association.a is not in this plan: look at its routes "
        "in the account"
    )
    table_of = made("data.aws_route_table.d", id=Refs())
    looked_up_table = elsewhere | {"route_table_id": Refs("data.aws_route_table.d.id")}
    found = egress(table_of, made("aws_route_table_association.a", **looked_up_table))
    assert found.exit is Exit.UNKNOWN


def test_an_association_that_is_deleted_does_not_count() -> None:
    vpc = made("aws_vpc.v", id=Refs())
    entries = (
        standing("aws_subnet.s", id="subnet-0123456789abcde10", vpc_id=Refs("aws_vpc.v.id")),
        standing("aws_route_table.t", id="rtb-1", route=[{"cidr_block": EVERYWHERE, **NAT}]),
        standing(
            "aws_route_table_association.a",
            "delete",
            subnet_id="subnet-0123456789abcde10",
            route_table_id="rtb-1",
        ),
    )
    platform = platform_of(vpc, *entries)
    assert platform.network.egress(resource_of(platform, "aws_subnet.s")).exit is Exit.NONE


def test_an_association_of_one_subnet_or_another_is_no_doubt_for_a_third() -> None:
    found = egress(
        table(),
        made("aws_subnet.other", vpc_id=Refs("aws_vpc.v.id")),
        made(
            "aws_route_table_association.x",
            subnet_id=Refs("aws_subnet.other.id", "local.x"),
            route_table_id=Refs("aws_route_table.t.id"),
        ),
    )
    assert found.exit is Exit.NONE


def test_what_surely_associates_a_subnet_wins_over_what_may() -> None:
    other = made("aws_subnet.o", vpc_id=Refs("aws_vpc.v.id"))
    outer = made("aws_route_table.out", route=[{"cidr_block": EVERYWHERE, **OUT}])
    either = made(
        "aws_route_table_association.b",
        subnet_id=Refs("aws_subnet.s.id", "aws_subnet.o.id", "var.which"),
        route_table_id=Refs("aws_route_table.out.id"),
    )
    inner = table({"cidr_block": EVERYWHERE, **NAT})
    assert egress(ASSOCIATION, inner, other, outer, either).exit is Exit.NAT
    assert egress(inner, other, outer, either).exit is Exit.INTERNET_GATEWAY


def test_an_inline_route_is_evidence_of_its_table_and_an_internet_gateway_is_no_nat() -> None:
    found = egress(ASSOCIATION, table({"cidr_block": EVERYWHERE, **OUT}))
    assert [step.address for step in found.path] == [
        "aws_route_table_association.a",
        "aws_route_table.t",
        "aws_internet_gateway.g",
    ]
    assert found.nats == ()


def test_an_adopted_main_table_is_proven() -> None:
    found = egress(
        made(
            "aws_default_route_table.d",
            default_route_table_id=Refs("aws_vpc.v.default_route_table_id"),
            route=[{"cidr_block": EVERYWHERE, **OUT}],
        )
    )
    assert found.certainty is Certainty.PROVEN


NATS = tuple(made(f"aws_nat_gateway.{name}", subnet_id=f"subnet-{name}") for name in "nm")


def test_which_of_two_nat_gateways_it_is_leaves_the_way_inferred() -> None:
    either = {"nat_gateway_id": Refs("aws_nat_gateway.n.id", "aws_nat_gateway.m.id", "var.which")}
    found = egress(ASSOCIATION, table({"cidr_block": EVERYWHERE, **either}), *NATS)
    assert (found.exit, found.certainty) == (Exit.NAT, Certainty.INFERRED)
    assert len(found.path) == 3
    assert {each.address for each in found.nats} == {"aws_nat_gateway.n", "aws_nat_gateway.m"}


@pytest.mark.parametrize("second", ["m", None])
def test_several_tables_count_when_they_agree(second: str | None) -> None:
    def routed(name: str, target: dict[str, Any]) -> Made:
        return made(f"aws_route_table.{name}", route=[{"cidr_block": EVERYWHERE, **target}])

    either = made(
        "aws_route_table_association.a",
        subnet_id=Refs("aws_subnet.s.id"),
        route_table_id=Refs("aws_route_table.one.id", "aws_route_table.two.id", "var.which"),
    )
    way = {"nat_gateway_id": Refs(f"aws_nat_gateway.{second}.id")} if second else OUT
    tables = (
        routed("one", {"nat_gateway_id": Refs("aws_nat_gateway.n.id")}),
        routed("two", way),
    )
    found = egress(either, *tables, *NATS)
    if second is None:
        assert found.exit is Exit.UNKNOWN
        assert "may use several route tables that lead elsewhere each" in found.why
        return
    assert (found.exit, found.certainty) == (Exit.NAT, Certainty.INFERRED)
    assert {each.address for each in found.nats} == {"aws_nat_gateway.n", "aws_nat_gateway.m"}
    assert set(found.tables) == {"aws_route_table.one", "aws_route_table.two"}
    assert found.path[1].address == "aws_route_table.one"


def test_a_nat_gateway_in_a_subnet_nobody_can_follow_may_have_a_problem() -> None:
    platform = platform_of(
        made("aws_subnet.s", vpc_id="vpc-0123456789abcdef0"),
        made("aws_nat_gateway.n", subnet_id=Refs("aws_subnet.s.id")),
    )
    problem, is_certain = platform.network.nat_problem(resource_of(platform, "aws_nat_gateway.n"))
    assert "stands in a VPC the plan does not manage" in problem
    assert not is_certain


def attached(*actions: str, gateway: str = "igw-0123456789abcde10") -> Made:
    return standing(
        "aws_internet_gateway_attachment.a",
        *actions,
        internet_gateway_id=gateway,
        vpc_id="vpc-0123456789abcde10",
    )


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        (attached(), ["aws_internet_gateway.one"]),
        (attached("delete"), []),
        (attached(gateway="igw-0123456789abcde20"), ["aws_internet_gateway.two"]),
    ],
)
def test_a_gateway_may_be_attached_by_a_resource_of_its_own(
    join: Made, expected: list[str]
) -> None:
    platform = platform_of(
        standing("aws_vpc.v", id="vpc-0123456789abcde10"),
        standing("aws_subnet.s", id="subnet-0123456789abcde10", vpc_id="vpc-0123456789abcde10"),
        standing("aws_internet_gateway.one", id="igw-0123456789abcde10"),
        standing("aws_internet_gateway.two", id="igw-0123456789abcde20"),
        join,
    )
    found = platform.network.gateways_of(resource_of(platform, "aws_subnet.s"))
    assert [each.address for each in found] == expected


LOOSE = made("aws_internet_gateway.loose", vpc_id=Refs("local.vpc"))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((IGW,), False),
        ((IGW, LOOSE), True),
        (
            (IGW, standing("aws_internet_gateway.old", "delete", vpc_id="vpc-0123456789abcde10")),
            False,
        ),
    ],
)
def test_a_gateway_of_nobody_known_may_be_anybodys(
    entries: tuple[Made, ...], *, expected: bool
) -> None:
    assert platform_of(VPC, *entries).network.has_loose_gateways is expected


@pytest.mark.parametrize(
    ("routes", "why"),
    [
        (
            (
                {"cidr_block": "10.0.0.0/8", **NAT},
                {"cidr_block": Refs("local.everywhere"), **NAT},
            ),
            "aws_route_table.t",
        ),
        (({"cidr_block": EVERYWHERE, "gateway_id": Refs("local.gateway")},), "local.gateway"),
        (
            ({"cidr_block": EVERYWHERE, "gateway_id": "something-else"},),
            "route[0].gateway_id could not be followed",
        ),
        (({"cidr_block": EVERYWHERE},), "the default route of aws_route_table.t names no target"),
    ],
)
def test_why_a_default_route_is_not_known_is_said(
    routes: tuple[dict[str, Any], ...], why: str
) -> None:
    found = egress(ASSOCIATION, table(*routes))
    assert found.exit is Exit.UNKNOWN
    assert why in found.why


def test_a_subnet_may_be_associated_with_the_main_table_by_name() -> None:
    join = made(
        "aws_route_table_association.m",
        subnet_id=Refs("aws_subnet.s.id"),
        route_table_id=Refs("aws_vpc.v.main_route_table_id"),
    )
    found = egress(join, by_vpc("aws_vpc.v.main_route_table_id"))
    assert (found.exit, found.tables) == (Exit.NAT, ("aws_vpc.v",))


def test_an_adopted_main_table_that_goes_tells_nothing_of_the_one_that_stays() -> None:
    gone = standing(
        "aws_default_route_table.d",
        "delete",
        default_route_table_id=Refs("aws_vpc.v.default_route_table_id"),
    )
    platform = platform_of(standing("aws_vpc.v", id="vpc-0"), SUBNET, gone)
    found = platform.network.egress(resource_of(platform, "aws_subnet.s"))
    assert found.exit is Exit.UNKNOWN
