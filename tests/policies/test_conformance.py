"""Checkov's own policies, read from where it is installed, judged by Checkov and by us.

Every verdict on every fixture plan is compared. What differs has to be explained: a difference is
put down to Checkov's edges only when our evaluator, given those edges, says what Checkov says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from policyscan.engine.policy_language import Policy, parse_policy
from tests.policies.comparison import EDGES, compare
from tests.policies.conftest import ROOT, Ask

PLANS = tuple(
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / "fixtures").rglob("plan.json"))
    if "hostile" not in path.parts
)


def policies(folder: str) -> tuple[Policy, ...]:
    read = [parse_policy(path) for path in sorted(Path(folder).iterdir())]
    assert [str(problem) for _, problems in read for problem in problems] == []
    return tuple(policy for policy, _ in read if policy is not None)


def test_every_policy_that_checkov_brings_for_aws_is_read(checkov: Ask) -> None:
    answers = checkov((), None)
    assert sorted(each.rule.id for each in policies(answers["folder"])) == answers["loaded"]
    assert len(answers["loaded"]) >= 80


def test_every_verdict_that_differs_from_checkovs_is_explained(
    checkov: Ask, record_property: Callable[[str, object], None]
) -> None:
    answers = checkov(PLANS, None)
    comparison = compare(policies(answers["folder"]), answers, ROOT)
    record_property("figure", f"Checkov's own policies: {comparison.figures}")
    assert comparison.unexplained == []
    assert comparison.counts.total() >= 2000
    by_edges = [each for each in comparison.differences if each.category == EDGES]
    assert by_edges
    assert [str(each) for each in by_edges if not each.edges] == []
