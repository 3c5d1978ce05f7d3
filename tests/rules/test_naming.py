"""The environment suffix in names and tags, where fixtures alone do not reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.json_report import json_document, render_json
from policyscan.report.text_report import render_text
from policyscan.rule import Severity
from policyscan.rule.naming import Suffix, find_suffix
from policyscan.source import read_source
from tests.plans import block, change, constant, graph_of, plan_of

RULES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
NAMES = st.text(alphabet="abcdefghij0123456789", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("suffix", "name", "carries"),
    [
        ("dev", "app-dev", True),
        ("dev", "dev", True),
        ("dev", "/ecs/DEV/app", True),
        ("dev", "app_dev.fifo", True),
        ("dev", "device", False),
        ("dev", "appdev", False),
        ("pr42", "apppr42", True),
        ("pr42", "apppr421", False),
        ("pr-42", "app_pr_42", True),
        ("-dev", "app-dev", True),
        ("dev", "arn:aws:sns:us-east-1:123456789012:alarms-dev", True),
        ("dev", "arn:aws:sns:us-east-1:123456789012:alarms", False),
        ("east", "arn:aws:sns:us-east-1:123456789012:alarms", False),
        ("dev", "https://dev.example.com/queue", False),
        ("", "app", False),
    ],
)
def test_a_name_carries_the_suffix_as_a_word_or_as_its_end(
    suffix: str,
    name: str,
    carries: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert Suffix("environmentSuffix", suffix).is_in(name) is carries


@given(NAMES, NAMES, st.sampled_from("-_./"), st.booleans())
def test_a_suffix_set_apart_is_always_found(
    suffix: str,
    rest: str,
    separator: str,
    is_upper: bool,  # noqa: FBT001 - drawn, not passed
) -> None:
    name = f"{rest}{separator}{suffix}{separator}{rest}"
    assert Suffix("s", suffix).is_in(name.upper() if is_upper else name)


@given(NAMES, NAMES)
def test_a_name_without_its_suffix_keeps_the_rest(suffix: str, rest: str) -> None:
    assert Suffix("s", f"z{suffix}").without(f"{rest}-z{suffix}") == f"{rest}-"


def test_the_first_variable_of_the_plan_is_the_suffix() -> None:
    plan = plan_of([], variables={"b": {"value": "two"}, "a": {"value": "one"}})
    assert find_suffix(plan, ("c", "b", "a")) == Suffix("b", "two")
    assert find_suffix(plan, ("c",)) is None


def verdicts(rule: str, *, with_source: bool) -> dict[str, str]:
    folder = RULES / rule / "unknown"
    plan = read_plan((folder / "plan.json").read_bytes(), "plan.json")
    graph = ResourceGraph(plan, read_source(folder) if with_source else None)
    outcome = judge(graph, load_pack(built_in_pack()), Settings(select=(rule,)))
    assert outcome.errors == ()
    return {each.finding.address: str(each.verdict) for each in outcome.judgements}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("PS801", {"aws_eip.tagged": "fail", "aws_sqs_queue.through_local": "fail"}),
        (
            "PS802",
            {
                "aws_dynamodb_table.value": "pass",
                "aws_eip.missing": "fail",
                "aws_sns_topic.complete": "pass",
                "aws_sqs_queue.written": "pass",
            },
        ),
    ],
)
def test_the_source_tells_what_the_plan_alone_leaves_open(rule: str, told: dict[str, str]) -> None:
    alone, together = verdicts(rule, with_source=False), verdicts(rule, with_source=True)
    assert dict.fromkeys(told, "unknown").items() <= alone.items()
    changed = {address: each for address, each in together.items() if each != alone[address]}
    assert changed == told


def test_a_name_the_provider_makes_up_fails_low_before_and_after_it_is_made() -> None:
    plan = read_plan((RULES / "PS801" / "fail" / "plan.json").read_bytes(), "plan.json")
    pack = load_pack(built_in_pack())
    outcome = judge(ResourceGraph(plan), pack, Settings(select=("PS801",)))
    low = {each.finding.address for each in outcome.judgements if each.severity is Severity.LOW}
    assert low == {"aws_security_group.generated[0]", "aws_security_group.generated[1]"}


def test_a_sensitive_name_tag_or_suffix_is_printed_nowhere() -> None:
    secret, other = "s3cr3t-dev", "h1dden"
    graph = graph_of(
        [
            change("aws_sqs_queue.q", after={"name": secret}, sensitive={"name": True}),
            change(
                "aws_sns_topic.t",
                after={"name": "x", "tags_all": {"Environment": secret, "Project": "p"}},
                sensitive={"tags_all": {"Environment": True}},
            ),
        ],
        {
            "variables": {"environmentSuffix": {"sensitive": True}},
            "resources": [
                block("aws_sqs_queue.q", {"name": constant(secret)}),
                block("aws_sns_topic.t", {"name": constant("x")}),
            ],
        },
        variables={"environmentSuffix": {"value": other}},
    )
    outcome = judge(graph, load_pack(built_in_pack()), Settings(select=("PS801", "PS802")))
    code = outcome.exit_code("low")
    report = render_text(outcome, code) + "".join(render_json([json_document(outcome, code)]))
    assert code == 1
    assert "(sensitive)" in report
    assert [each for each in (secret, other) if each in report] == []
