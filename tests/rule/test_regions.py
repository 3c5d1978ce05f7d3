"""Where resources are, and which regions their values speak of."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.graph import ResourceGraph
from policyscan.plan import ABSENT, Known, Taken, Template, Unknown, Value
from policyscan.rule import Platform, mentions_of
from tests.plans import block, change, plan_of
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of

GROUP = "aws_cloudwatch_log_group.g"


def region(address: str, *entries: Made, **more: Any) -> Value:
    platform = platform_of(*entries, **more)
    return platform.regions.of(resource_of(platform, address))


def test_a_resource_says_its_region_itself() -> None:
    assert region(GROUP, made(GROUP, region="eu-west-1")) == Known("eu-west-1")
    assert isinstance(region(GROUP, made(GROUP, region=Refs("terraform_data.x"))), Unknown)


def test_beside_resources_that_say_theirs_one_without_is_in_none() -> None:
    role = made("aws_sns_thing.r", name="r")
    assert region("aws_sns_thing.r", role, made(GROUP, region="eu-west-1")) == ABSENT


def test_without_any_that_say_theirs_global_types_are_in_none() -> None:
    assert region("aws_iam_role.r", made("aws_iam_role.r", name="r")) == ABSENT
    assert isinstance(region(GROUP, made(GROUP, name="g")), Unknown)


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("cluster", "arn:aws:ecs:us-west-2:123456789012:cluster/x", [("us-west-2", "an ARN")]),
        ("role", "arn:aws:iam::123456789012:role/x", []),
        ("role", "arn:aws-us-gov:s3:us-gov-west-1:1:x", [("us-gov-west-1", "an ARN")]),
        ("image", "1.dkr.ecr.eu-west-1.amazonaws.com/a", [("eu-west-1", "an image")]),
        ("service_name", "com.amazonaws.eu-west-1.s3", [("eu-west-1", "a service name")]),
        ("definitions", '{"awslogs-region": "eu-west-1"}', [("eu-west-1", "an awslogs-region")]),
        ("availability_zone", "us-west-2a", [("us-west-2", "a zone")]),
        ("availability_zone", "us-west-2-lax-1a", [("us-west-2", "a zone")]),
        ("availability_zones", ["us-east-1a", "us-east-1b"], [("us-east-1", "a zone")] * 2),
        ("anything", "us-west-2a", []),
        ("anything", "us-west-2", []),
        ("description", "arn:aws:ecs:us-west-2:123456789012:cluster/x", []),
        ("tags", {"a": "arn:aws:ecs:us-west-2:123456789012:cluster/x"}, []),
    ],
)
def test_a_value_speaks_of_a_region(
    attribute: str, value: Any, expected: list[tuple[str, str]]
) -> None:
    platform = platform_of(made(GROUP, **{attribute: value}))
    found = list(mentions_of(resource_of(platform, GROUP)))
    assert [(each.region, each.kind) for each in found] == expected
    assert {each.attribute for each in found} <= {attribute}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"constant_value": "eu-west-1"}, Known("eu-west-1")),
        ({"references": ["var.region"]}, Known("eu-central-1")),
        ({"references": ["var.other"]}, None),
        (None, None),
    ],
)
def test_with_an_old_provider_its_block_says_the_region(
    expression: dict[str, Any] | None, expected: Known | None
) -> None:
    written = {} if expression is None else {"region": expression}
    configuration = {
        "provider_config": {"aws": {"name": "aws", "expressions": written}},
        "root_module": {"resources": [block(GROUP, provider_config_key="aws")]},
    }
    plan = plan_of(
        [change(GROUP, after={"name": "g"})],
        configuration=configuration,
        variables={"region": {"value": "eu-central-1"}},
    )
    platform = Platform(ResourceGraph(plan))
    found = platform.regions.of(resource_of(platform, GROUP))
    assert found == expected if expected else isinstance(found, Unknown)


def test_a_region_left_open_is_pinned_by_nothing() -> None:
    entry = made(GROUP, name="g")
    entry.change["change"]["after_unknown"]["region"] = True
    assert region(GROUP, entry) == Unknown("nothing pins it")


def test_only_managed_resources_show_that_resources_tell_their_region() -> None:
    lookup = made("data.aws_vpc.v", region="eu-west-1")
    assert isinstance(region(GROUP, made(GROUP, name="g"), lookup), Unknown)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"inner": [{"arn": "arn:aws:ecs:us-west-2:123456789012:cluster/x"}]}, ["us-west-2"]),
        (
            Template(("arn:aws:ecs:us-west-2:123456789012:cluster/", Taken("a.b", "name"))),
            ["us-west-2"],
        ),
        (
            Template(("arn:aws:ecs:us-west-2:1:cluster/", Taken("a.b", "name")), is_sensitive=True),
            [],
        ),
        (Refs("a.b.name"), []),
    ],
)
def test_a_region_is_found_inside_of_what_is_partly_known(value: Any, expected: list[str]) -> None:
    platform = platform_of(made(GROUP, settings=value), made("a.b", name=Refs()))
    assert [each.region for each in mentions_of(resource_of(platform, GROUP))] == expected
