"""What PS603 makes of a tag of latest is for the profile to say."""

from __future__ import annotations

from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.rule import Platform, Verdict
from tests.rules.test_fixtures import PACK, RULES


def failing(latest: str) -> list[str]:
    (rule,) = (each for each in PACK if each.rule.id == "PS603")
    plan = read_plan((RULES / "PS603" / "pass" / "plan.json").read_bytes(), "plan.json")
    found = rule.check(Platform(ResourceGraph(plan)), {"latest": latest, "pin": "any"})
    return [each.address for each in found if each.verdict is Verdict.FAIL]


def test_a_tag_of_latest_is_noted_or_fails() -> None:
    assert failing("warn") == []
    assert failing("fail") == [
        "aws_ecs_task_definition.on_purpose",
        'aws_ecs_task_definition.this["excluded"]',
        'aws_ecs_task_definition.this["public"]',
    ]
