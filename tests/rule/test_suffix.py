"""What a resource is called, and whether the environment suffix flows into it."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import ABSENT, DERIVED, Known, Taken, Template
from policyscan.rule.naming import Flow, Name, Suffix, SuffixFlow, find_suffix, own_name, words
from tests.plans import plan_of
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

VARIABLES = {"suffix": {"value": "dev"}, "team": {"value": "blue"}}
PET = Taken("random_pet.p", "id")
CARRIER = Taken("aws_lb.carrier", "name")
OTHERS = (
    made("random_pet.p", id=Refs(), prefix="blue"),
    made("random_pet.dev", id=Refs(), prefix="dev"),
    made("aws_lb.carrier", name=Refs("var.suffix"), arn=Refs()),
    made("aws_lb.plain", name=Refs("var.team"), arn=Refs()),
    made("aws_lb.known", name="app-dev", arn=Refs()),
    standing("aws_s3_bucket.b", bucket="b-dev", arn="arn:aws:s3:::b-dev"),
    made("data.aws_lb.looked_up", name=Refs()),
    made("terraform_data.x", output=Refs()),
)


def flow(name: Any, *entries: Made) -> Flow:
    platform = platform_of(made("aws_lb.a", name=name), *OTHERS, *entries, variables=VARIABLES)
    resource = resource_of(platform, "aws_lb.a")
    found = own_name(resource)
    assert found is not None
    return SuffixFlow(platform.graph, Suffix("suffix", "dev")).into(resource, found)


@pytest.mark.parametrize(
    ("name", "carries", "way"),
    [
        (Refs("var.suffix"), True, ["var.suffix"]),
        (Refs("var.team"), False, []),
        (Refs("aws_lb.carrier.name"), True, ["aws_lb.carrier", "var.suffix"]),
        (Refs("aws_lb.plain.name"), False, ["aws_lb.plain"]),
        (Refs("aws_lb.plain.arn"), False, ["aws_lb.plain"]),
        (Refs("aws_lb.known.arn"), True, ["aws_lb.known"]),
        (Refs("aws_s3_bucket.b.arn", "terraform_data.x.output"), True, ["aws_s3_bucket.b"]),
        (Refs("random_pet.dev.id"), True, ["random_pet.dev"]),
        (Refs("random_pet.p.id"), False, ["random_pet.p"]),
        (Refs("random_pet.p.id", "aws_lb.carrier.name"), True, ["aws_lb.carrier", "var.suffix"]),
        (Template(("app-dev-", PET)), True, ["var.suffix"]),
        (Template(("app-", PET)), False, ["random_pet.p"]),
        (Template((PET, "-", CARRIER)), True, ["aws_lb.carrier", "var.suffix"]),
    ],
)
def test_the_suffix_flows_into_a_name(name: Any, *, carries: bool, way: list[str]) -> None:
    found = flow(name)
    assert found.carries is carries
    assert [step.address for step in found.path] == way


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (Template(("app-", PET, DERIVED)), "worked out of what only apply will tell"),
        (Template(("app-", Taken("aws_lb.gone", "name"))), "aws_lb.gone is not in this plan"),
        (Refs("terraform_data.x.id"), "it takes terraform_data.x.id"),
        (Refs("data.aws_lb.looked_up.name"), "it takes data.aws_lb.looked_up.name"),
        (Refs("aws_lb.carrier.zone_id"), "it takes aws_lb.carrier.zone_id"),
    ],
)
def test_what_cannot_be_followed_says_why(name: Any, why: str) -> None:
    found = flow(name)
    assert found.carries is None
    assert why in found.why


def test_names_that_are_built_of_each_other_end_somewhere() -> None:
    looped = made("aws_lb.b", name=Refs("aws_lb.a.name"))
    assert flow(Refs("aws_lb.b.name"), looped).carries is None


def test_a_name_that_nobody_gives_is_made_up() -> None:
    platform = platform_of(
        made("aws_lb.made_up", internal=True),
        made("aws_lb.named", name="app"),
        made("aws_vpc.tagged", tags={"Name": "main"}),
        made("aws_vpc.bare", cidr_block="10.0.0.0/16"),
    )
    names = {
        each: own_name(resource_of(platform, each))
        for each in ("aws_lb.made_up", "aws_lb.named", "aws_vpc.tagged", "aws_vpc.bare")
    }
    assert names == {
        "aws_lb.made_up": Name("name", ABSENT, is_generated=True),
        "aws_lb.named": Name("name", Known("app")),
        "aws_vpc.tagged": Name("tags.Name", Known("main")),
        "aws_vpc.bare": None,
    }


def test_words_are_what_stands_between_separators() -> None:
    assert words("/ecs//Fraud_dev-") == ("ecs", "fraud", "dev")


def test_a_variable_without_a_value_is_an_empty_suffix_that_is_in_no_name() -> None:
    found = find_suffix(plan_of([], variables={"suffix": {}}), ["other", "suffix"])
    assert found == Suffix("suffix", "")
    assert found is not None
    assert not found.is_in("app-dev")
    assert not found.is_in("")
