"""Checkov's own policies, read from where it is installed, judged by Checkov and by us.

Every verdict on every fixture plan is compared. What differs has to be explained: a difference is
put down to Checkov's edges only when our evaluator, given those edges, says what Checkov says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policyscan.engine.policy_language import Policy, parse_policy
from tests.policies.comparison import EDGES, Comparison, compare
from tests.policies.conftest import ROOT, Ask

PLANS = tuple(
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / "fixtures").rglob("plan.json"))
    if "hostile" not in path.parts
)


@pytest.fixture(scope="module")
def answers(checkov: Ask) -> dict[str, Any]:
    return checkov(PLANS, None)


@pytest.fixture(scope="module")
def policies(answers: dict[str, Any]) -> tuple[Policy, ...]:
    read = [parse_policy(path) for path in sorted(Path(answers["folder"]).iterdir())]
    assert [str(problem) for _, problems in read for problem in problems] == []
    return tuple(policy for policy, _ in read if policy is not None)


@pytest.fixture(scope="module")
def comparison(policies: tuple[Policy, ...], answers: dict[str, Any]) -> Comparison:
    return compare(policies, answers, ROOT)


def test_every_policy_that_checkov_brings_for_aws_is_read(
    policies: tuple[Policy, ...], answers: dict[str, Any]
) -> None:
    assert sorted(policy.rule.id for policy in policies) == answers["loaded"]
    assert len(policies) >= 80


def test_every_verdict_that_differs_from_checkovs_is_explained(
    comparison: Comparison, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", f"Checkov's own policies: {comparison.figures}")
    assert comparison.unexplained == []
    assert comparison.counts.total() >= 2000


def test_where_edges_make_the_difference_the_instances_are_named(comparison: Comparison) -> None:
    by_edges = [each for each in comparison.differences if each.category == EDGES]
    assert by_edges
    assert [str(each) for each in by_edges if not each.edges] == []
