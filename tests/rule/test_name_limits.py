from __future__ import annotations

import pytest

from policyscan.plan.template import Taken, Template
from policyscan.rule.name_limits import NameLimits, least_length, name_limits
from tests.rule.platforms import made, platform_of

LIMITS = NameLimits("name", 2, 5, "^[a-z]+(-[a-z]+)*$", "no", "lower case, and - between")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ab", ""),
        ("abcde", ""),
        ("a-b", ""),
        ("a", "is too short: it may have 2 to 5 characters (lower case, and - between)"),
        (
            "abcdef",
            (
                "is too long, 6 characters at least: "
                "it may have 2 to 5 characters (lower case, and - between)"
            ),
        ),
        ("aB-C", "may not have 'B' in it"),
        (
            "ab-",
            "is not of the form AWS asks for: 2 to 5 characters (lower case, and - between)",
        ),
    ],
)
def test_what_is_wrong_with_a_name_is_told_in_words(name: str, problem: str) -> None:
    assert LIMITS.problem(name) == problem


def test_of_a_name_without_a_pattern_only_the_length_counts() -> None:
    limits = NameLimits("name", 1, 3, "", "no", "")
    assert limits.problem("B.") == ""
    assert limits.problem_so_far(4, "B.") == (
        "is too long, 4 characters at least: it may have 1 to 3 characters"
    )


def test_a_pattern_that_asks_for_a_certain_beginning_refuses_no_single_letter() -> None:
    assert NameLimits("name", 1, 9, "^x/", "no", "").problem_so_far(1, "B") == ""


@pytest.mark.parametrize(
    ("name", "near"), [("A.b", "a-b"), ("--AB--", "ab"), ("a", ""), ("abcd-f", "abcd")]
)
def test_the_nearest_name_is_legal_or_there_is_none(name: str, near: str) -> None:
    assert LIMITS.nearest(name) == near


def test_a_name_that_may_be_of_any_length_has_no_limits() -> None:
    limits = name_limits()
    assert "aws_lb_listener_rule" not in limits
    assert [each.attribute for each in limits["aws_lb"]] == ["name", "name_prefix"]


@pytest.mark.parametrize(
    ("part", "source", "length"),
    [
        (Taken("random_id.x", "hex"), {"byte_length": 8}, 16),
        (Taken("random_id.x", "b64_url"), {"byte_length": 8}, 8),
        (Taken("random_id.x", "b64_url"), {}, 0),
        (Taken("random_string.x", "result"), {"length": 9}, 9),
        (Taken("random_string.x", "id"), {"length": 9}, 9),
        (Taken("random_uuid.x", "uuid"), {}, 36),
        (Taken("aws_vpc.x", "account_id"), {}, 12),
        (Taken("random_id.x", "hex", is_whole=False), {"byte_length": 8}, 0),
        (Taken("random_id.x", "dec"), {"byte_length": 8}, 0),
        (Taken("random_id.gone", "hex"), {}, 0),
    ],
)
def test_a_part_is_as_long_as_what_will_fill_it_in(
    part: Taken, source: dict[str, int], length: int
) -> None:
    graph = platform_of(made(part.address.replace("gone", "x"), **source)).graph
    assert least_length(Template(("ab", part)), graph) == 2 + length
