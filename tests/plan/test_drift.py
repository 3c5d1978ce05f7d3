"""What shows that a source is not what a plan was made of, and what shows nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyscan.plan import Plan, read_plan
from policyscan.plan.drift import drift
from policyscan.plan.token import Dialect, make_token, shaped

TOKEN = make_token(Dialect.FIRST, "x")


def plan_with(
    value: Any, *, unknown: Any = False, before: Any = None, reference: str = "local.x"
) -> Plan:
    """A plan of one resource whose argument `it` has a value made of a reference."""
    actions = ["create"] if before is None else ["update"]
    document = {
        "format_version": "1.2",
        "resource_changes": [
            {
                "address": "aws_x.y",
                "mode": "managed",
                "type": "aws_x",
                "name": "y",
                "change": {
                    "actions": actions,
                    "before": None if before is None else {"it": before},
                    "after": {"it": value},
                    "after_unknown": {"it": unknown},
                },
            }
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_x.y",
                        "mode": "managed",
                        "type": "aws_x",
                        "name": "y",
                        "provider_config_key": "aws",
                        "expressions": {"it": {"references": [reference]}},
                    }
                ]
            }
        },
    }
    return read_plan(json.dumps(document).encode(), "plan.json")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("My-Bucket", "my-bucket"),
        ("example.com", "example.com."),
        ('{"b": [1], "a": "x"}', '{"a":"x","b":[1]}'),
        ('[{"name":"a","cpu":10}]', '[{"Name":"a","Cpu":"10","essential":true}]'),
        ('[{"n":"B"},{"n":"A"}]', '[{"n":"A"},{"n":"B"}]'),
        ('{"Action":["s3:*"]}', '{"Action":"s3:*"}'),
        ("2026-01-02T03:04:05Z", "2026-02-03T04:05:06Z"),
        ("backup-20260102", "backup-20260203"),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "#!/bin/sh\n"),
        ("/srv/platform/file", "/scratch/configuration/file"),
        ("arn:aws:iam::123456789012:role/x", shaped(TOKEN, "arn")),
        (["b", "a"], ["a", "b"]),
        ([{"port": 80, "self": False}], [{"port": 80, "self": None}]),
        ([{"port": 80, "of_old": 1}], [{"port": 80, "of_new": 2}]),
        ([{"port": 80}], {"port": 80}),
        (80, 80.0),
        ("80", 80),
        (True, "true"),
        (None, "given by a default"),
        ({"A": "x"}, {"a": "x"}),
        ({"A": "x"}, {TOKEN: "x"}),
        ({"A": "x"}, None),
        (["a"], [TOKEN, "a"]),
        ("[" * 500 + "]" * 500, "[" * 500 + " " + "]" * 500),
    ],
)
def test_what_providers_and_versions_change_is_no_drift(ours: Any, theirs: Any) -> None:
    assert drift(plan_with(ours), plan_with(theirs)) == ""


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("one", "two"),
        ("account 1", "account 2"),
        ("10.0.0.0/16", "10.1.0.0/16"),
        ("20", "21"),
        (80, 81),
        (True, False),
        (0, 1),
        ("", "x"),
        (["a"], ["a", "b"]),
        (["a", "b"], ["a", "c"]),
        ([{"port": 80}], [{"port": 81}]),
        ([{"port": {"n": 80}}], [{"port": {"n": 81}}]),
        ({"A": "x"}, {"A": "y"}),
        ({"A": "x"}, {"B": "x"}),
        ({"A": "x"}, {"A": "x", "B": "y"}),
        ('{"a":1}', '{"a":2}'),
        ('[{"a":1}]', '[{"a":1},{"a":2}]'),
        ('{"a":1}', "text"),
    ],
)
def test_another_value_is_drift(ours: Any, theirs: Any) -> None:
    assert drift(plan_with(ours), plan_with(theirs)) == "aws_x.y has another it"


def test_what_either_does_not_know_is_no_drift() -> None:
    assert drift(plan_with(None, unknown=True), plan_with("x")) == ""
    assert drift(plan_with("x"), plan_with(None, unknown=True)) == ""
    ours = plan_with([{"a": 1}], unknown=[{"b": True}])
    assert drift(ours, plan_with([{"a": 1, "b": "x"}])) == ""
    assert drift(ours, plan_with([{"a": 2, "b": "x"}])) == "aws_x.y has another it"


def test_what_stays_may_be_in_the_words_of_the_provider() -> None:
    kept = plan_with('[{"image":"x","cpu":0}]', before='[{"image":"x","cpu":0}]')
    assert drift(kept, plan_with('[{"image":"y"}]', before="[]")) == ""
    assert drift(plan_with(2, before=2), plan_with(3, before=2)) == "aws_x.y has another it"


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ("aws_k.k.arn", "aws_k.k.arn", ""),
        ("aws_k.k", "aws_k.k.arn", ""),
        ("aws_k.k.arn", "aws_k.k", ""),
        ("aws_k.k.arn", "aws_k.k.id", "aws_x.y is written otherwise"),
        ("aws_k.k", "aws_k.kk", "aws_x.y is written otherwise"),
        ("var.a", "var.b", "aws_x.y is written otherwise"),
    ],
)
def test_references_are_compared_as_far_as_both_versions_list_them(
    ours: str, theirs: str, said: str
) -> None:
    assert drift(plan_with("x", reference=ours), plan_with("x", reference=theirs)) == said


def test_a_path_is_where_the_source_lies() -> None:
    ours = plan_with("/a/b.zip", reference="path.module")
    assert drift(ours, plan_with("/c/b.zip", reference="path.module")) == ""
