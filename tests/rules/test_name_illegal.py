"""Names of which a replay tells the parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan.template import Taken, Template
from policyscan.rule import Verdict
from tests.rule.platforms import Refs, made, platform_of

PART = Taken("random_id.x", "hex")


@pytest.mark.parametrize(
    ("kind", "parts", "verdict"),
    [
        ("aws_lb_target_group", ("transaction-processor-target-group-", PART), Verdict.FAIL),
        ("aws_lb_target_group", ("transactions-", PART), Verdict.UNKNOWN),
        ("aws_ecr_repository", ("Fraud-", PART), Verdict.FAIL),
        ("aws_ecr_repository", ("fraud_-", PART, "/api"), Verdict.UNKNOWN),
        ("aws_kms_alias", (PART, "-key"), Verdict.UNKNOWN),
    ],
)
def test_what_is_known_of_a_name_can_be_enough_to_refuse_it(
    kind: str, parts: tuple[str | Taken, ...], verdict: Verdict
) -> None:
    plan = platform_of(made("random_id.x", hex=Refs()), made(f"{kind}.a", name=Refs())).plan
    resources = tuple(
        replace(each, after={"name": Template(parts)}) if each.type == kind else each
        for each in plan.resources
    )
    graph = ResourceGraph(replace(plan, resources=resources))
    outcome = judge(graph, load_pack(built_in_pack()), Settings(select=("PS803",)))
    assert [each.verdict for each in outcome.judgements if each.rule.id == "PS803"] == [verdict]
