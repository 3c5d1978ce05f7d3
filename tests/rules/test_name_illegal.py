"""Names of which a replay tells the parts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from policyscan.engine import Judgement, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan.template import Taken, Template
from policyscan.rule import Certainty, Verdict
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


def judged(rule: str, names: dict[str, Template], source: dict[str, int]) -> list[Judgement]:
    """What a rule says of resources whose names are made of what random_id.x will be."""
    changes = [change("random_id.x", after=source)]
    changes += [change(each, unknown={"name": True}) for each in names]
    blocks = [block(each, {"name": references("random_id.x.hex")}) for each in names]
    plan = plan_of(changes, {"resources": [*blocks, block("random_id.x")]})
    resources = tuple(
        replace(each, after={"name": names.get(each.address)}) if each.address in names else each
        for each in plan.resources
    )
    graph = ResourceGraph(replace(plan, resources=resources))
    outcome = judge(graph, load_pack(built_in_pack()), Settings(select=(rule,)))
    return [each for each in outcome.judgements if each.rule.id == rule]


def test_a_name_is_as_long_as_what_will_fill_it_in() -> None:
    for fill, verdict in ((16, Verdict.UNKNOWN), (17, Verdict.FAIL)):
        names = {"aws_lb_target_group.a": Template(("x" * fill, PART))}
        (found,) = judged("PS803", names, {"byte_length": 8})
        assert found.verdict is verdict


def test_two_names_of_the_same_parts_are_one_name_most_likely() -> None:
    queues = {f"aws_sqs_queue.{name}": Template(("jobs-", PART)) for name in "ab"}
    found = [each.finding for each in judged("PS804", queues, {})]
    assert {each.certainty for each in found} == {Certainty.INFERRED}
    says = (
        "aws_sqs_queue.{} is to be called a name of the same parts, which aws_sqs_queue.{} claims"
    )
    assert [each.message for each in found] == [
        f"{says.format('a', 'b')} as well",
        f"{says.format('b', 'a')} as well",
    ]
    assert [each.snippet for each in found] == [
        'resource "aws_sqs_queue" "a" {\n  name = "NAME-a"\n}',
        'resource "aws_sqs_queue" "b" {\n  name = "NAME-b"\n}',
    ]
