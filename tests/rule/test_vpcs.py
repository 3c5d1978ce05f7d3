"""Whether two resources stand in one VPC."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import home_of
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

NEW = made("aws_vpc.new", id=Refs())
SECOND = made("aws_vpc.second", id=Refs())
OLD = standing("aws_vpc.old", id="vpc-0123456789abcdef0")
LOOKED_UP = standing("data.aws_vpc.looked_up", id="vpc-0fedcba9876543210")
NOWHERE = Refs("local.vpc")


def differs(first: Any, second: Any, *entries: Made) -> bool | None:
    """Of two security groups, by their vpc_id; None for one that names none."""
    groups = [
        made(f"aws_security_group.{name}", **({} if vpc is None else {"vpc_id": vpc}))
        for name, vpc in (("a", first), ("b", second))
    ]
    platform = platform_of(NEW, SECOND, OLD, LOOKED_UP, *groups, *entries)
    homes = [
        home_of(platform.graph, resource_of(platform, f"aws_security_group.{name}"))
        for name in ("a", "b")
    ]
    assert homes[0].differs(homes[1]) is homes[1].differs(homes[0])
    return homes[0].differs(homes[1])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Refs("aws_vpc.new.id"), Refs("aws_vpc.new.id"), False),
        (Refs("aws_vpc.new.id"), Refs("aws_vpc.second.id"), True),
        (Refs("aws_vpc.new.id"), "vpc-0123456789abcdef0", True),
        (Refs("aws_vpc.new.id"), "vpc-0000000000000000f", True),
        (Refs("aws_vpc.new.id"), None, True),
        (Refs("aws_vpc.new.id"), NOWHERE, None),
        ("vpc-0123456789abcdef0", "vpc-0123456789abcdef0", False),
        ("vpc-0123456789abcdef0", "vpc-0fedcba9876543210", True),
        ("vpc-0123456789abcdef0", None, None),
        (None, None, False),
        (NOWHERE, NOWHERE, None),
    ],
)
def test_two_vpcs_differ_when_they_cannot_be_one(
    first: Any, second: Any, *, expected: bool | None
) -> None:
    assert differs(first, second) is expected


def test_a_vpc_that_is_looked_up_during_apply_may_be_any() -> None:
    deferred = made("data.aws_vpc.late", id=Refs())
    deferred.change["action_reason"] = "read_because_config_unknown"
    found = differs(Refs("data.aws_vpc.late.id"), Refs("aws_vpc.new.id"), deferred)
    assert found is None


def test_a_default_subnet_stands_in_the_default_vpc() -> None:
    platform = platform_of(made("aws_default_subnet.s", availability_zone="us-east-1a"))
    home = home_of(platform.graph, resource_of(platform, "aws_default_subnet.s"))
    assert (home.is_default, home.shown) == (True, "the default VPC")


@pytest.mark.parametrize(
    ("vpc_id", "expected"),
    [
        ("vpc-0123456789abcdef0", "vpc-0123456789abcdef0"),
        (Refs("aws_vpc.standing.id"), "vpc-00000000000000001"),
        (Refs("aws_vpc.new.id"), ""),
    ],
)
def test_the_id_of_a_vpc_is_taken_from_where_it_is_known(vpc_id: Any, expected: str) -> None:
    platform = platform_of(
        NEW,
        standing("aws_vpc.standing", id="vpc-00000000000000001"),
        made("aws_security_group.a", vpc_id=vpc_id),
    )
    home = home_of(platform.graph, resource_of(platform, "aws_security_group.a"))
    assert home.vpc_id == expected


def test_a_default_subnet_that_stands_is_still_in_the_default_vpc() -> None:
    platform = platform_of(standing("aws_default_subnet.s", vpc_id="vpc-0123456789abcdef0"))
    home = home_of(platform.graph, resource_of(platform, "aws_default_subnet.s"))
    assert (home.is_default, home.vpc_id) == (True, "")
