"""Names of which a replay tells the parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan.template import Taken, Template
from policyscan.rule import Verdict
from tests.plans import block, change, plan_of, references
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


@pytest.mark.parametrize(
    ("part", "source", "length"),
    [
        (Taken("random_id.x", "hex"), {"byte_length": 8}, 16),
        (Taken("random_id.x", "hex", is_whole=False), {"byte_length": 8}, 0),
        (Taken("random_id.x", "dec"), {"byte_length": 8}, 0),
        (Taken("random_string.x", "result"), {"length": 9}, 9),
        (Taken("data.aws_caller_identity.x", "account_id"), {}, 12),
    ],
)
def test_a_name_is_as_long_as_what_will_fill_it_in(
    part: Taken, source: dict[str, int], length: int
) -> None:
    group = "aws_lb_target_group.a"
    for fill, verdict in ((32 - length, Verdict.UNKNOWN), (33 - length, Verdict.FAIL)):
        made_of = Template(("x" * fill, part))
        changes = [change(group, unknown={"name": True}), change(part.address, after=source)]
        blocks = [block(group, {"name": references(f"{part.address}.id")}), block(part.address)]
        plan = plan_of(changes, {"resources": blocks})
        resources = tuple(
            replace(each, after={"name": made_of}) if each.address == group else each
            for each in plan.resources
        )
        graph = ResourceGraph(replace(plan, resources=resources))
        outcome = judge(graph, load_pack(built_in_pack()), Settings(select=("PS803",)))
        found = [each.verdict for each in outcome.judgements if each.rule.id == "PS803"]
        assert found == [verdict]
