"""What a plan does not tell is unknown, and what decides is shown: no guess, no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.engine.policy_language import OPERATORS, parse_policy
from policyscan.engine.policy_language.operators import Takes
from policyscan.rule import Finding, Parameters, Platform
from tests.plans import block, change, constant, graph_of, references

NONE: Parameters = {}


def condition(attribute: str, operator: str, value: str = "", kind: str = "aws_s3_bucket") -> str:
    asked = f", value: {value}" if value else ""
    return (
        f"{{cond_type: attribute, resource_types: [{kind}], "
        f'attribute: "{attribute}", operator: {operator}{asked}}}'
    )


UNTOLD = condition("later", "equals", "x")
YES = condition("bucket", "equals", "b")
NO = condition("bucket", "equals", "c")
CONNECTED = (
    "{cond_type: connection, resource_types: [aws_s3_bucket], "
    "connected_resource_types: [aws_s3_bucket_versioning], operator: %s}"
)


def findings(folder: Path, definition: str, *graph: Any) -> dict[str, Finding]:
    path = folder / "policy.yaml"
    path.write_text(
        f"metadata: {{id: C_1, name: As it should be, category: IAM}}\ndefinition: {definition}\n"
    )
    policy, problems = parse_policy(path)
    assert policy is not None, [str(each) for each in problems]
    found = policy.check(Platform(graph_of(*graph)), NONE)
    return {each.address: each for each in found}


def bucket(**parts: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A bucket with one attribute that is not known yet, taken from another resource."""
    return (
        [
            change("random_pet.name", unknown={"id": True}),
            change(
                "aws_s3_bucket.b",
                after={"bucket": "b", **parts.get("after", {})},
                unknown={"later": True, **parts.get("unknown", {})},
                sensitive=parts.get("sensitive", False),
            ),
        ],
        {
            "resources": [
                block("random_pet.name"),
                block(
                    "aws_s3_bucket.b",
                    {
                        "bucket": constant("b"),
                        "later": references("random_pet.name.id"),
                        **parts.get("written", {}),
                    },
                ),
            ]
        },
    )


@pytest.mark.parametrize(
    ("definition", "verdict"),
    [
        (UNTOLD, "unknown"),
        (f"{{and: [{UNTOLD}, {YES}]}}", "unknown"),
        (f"{{and: [{UNTOLD}, {NO}]}}", "fail"),
        (f"{{or: [{UNTOLD}, {YES}]}}", "pass"),
        (f"{{or: [{UNTOLD}, {NO}]}}", "unknown"),
        (f"{{not: {UNTOLD}}}", "unknown"),
        (f"{{not: {NO}}}", "pass"),
        (f"{{not: [{{or: [{UNTOLD}, {YES}]}}]}}", "fail"),
    ],
)
def test_and_or_and_not_leave_open_what_an_unknown_decides(
    tmp_path: Path, definition: str, verdict: str
) -> None:
    assert findings(tmp_path, definition, *bucket())["aws_s3_bucket.b"].verdict == verdict


def test_an_unknown_names_the_attribute_where_it_comes_from_and_what_would_tell(
    tmp_path: Path,
) -> None:
    found = findings(tmp_path, UNTOLD, *bucket())["aws_s3_bucket.b"]
    assert found.at == "later"
    assert found.message == (
        'later is known after apply, from random_pet.name.id; give --source-dir (asked: equals "x")'
    )


def test_what_refers_to_another_resource_is_there_whatever_its_value(tmp_path: Path) -> None:
    found = findings(tmp_path, condition("later", "exists"), *bucket())["aws_s3_bucket.b"]
    assert (found.verdict, found.message) == (
        "pass",
        "later is given by a reference (asked: exists)",
    )


def test_what_nobody_wrote_and_the_provider_will_fill_is_not_set(tmp_path: Path) -> None:
    plan = bucket(unknown={"arn": True})
    found = findings(tmp_path, condition("arn", "exists"), *plan)["aws_s3_bucket.b"]
    assert (found.verdict, found.message) == ("fail", "arn is not set (asked: exists)")


def test_a_block_nobody_wrote_is_not_there_though_the_plan_lists_none_of_it(
    tmp_path: Path,
) -> None:
    plan = bucket(after={"logging": []})
    for operator, verdict in (("exists", "fail"), ("not_exists", "pass"), ("is_empty", "pass")):
        found = findings(tmp_path, condition("logging", operator), *plan)
        assert found["aws_s3_bucket.b"].verdict == verdict, operator


LIST = bucket(
    after={"names": ["a", None]},
    unknown={"names": [False, True]},
    written={"names": references("random_pet.name.id")},
)


@pytest.mark.parametrize(
    ("operator", "value", "verdict"),
    [
        ("contains", "a", "pass"),
        ("contains", "z", "unknown"),
        ("not_contains", "a", "fail"),
        ("not_contains", "z", "unknown"),
        ("subset", "[z]", "fail"),
        ("subset", "[a]", "unknown"),
        ("length_equals", "2", "pass"),
        ("is_empty", "", "fail"),
        ("exists", "", "pass"),
        ("equals", "[a]", "fail"),
        ("equals", "[b, c]", "fail"),
        ("equals", "[a, c]", "unknown"),
    ],
)
def test_a_list_of_which_a_part_is_known_tells_what_that_part_decides(
    tmp_path: Path, operator: str, value: str, verdict: str
) -> None:
    found = findings(tmp_path, condition("names", operator, value), *LIST)
    assert found["aws_s3_bucket.b"].verdict == verdict


def test_a_sensitive_value_is_compared_and_not_shown(tmp_path: Path) -> None:
    plan = bucket(after={"token": "open-sesame"}, sensitive={"token": True})
    found = findings(tmp_path, condition("token", "length_less_than", "9"), *plan)
    assert found["aws_s3_bucket.b"].verdict == "fail"
    assert "open-sesame" not in repr(found)


def versioned(*keys: str, reference: str, hidden: bool = False) -> Any:
    """Buckets by for_each, and one versioning that refers to them."""
    local = {"references": ["local.bucket"]}
    return (
        [
            *(change(f'aws_s3_bucket.b["{key}"]', unknown={"id": True}) for key in keys),
            change("aws_s3_bucket_versioning.v", unknown={"bucket": True}),
        ],
        {
            "resources": [
                block("aws_s3_bucket.b", for_each_expression=constant(list(keys))),
                block(
                    "aws_s3_bucket_versioning.v",
                    {"bucket": local if hidden else references(reference)},
                ),
            ]
        },
    )


def test_a_connection_is_one_of_the_very_instance_and_shows_the_edge(tmp_path: Path) -> None:
    plan = versioned("x", "y", reference='aws_s3_bucket.b["x"].id')
    found = findings(tmp_path, CONNECTED % "exists", *plan)
    verdicts = {address: str(each.verdict) for address, each in found.items()}
    assert verdicts == {
        'aws_s3_bucket.b["x"]': "pass",
        'aws_s3_bucket.b["y"]': "fail",
        "aws_s3_bucket_versioning.v": "pass",
    }
    steps = [(step.address, step.attribute) for step in found['aws_s3_bucket.b["x"]'].path]
    assert steps == [
        ("aws_s3_bucket_versioning.v", "bucket"),
        ('aws_s3_bucket.b["x"]', "id"),
    ]


@pytest.mark.parametrize("operator", ["exists", "not_exists", "one_exists"])
def test_a_connection_that_may_be_one_of_several_is_unknown(tmp_path: Path, operator: str) -> None:
    plan = versioned("x", "y", reference="aws_s3_bucket.b")
    found = findings(tmp_path, CONNECTED % operator, *plan)
    assert {found[f'aws_s3_bucket.b["{key}"]'].verdict for key in "xy"} == {"unknown"}


def test_a_connection_behind_a_local_is_unknown_and_says_what_would_tell(tmp_path: Path) -> None:
    plan = versioned("x", reference="", hidden=True)
    found = findings(tmp_path, CONNECTED % "exists", *plan)['aws_s3_bucket.b["x"]']
    assert found.verdict == "unknown"
    assert "local.bucket" in found.message
    assert "--source-dir" in found.message


def test_a_resource_that_is_deleted_is_neither_judged_nor_connected(tmp_path: Path) -> None:
    changes, root = versioned("x", reference='aws_s3_bucket.b["x"].id')
    changes[-1] = change("aws_s3_bucket_versioning.v", actions=("delete",), before={"bucket": "x"})
    found = findings(tmp_path, CONNECTED % "exists", changes, root)
    assert {address: str(each.verdict) for address, each in found.items()} == {
        'aws_s3_bucket.b["x"]': "fail"
    }


@pytest.mark.parametrize("kind", ["provider", "provider.aws", "module"])
def test_a_policy_on_blocks_that_are_no_resources_says_that_it_judges_nothing(
    tmp_path: Path, kind: str
) -> None:
    found = findings(tmp_path, condition("region", "exists", kind=kind), *bucket())
    assert {address: str(each.verdict) for address, each in found.items()} == {"(plan)": "na"}


@pytest.mark.parametrize("operator", sorted(OPERATORS))
@pytest.mark.parametrize(
    "actual", [None, "", "x", True, 5, 1.5, [], ["a", 1], [{"a": 1}], {}, {"a": ["b"]}, "*", "7-9"]
)
def test_no_operator_trips_over_a_value_of_any_kind(operator: str, actual: object) -> None:
    one = OPERATORS[operator]
    samples: dict[Takes, list[object]] = {
        Takes.NOTHING: [None],
        Takes.ANYTHING: ["x", 5, True, None, ["x", 5], {"a": 1}],
        Takes.LIST: [["x", 5], "x", [{"a": 1}]],
        Takes.NUMBER: [5, "5"],
        Takes.TEXT: ["x", 5],
        Takes.PATTERN: ["x"],
        Takes.NETWORKS: ["10.0.0.0/8", ["10.0.0.0/8", "::/0"]],
        Takes.RANGE: [5, "5-9", [5, "7-8"]],
    }
    for expected in samples[one.takes]:
        assert one.holds(actual, expected) in {True, False}
