"""Which IPv4 ranges lie in each other."""

from __future__ import annotations

from typing import Any

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


def subnet(name: str, block: Any, vpc: Any = None) -> Made:
    return made(f"aws_subnet.{name}", cidr_block=block, vpc_id=vpc or Refs("aws_vpc.v.id"))


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


def test_a_vpc_that_is_looked_up_tells_all_its_blocks() -> None:
    associations = [{"cidr_block": "10.0.0.0/16"}, {"cidr_block": "100.64.0.0/16"}]
    looked_up = standing(
        "data.aws_vpc.v", "read", cidr_block="10.0.0.0/16", cidr_block_associations=associations
    )
    blocks = platform_of(looked_up).ranges.blocks("data.aws_vpc.v")
    assert [str(each) for each in blocks.networks] == [
        "10.0.0.0/16",
        "10.0.0.0/16",
        "100.64.0.0/16",
    ]
    assert blocks.why == ""
    missing = platform_of(VPC).ranges.blocks("aws_vpc.gone")
    assert missing.why == "the address blocks of aws_vpc.gone are not in this plan: look it up"


OTHER = made("aws_vpc.other", id=Refs(), cidr_block="10.1.0.0/16")


def associated(vpc: Any, block: Any = "100.64.0.0/16") -> Made:
    return made("aws_vpc_ipv4_cidr_block_association.m", vpc_id=vpc, cidr_block=block)


@pytest.mark.parametrize(
    ("association", "count", "why"),
    [
        (associated(Refs("aws_vpc.other.id")), 1, ""),
        (associated(Refs("aws_vpc.other.id", "local.x")), 1, ""),
        (
            associated(Refs("local.x")),
            1,
            "aws_vpc_ipv4_cidr_block_association.m.vpc_id could not be followed",
        ),
        (
            associated(Refs("aws_vpc.v.id"), Refs("terraform_data.x.output")),
            1,
            "an address block of aws_vpc.v is known only after apply: write it down",
        ),
    ],
)
def test_only_what_is_associated_with_a_vpc_adds_a_block(
    association: Made, count: int, why: str
) -> None:
    loose = made("terraform_data.x", output=Refs())
    blocks = platform_of(VPC, OTHER, loose, association).ranges.blocks("aws_vpc.v")
    assert len(blocks.networks) == count
    assert blocks.why.startswith(why)
    assert bool(blocks.why) is bool(why)


def test_a_block_that_is_not_known_comes_before_other_doubts() -> None:
    platform = platform_of(
        standing("aws_vpc.v", id="vpc-0123456789abcdef0", cidr_block="10.0.0.0/16"),
        made("terraform_data.x", output=Refs()),
        associated("vpc-0123456789abcdef0", Refs("terraform_data.x.output")),
    )
    blocks = platform.ranges.blocks("aws_vpc.v")
    assert blocks.why == "an address block of aws_vpc.v is known only after apply: write it down"


def test_a_block_that_goes_is_none() -> None:
    platform = platform_of(
        standing("aws_vpc.v", id="vpc-0123456789abcdef0", cidr_block="10.0.0.0/16"),
        standing(
            "aws_vpc_ipv4_cidr_block_association.m",
            "delete",
            vpc_id="vpc-0123456789abcdef0",
            cidr_block="100.64.0.0/16",
        ),
    )
    assert len(platform.ranges.blocks("aws_vpc.v").networks) == 1


@pytest.mark.parametrize(
    ("vpc_id", "vpc"),
    [
        (Refs("aws_vpc.v.id"), "aws_vpc.v"),
        (Refs("aws_vpc.v.id", "aws_vpc.other.id", "var.which"), ""),
        (Refs("aws_vpc.v.id", "local.x"), ""),
        ("vpc-0123456789abcdef0", "vpc-0123456789abcdef0"),
        (None, ""),
    ],
)
def test_a_subnet_stands_in_the_one_vpc_it_names(vpc_id: Any, vpc: str) -> None:
    given = {} if vpc_id is None else {"vpc_id": vpc_id}
    platform = platform_of(VPC, OTHER, made("aws_subnet.s", cidr_block="10.0.0.0/24", **given))
    assert [each.vpc for each in platform.ranges.subnets] == [vpc]


def test_ranges_overlap_within_one_vpc_or_where_that_is_not_told() -> None:
    platform = platform_of(
        VPC,
        OTHER,
        subnet("a", "10.0.0.0/24"),
        subnet("inside", "10.0.0.128/25"),
        subnet("beside", "10.0.1.0/24"),
        subnet("elsewhere", "10.0.0.0/24", Refs("aws_vpc.other.id")),
        subnet("anywhere", "10.0.0.0/24", Refs("local.x")),
        subnet("unknown", Refs("local.block")),
        standing("aws_subnet.old", "delete", cidr_block="10.0.0.0/24"),
    )
    found = {
        each.resource.name: [other.resource.name for other in platform.ranges.overlaps(each)]
        for each in platform.ranges.subnets
    }
    assert found == {
        "a": ["anywhere", "inside"],
        "anywhere": ["a", "elsewhere", "inside"],
        "beside": [],
        "elsewhere": ["anywhere"],
        "inside": ["a", "anywhere"],
        "unknown": [],
    }
