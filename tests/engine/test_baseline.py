"""What a baseline is made of, and what of Checkov's it takes."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from policyscan.engine import (
    CheckovReport,
    CheckovSays,
    Conflict,
    Judgement,
    Outcome,
    Waiver,
)
from policyscan.engine.baseline import baseline_of
from policyscan.rule import Platform, Rule, Severity, fail, passed
from tests.plans import change, graph_of

RULE = Rule("CKV_AWS_1", "check", "CHECKOV", Severity.HIGH, "t", ("aws_s3_bucket",))
FAILS = Judgement(RULE, fail("aws_s3_bucket.b", "it fails"))
WAIVER = Waiver("CKV_AWS_1", ("*",), "why", "who", date(2027, 1, 1), "waivers.yaml:1")


def outcome(*ours: Judgement, checkov: tuple[Judgement, ...] = ()) -> Outcome:
    platform = Platform(graph_of([change("aws_s3_bucket.b")]))
    return Outcome(platform, ours, checkov=CheckovReport(judgements=checkov))


def test_what_is_waived_or_overruled_or_does_not_fail_is_not_listed() -> None:
    waived = replace(FAILS, waiver=WAIVER)
    overruled = replace(FAILS, checkov=CheckovSays(None, conflict=Conflict("PS701", "why")))
    passes = Judgement(RULE, passed("aws_s3_bucket.b", "it passes"))
    for each in (waived, overruled, passes):
        assert not baseline_of([outcome(each)]).entries
    assert len(baseline_of([outcome(FAILS)]).entries) == 1


def test_findings_of_checkov_are_listed_and_known_like_ours() -> None:
    found = outcome(checkov=(FAILS,))
    baseline = baseline_of([found])
    (marked,) = baseline.applied(found).all_judgements
    assert (marked.is_in_baseline, marked.is_new, marked.counts) == (True, False, False)
    assert baseline.gone([found], frozenset({RULE.id})) == 0
    assert baseline.gone([outcome()], frozenset({RULE.id})) == 1


def test_what_is_in_the_old_baseline_is_in_the_new_one() -> None:
    found = outcome(FAILS)
    old = baseline_of([found])
    assert baseline_of([old.applied(found)]) == old
