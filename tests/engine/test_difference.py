"""Two outcomes compared, verdict by verdict."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from policyscan.engine import Difference, Judgement, Outcome, Waiver, difference
from policyscan.rule import Finding, Phase, Platform, Rule, Severity, Verdict
from tests.plans import change, graph_of

RULE = Rule("XX100", "as-told", "TEST", Severity.HIGH, "t", ("aws_s3_bucket",))
ADDRESS = "aws_s3_bucket.b"
WAIVER = Waiver("XX100", ("*",), "why", "who", date(2027, 1, 1), "waivers.yaml:1")


def found(told: str) -> Outcome:
    """The outcome of one finding: `fail high`, or none of it for ""."""
    judgements = []
    if told:
        verdict, severity, *strikes = told.split()
        finding = Finding(
            ADDRESS,
            Verdict(verdict),
            f"so it is{' otherwise' if 'otherwise' in strikes else ''}",
            severity=Severity(severity),
            strikes=Phase(strikes[0]) if strikes and strikes[0] != "otherwise" else None,
        )
        judgements.append(Judgement(RULE, finding))
    return Outcome(Platform(graph_of([change(ADDRESS)])), tuple(judgements))


def parts(compared: Difference) -> list[str]:
    return [
        name for name in ("added", "fixed", "unchanged", "undecided") if getattr(compared, name)
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "fail high", ["added"]),
        ("pass high", "fail high", ["added"]),
        ("unknown high", "fail high", ["added"]),
        ("fail high", "fail high", ["unchanged"]),
        ("fail high", "fail low", ["unchanged"]),
        ("fail low", "fail high", ["added"]),
        # It fails in other words, so perhaps for another cause.
        ("fail high", "fail high otherwise", ["added"]),
        ("fail high destroy", "fail high apply", ["added"]),
        ("fail high", "pass high", ["fixed"]),
        ("fail high", "na high", ["fixed"]),
        ("fail high", "", ["fixed"]),
        ("fail high", "unknown high", ["undecided"]),
        ("", "unknown high", ["undecided"]),
        ("unknown high", "unknown high", []),
        ("pass high", "pass high", []),
    ],
)
def test_each_pair_of_verdicts_is_one_sort_of_difference(
    old: str, new: str, expected: list[str]
) -> None:
    assert parts(difference(found(old), found(new))) == expected


def test_what_is_waived_is_no_difference_and_counts_again_when_it_is_not() -> None:
    fails = found("fail high")
    waived = replace(fails, judgements=(replace(fails.judgements[0], waiver=WAIVER),))
    assert parts(difference(found(""), waived)) == []
    assert parts(difference(fails, waived)) == []
    assert parts(difference(waived, fails)) == ["added"]


@pytest.mark.parametrize(
    ("old", "new", "fail_on", "code"),
    [
        ("", "fail high", "high", 1),
        ("", "fail high", "critical", 0),
        ("fail high", "fail high", "low", 0),
        ("pass high", "unknown high", "unknown", 1),
        ("pass high", "unknown high", "high", 0),
        ("pass high", "na high", "high", 3),
    ],
)
def test_only_what_is_added_fails(old: str, new: str, fail_on: str, code: int) -> None:
    assert difference(found(old), found(new)).exit_code(fail_on) == code
