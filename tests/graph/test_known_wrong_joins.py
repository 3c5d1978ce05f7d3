"""Joins that other scanners get wrong on plans, each on a plan Terraform made.

A scanner that matches text takes the first reference only, drops `[0]`, ends at module outputs,
locals and `each.value`, and of two resources of one name takes the first.
"""

from __future__ import annotations

import pytest

from policyscan.graph import EdgeKind
from policyscan.plan import ABSENT, Known, Unknown
from tests.graph.planned import graph_of

FIXTURE = "joined_wrongly_elsewhere"
GRAPH = graph_of(FIXTURE)


def users_of(address: str, kind: str) -> list[str]:
    """The instances of a type whose values come from an instance."""
    edges = GRAPH.edges.into(address)
    return sorted(
        {e.source for e in edges if e.kind is EdgeKind.VALUE and e.source.split(".")[-2] == kind}
    )


def value_targets(address: str) -> list[str]:
    edges = GRAPH.edges.out_of(address)
    return sorted({edge.target for edge in edges if edge.kind is EdgeKind.VALUE})


@pytest.mark.parametrize(
    ("group", "user"),
    [
        ("module.groups.aws_security_group.g", "aws_lb.by_output"),
        ("aws_security_group.by_local", "aws_lb.by_local"),
        ("aws_security_group.by_splat[0]", "aws_lb.by_splat"),
        ("aws_security_group.by_splat[1]", "aws_lb.by_splat"),
    ],
)
def test_a_group_behind_an_output_a_local_or_a_splat_is_used(group: str, user: str) -> None:
    assert users_of(group, "aws_lb") == [user]


def test_a_group_that_nothing_names_is_not_used() -> None:
    assert users_of("aws_security_group.loose", "aws_lb") == []


def test_the_second_reference_of_a_list_counts_like_the_first() -> None:
    assert value_targets("aws_lb.two") == ["aws_security_group.first", "aws_security_group.second"]


@pytest.mark.parametrize("number", [0, 1])
def test_each_of_two_counted_buckets_has_its_own_access_block(number: int) -> None:
    users = users_of(f"aws_s3_bucket.counted[{number}]", "aws_s3_bucket_public_access_block")
    assert users == [f"aws_s3_bucket_public_access_block.counted[{number}]"]


@pytest.mark.parametrize("key", ["logs", "site"])
def test_for_each_over_a_resource_joins_equal_keys(key: str) -> None:
    users = users_of(f'aws_s3_bucket.b["{key}"]', "aws_s3_bucket_public_access_block")
    assert users == [f'aws_s3_bucket_public_access_block.b["{key}"]']


@pytest.mark.parametrize("module", ["module.m", "module.outer", "module.outer.module.inner"])
def test_resources_of_one_name_are_joined_inside_their_own_module(module: str) -> None:
    bucket = f"{module}.aws_s3_bucket.this"
    users = [edge.source for edge in GRAPH.edges.into(bucket) if edge.kind is EdgeKind.VALUE]
    assert users == [f"{module}.aws_s3_bucket_versioning.this"]


def test_an_indexed_resource_of_the_root_is_not_that_of_a_module_without_index() -> None:
    assert value_targets("aws_s3_bucket_versioning.this") == ["aws_s3_bucket.this[0]"]


def test_an_empty_list_is_known_and_empty_and_nothing_is_in_it() -> None:
    balancer = GRAPH.resource("aws_lb.none")
    assert balancer is not None
    assert balancer.value("security_groups") == Known([])
    assert value_targets("aws_lb.none") == []


def test_what_only_apply_tells_is_not_missing() -> None:
    encrypted = GRAPH.resource("aws_cloudwatch_log_group.encrypted")
    plain = GRAPH.resource("aws_cloudwatch_log_group.plain")
    assert encrypted is not None
    assert plain is not None
    assert isinstance(encrypted.value("kms_key_id"), Unknown)
    assert plain.value("kms_key_id") == ABSENT
    assert value_targets(encrypted.address) == ["aws_kms_key.k"]


def test_what_is_deleted_is_in_the_graph_with_its_action() -> None:
    graph = graph_of("second_plan")
    gone = graph.resource('aws_subnet.s["b"]')
    assert gone is not None
    assert gone.actions == ("delete",)
    assert graph.depends_on('aws_subnet.s["b"]', "aws_vpc.stays")


def test_by_the_plan_alone_only_what_a_local_hides_is_missing() -> None:
    graph = graph_of(FIXTURE, source=False)
    used = {
        edge.target for edge in graph.edges.all(EdgeKind.VALUE) if edge.source.startswith("aws_lb.")
    }
    groups = {each.address for each in graph.of_type("aws_security_group")}
    assert sorted(groups - used) == ["aws_security_group.by_local", "aws_security_group.loose"]
