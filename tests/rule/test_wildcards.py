"""Which statements go further than they need."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.rule import excess, is_broad, is_public
from policyscan.rule.policy import OPEN, read_statement

TAGGED = {"StringEquals": {"aws:ResourceTag/x": "1"}}
PASSED = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Action": "*", "Resource": "arn:x"}, "* allows every action"),
        ({"Action": ["a:B", "s3:*"], "Resource": "arn:x"}, "s3:* allows every action of s3"),
        ({"NotAction": "s3:*", "Resource": "arn:x"}, "NotAction allows all actions but those"),
        ({"Action": "s3:Get", "NotResource": "arn:x"}, "NotResource allows all resources but"),
        (
            {"Action": "s3:GetObject", "Resource": ["arn:x", "*"]},
            "s3:GetObject is allowed on",
        ),
        ({"Action": "ec2:*Subnets", "Resource": "*"}, "ec2:*Subnets is allowed on every resource"),
        ({"Action": "iam:P*", "Resource": "*", "Condition": TAGGED}, "iam:P* on * hands any role"),
    ],
)
def test_a_statement_that_names_too_little_says_why(statement: Any, expected: str) -> None:
    assert excess(read_statement(statement)).startswith(expected)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Action": "s3:Get*", "Resource": "arn:aws:s3:::shop/*"},
        {"Action": ["ec2:describesubnets", "ssmmessages:*", "xray:Put*"], "Resource": "*"},
        {"Action": "s3:GetObject", "Resource": "*", "Condition": TAGGED},
        {"Action": "iam:PassRole", "Resource": "*", "Condition": PASSED},
        {"Action": OPEN, "Resource": "*"},
        {"Action": "s3:GetObject", "Resource": OPEN},
    ],
)
def test_a_statement_that_names_what_it_can_is_fine(statement: Any) -> None:
    assert excess(read_statement(statement)) == ""


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": ["1", "*"]}}, True),
        ({"NotPrincipal": {"AWS": "1"}}, True),
        ({"Principal": {"AWS": "1"}}, False),
        ({"Principal": {"Service": "*"}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": "*", "Condition": TAGGED}, False),
        ({}, False),
    ],
)
def test_everybody_is_let_in_only_without_a_condition(statement: Any, *, expected: bool) -> None:
    assert is_public(read_statement(statement)) is expected


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", True),
        ("arn:aws-us-gov:iam::aws:policy/PowerUserAccess", True),
        ("arn:aws:iam::aws:policy/AmazonS3FullAccess", True),
        ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", False),
        ("arn:aws:iam::123456789012:policy/AdministratorAccess", False),
    ],
)
def test_policies_aws_keeps_are_broad_by_name(arn: str, *, expected: bool) -> None:
    assert is_broad(arn) is expected
