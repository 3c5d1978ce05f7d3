"""The tags of resources, also where a provider adds some."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import ABSENT, Known, Unknown, Value
from policyscan.rule.tags import TagReader, Tags
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

LOOSE = made("terraform_data.x", output=Refs())


def tagged(name: str, own: Any = None, whole: Any = None, provider: str = "aws") -> Made:
    """A bucket with tags of its own and, as far as the plan tells them, with those it will have."""
    given = {} if own is None else {"tags": own}
    entry = made(f"aws_s3_bucket.{name}", bucket=name, **given)
    after = entry.change["change"]
    if whole is None:
        after["after_unknown"]["tags_all"] = True
    else:
        after["after"]["tags_all"] = whole
    entry.block["provider_config_key"] = provider
    return entry


def tags(name: str, *entries: Made, wanted: tuple[str, ...] = ("team",)) -> Tags:
    platform = platform_of(LOOSE, *entries)
    reader = TagReader(platform.graph, platform.plan.resources)
    return reader.of(resource_of(platform, f"aws_s3_bucket.{name}"), wanted)


SHOWN = tagged("shown", {"own": "1"}, {"own": "1", "team": "blue"})
WITHOUT = tagged("without", {"own": "1"}, {"own": "1"})
UNKNOWN = {"own": Refs("terraform_data.x.output")}


@pytest.mark.parametrize(
    ("entries", "value"),
    [
        ((tagged("b", {"team": "red"}, {"team": "red"}),), Known("red")),
        ((tagged("b", {"team": "red"}),), Known("red")),
        ((tagged("b", UNKNOWN), SHOWN), Known("blue")),
        ((tagged("b", UNKNOWN), WITHOUT), ABSENT),
        ((tagged("b", UNKNOWN),), Unknown()),
        # Another provider has other defaults.
        ((tagged("b", UNKNOWN), tagged("other", {}, {"team": "blue"}, "aws.other")), Unknown()),
        # What stands in the resource itself says nothing of a default.
        ((tagged("b", UNKNOWN), tagged("own", {"team": "1"}, {"team": "1"})), Unknown()),
        ((tagged("b", Refs("terraform_data.x.output")), SHOWN), Unknown()),
        ((tagged("b", Refs("terraform_data.x.output")), WITHOUT), Unknown()),
        # Nobody shows a default, and nothing hides one.
        ((tagged("b"),), ABSENT),
        ((tagged("b"), tagged("hidden", UNKNOWN)), ABSENT),
        ((tagged("b"), tagged("hidden", {"own": "1"})), Unknown()),
    ],
)
def test_a_tag_is_the_resources_own_or_its_providers(
    entries: tuple[Made, ...], value: Value
) -> None:
    assert tags("b", *entries).value("team") == value


@pytest.mark.parametrize(
    ("entries", "is_certain"),
    [
        ((tagged("b"),), False),
        ((tagged("b"), WITHOUT), True),
        ((tagged("b"), tagged("other", {"own": "1"}, {"own": "1"}, "aws.other")), False),
    ],
)
def test_that_there_are_no_tags_is_certain_where_others_show_theirs(
    entries: tuple[Made, ...], *, is_certain: bool
) -> None:
    found = tags("b", *entries)
    assert found.value("team") == ABSENT
    assert found.is_certain is is_certain


def test_an_older_provider_adds_no_tags() -> None:
    own = standing("aws_s3_bucket.b", bucket="b", tags={"team": "red"})
    assert tags("b", own).values == {"team": Known("red")}
    bare = tags("b", standing("aws_s3_bucket.b", bucket="b"))
    assert (bare.values, bare.is_certain) == ({}, True)


def test_a_list_under_that_name_is_no_map_of_tags() -> None:
    assert tags("b", standing("aws_s3_bucket.b", tags=[{"key": "team"}])).values == {}


def group_tags(*blocks: dict[str, Any]) -> Tags:
    platform = platform_of(LOOSE, made("aws_autoscaling_group.g", tag=list(blocks)))
    reader = TagReader(platform.graph, platform.plan.resources)
    return reader.of(resource_of(platform, "aws_autoscaling_group.g"), ("team",))


def test_an_auto_scaling_group_has_blocks_of_tags() -> None:
    found = group_tags({"key": "own", "value": "1"})
    assert (found.attribute, found.value("own"), found.value("team")) == ("tag", Known("1"), ABSENT)
    found = group_tags({"key": "own", "value": "1"}, {"key": UNKNOWN["own"], "value": "1"})
    assert (found.value("own"), found.value("team")) == (Known("1"), Unknown())
