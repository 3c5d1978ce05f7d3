"""Policy documents: reading them, and what falls under a statement."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.plan import DERIVED, Taken, Template
from policyscan.rule.policy import (
    ACCOUNT,
    OPEN,
    Condition,
    Document,
    Statement,
    Text,
    Wanted,
    matches,
    overlap,
    read_document,
    read_statement,
)

TASKS = "ecs-tasks.amazonaws.com"
APP = Wanted("arn:*:ecr:*:*:repository/app", "aws_ecr_repository.app")
PATTERNS = st.text("ab*?:", max_size=6)


def taken(address: str, attribute: str = "arn", *, is_whole: bool = True) -> Template:
    return Template((Taken(address, attribute, is_whole),))


def arn_of(address: str, attribute: str) -> str:
    is_told = (address, attribute) == ("aws_ecr_repository.other", "arn")
    return "arn:*:ecr:*:*:repository/other" if is_told else "arn:*"


def trust(**statement: Any) -> Document:
    whole = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": TASKS}}
    if "NotPrincipal" in statement:
        del whole["Principal"]
    return Document((read_statement(whole | statement),))


def as_regex(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)


@given(PATTERNS, PATTERNS, st.text("ab:", max_size=6))
def test_two_patterns_overlap_whenever_a_text_matches_both(one: str, other: str, text: str) -> None:
    if re.fullmatch(as_regex(one), text) and re.fullmatch(as_regex(other), text):
        assert overlap(one, other)


@given(PATTERNS, PATTERNS)
def test_overlapping_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert overlap(one, other) == overlap(other, one)


@given(PATTERNS, st.text("ab:", max_size=6))
def test_a_plain_text_overlaps_exactly_the_patterns_it_matches(pattern: str, text: str) -> None:
    expected = re.fullmatch(as_regex(pattern), text) is not None
    assert overlap(pattern, text) == expected
    assert matches(pattern, text) == expected


def test_a_pattern_covers_a_pattern_only_where_nothing_escapes_it() -> None:
    assert matches("arn:*:x", "arn:*:x")
    assert matches("*", "arn:*:x")
    assert not matches("arn:aws:x", "arn:*:x")
    assert not matches("arn:?:x", "arn:*:x")


@pytest.mark.parametrize(
    "statements",
    [
        {"Action": "s3:GetObject", "Resource": "*"},
        [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}],
    ],
)
def test_a_single_statement_or_action_needs_no_list(statements: Any) -> None:
    (read,) = read_document(json.dumps({"Statement": statements}))
    assert read == Statement(actions=("s3:GetObject",), resources=("*",))


def test_everything_of_a_statement_is_read() -> None:
    read = read_statement(
        {
            "Effect": "Deny",
            "NotAction": "s3:*",
            "NotResource": ["arn:a", "arn:b"],
            "NotPrincipal": {"AWS": ["1", "2"], "Service": TASKS},
            "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
        }
    )
    assert read == Statement(
        allows=False,
        actions=("s3:*",),
        resources=("arn:a", "arn:b"),
        principals=(("AWS", "1"), ("AWS", "2"), ("Service", TASKS)),
        conditions=(Condition("StringEquals", "aws:SourceAccount", ("1",)),),
        excepts_actions=True,
        excepts_resources=True,
        excepts_principals=True,
    )


@pytest.mark.parametrize("text", ["[]", "no", '{"Statement": ["s3:*"]}', '"text"'])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        read_document(text)


def test_a_document_with_parts_to_come_keeps_them_as_templates() -> None:
    part = Taken("aws_ecr_repository.app", "arn")
    text = Template(('{"Statement": {"Action": "ecr:*", "Resource": "', part, '"}}'))
    (read,) = read_document(text)
    assert read.resources == (Template((part,)),)


@pytest.mark.parametrize(
    ("actions", "is_except", "expected"),
    [
        (("ECR:batchget*",), False, True),
        (("s3:*",), False, False),
        (("s3:*", OPEN), False, None),
        ((OPEN, "ecr:*"), False, True),
        ((Template(("s3:", DERIVED)),), False, False),
        ((Template((DERIVED, "s3:")),), False, None),
        (("s3:*",), True, True),
        (("ecr:*",), True, False),
        ((OPEN,), True, None),
    ],
)
def test_an_action_is_told_without_regard_to_case(
    actions: tuple[Text, ...], *, is_except: bool, expected: bool | None
) -> None:
    statement = Statement(actions=actions, excepts_actions=is_except)
    assert statement.names_action("ecr:BatchGetImage") is expected


@pytest.mark.parametrize(
    ("resource", "wanted", "expected"),
    [
        ("*", APP, True),
        ("arn:aws:ecr:us-east-1:123456789012:repository/app", APP, True),
        ("arn:aws:ecr:us-east-1:123456789012:repository/a*", APP, True),
        ("arn:aws:ecr:us-east-1:123456789012:repository/other", APP, False),
        (taken("aws_ecr_repository.app"), APP, True),
        (taken("aws_ecr_repository.other"), APP, False),
        (taken("aws_ecr_repository.other", is_whole=False), APP, False),
        (taken('module.a["x.y"].aws_ecr_repository.app'), APP, False),
        (taken("aws_ecr_repository.other", "repository_url"), APP, True),
        (taken("terraform_data.x", "output"), APP, True),
        (taken("aws_ecr_repository.other"), Wanted(APP.arn), False),
        (OPEN, APP, True),
        (Template((DERIVED, *taken("aws_ecr_repository.other").parts)), APP, True),
        (Template(("arn:aws:s3:::", DERIVED)), APP, False),
        ("arn:aws:ecr:*", APP, True),
        ("arn:aws:ecr:*:*:x", Wanted("arn:*:ecr:*:*:repository/y:x"), False),
        ("*", ACCOUNT, True),
        (OPEN, ACCOUNT, True),
        ("arn:aws:ecr:*", ACCOUNT, False),
        (taken("aws_ecr_repository.app"), ACCOUNT, False),
    ],
)
def test_a_resource_falls_under_a_statement_as_far_as_both_are_known(
    resource: Text, wanted: Wanted, *, expected: bool
) -> None:
    assert Statement(resources=(resource,)).may_cover(wanted, arn_of) is expected


def test_all_but_a_resource_is_everything_else() -> None:
    statement = Statement(resources=("*repository/app",), excepts_resources=True)
    assert not statement.may_cover(APP, arn_of)
    assert statement.may_cover(Wanted("arn:*:ecr:*:*:repository/other"), arn_of)
    assert not statement.surely_covers(APP)


def test_only_what_covers_whatever_apply_brings_covers_surely() -> None:
    assert Statement(resources=("*",)).surely_covers(APP)
    assert Statement(resources=(taken(APP.address),)).surely_covers(APP)
    assert not Statement(resources=(taken(APP.address, "id"),)).surely_covers(APP)
    assert not Statement(resources=(taken("aws_ecr_repository.b"),)).surely_covers(APP)
    assert not Statement(resources=("arn:aws:ecr:*",)).surely_covers(APP)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (trust(), True),
        (trust(Principal="*"), True),
        (trust(Action="sts:*"), True),
        (trust(Condition={"StringEquals": {"AWS:SourceAccount": "1"}}), True),
        (trust(Condition={"StringEquals": {"sts:ExternalId": "1"}}), None),
        (trust(Principal={"Service": "ecs.amazonaws.com"}), False),
        (trust(Principal={"AWS": TASKS}), False),
        (trust(Principal={"Service": OPEN}), None),
        (trust(NotPrincipal={"Service": "ec2.amazonaws.com"}), True),
        (trust(NotPrincipal={"Service": TASKS}), False),
        (trust(Action="sts:TagSession"), False),
        (Document((), ("nobody can tell",)), None),
        (Document(trust().statements, ("nobody can tell",)), True),
        (Document((*trust().statements, *trust(Effect="Deny").statements)), False),
        (Document(), False),
    ],
)
def test_a_trust_policy_lets_tasks_in_or_keeps_them_out(
    document: Document, *, expected: bool | None
) -> None:
    answer, why = document.lets_in("Service", TASKS)
    assert answer is expected
    assert why


def test_who_is_kept_out_is_told_who_is_let_in() -> None:
    document = trust(Principal={"Service": ["ecs.amazonaws.com", "ec2.amazonaws.com"]})
    expected = f"its trust policy lets in ecs.amazonaws.com, ec2.amazonaws.com, not {TASKS}"
    assert document.lets_in("Service", TASKS) == (False, expected)


def test_one_of_several_resources_is_enough() -> None:
    elsewhere = "arn:aws:ecr:us-east-1:123456789012:repository/other"
    excepted = Statement(resources=(elsewhere, "*repository/app"), excepts_resources=True)
    assert not excepted.may_cover(APP, arn_of)
    assert Statement(resources=(elsewhere, "*")).surely_covers(APP)


def test_texts_to_come_stay_templates_beside_those_that_are_known() -> None:
    part = Taken("aws_ecr_repository.app", "arn")
    text = Template(('{"Statement": {"Action": 1, "Resource": ["*", "', part, '"]}}'))
    (read,) = read_document(text)
    assert (read.actions, read.resources) == (("1",), ("*", Template((part,))))


def test_conditions_of_a_wrong_shape_are_none() -> None:
    for odd in ("text", ["text"], {"Bool": "text"}, {"Bool": ["text"]}):
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": odd}
        (read,) = read_document(json.dumps({"Statement": [statement]}))
        assert read.conditions == ()


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:ecr", False),
        ("*app", True),
        ("arn:aws:ecr:*:repository/app", True),
        ("arn:*:repository/app", True),
        ("arn:aws:ecr:us-east-1:*:repository/app:tag", False),
    ],
)
def test_patterns_with_fewer_parts_than_an_arn_are_compared_as_a_whole(
    resource: str, *, expected: bool
) -> None:
    assert Statement(resources=(resource,)).may_cover(APP, arn_of) is expected
