"""Which IPv4 ranges lie in each other."""

from __future__ import annotations

import pytest

from tests.rule.platforms import Made, Refs, made, platform_of, standing

VPC = made("aws_vpc.v", id=Refs(), cidr_block="10.0.0.0/16")
MORE = made(
    "aws_vpc_ipv4_cidr_block_association.m",
    vpc_id=Refs("aws_vpc.v.id"),
    cidr_block="100.64.0.0/16",
)


def test_a_new_vpc_has_its_own_block_and_those_associated() -> None:
    blocks = platform_of(VPC, MORE).ranges.blocks("aws_vpc.v")
    assert [str(each) for each in blocks.networks] == ["10.0.0.0/16", "100.64.0.0/16"]
    assert blocks.why == ""


def test_a_vpc_that_exists_may_have_more_blocks() -> None:
    blocks = platform_of(standing("aws_vpc.v", cidr_block="10.0.0.0/16")).ranges.blocks("aws_vpc.v")
    assert blocks.why.startswith("aws_vpc.v exists already and may have further address blocks")


def test_a_subnet_stands_in_the_vpc_its_blocks_association_gives_on() -> None:
    platform = platform_of(
        VPC,
        MORE,
        made(
            "aws_subnet.s",
            vpc_id=Refs("aws_vpc_ipv4_cidr_block_association.m.vpc_id"),
            cidr_block="100.64.0.0/24",
        ),
    )
    assert [each.vpc for each in platform.ranges.subnets] == ["aws_vpc.v"]


def subnet(name: str, block: str) -> Made:
    return made(f"aws_subnet.{name}", vpc_id=Refs("aws_vpc.v.id"), cidr_block=block)


@pytest.mark.parametrize(
    ("blocks", "free"),
    [
        (["10.0.0.0/24", "10.0.0.0/24"], "10.0.1.0/24"),
        (["10.0.0.0/24", "10.0.0.0/16"], None),
        # No subnet is smaller than /28, nor larger than /16.
        (["10.0.0.0/30", "10.0.0.0/28"], "10.0.0.16/28"),
        (["10.0.0.0/8"], "10.0.0.0/16"),
    ],
)
def test_a_free_range_has_the_size_of_the_subnet_and_meets_no_other(
    blocks: list[str], free: str | None
) -> None:
    named = (subnet(f"s{index}", block) for index, block in enumerate(blocks))
    ranges = platform_of(VPC, *named).ranges
    found = ranges.free(ranges.subnets[0])
    assert (str(found) if found else None) == free


def test_no_range_is_free_in_a_vpc_that_is_not_known() -> None:
    ranges = platform_of(made("aws_subnet.s", vpc_id=Refs("local.v"), cidr_block="10.0.0.0/24"))
    assert ranges.ranges.free(ranges.ranges.subnets[0]) is None
