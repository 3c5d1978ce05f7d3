"""A report in short: what it says, and that nothing of a plan can do more than be shown."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from policyscan.serve import markdown
from policyscan.serve.result import result_of
from tests.serve.hcp import RESULT

HOSTILE = (
    "<script>alert(1)</script> [a](javascript:x) ![b](https://example.com/b.png) `c` **d** <!-- "
    "\n# heading\n\n- item @team https://example.com www.example.com |a|b| \x1b[31m ```"
)


def verdict(**changes: Any) -> dict[str, Any]:
    return {
        "rule": "PS101",
        "name": "image-not-pushed",
        "severity": "critical",
        "address": "aws_ecs_service.api",
        "verdict": "fail",
        "message": "no task will start",
        "fix": "push it",
        "snippet": "",
        "symptom": "",
        "strikes": None,
        "new": True,
        "waived": None,
        **changes,
    }


def report(*verdicts: dict[str, Any], code: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "summary": {"exit_code": code, "why": None, "verdicts": {"unknown": 0}},
        "verdicts": list(verdicts),
        "checkov": [],
        "errors": [],
        **changes,
    }


def test_what_fails_stands_together_by_rule_and_worst_first() -> None:
    told = result_of(
        report(
            verdict(rule="PS303", severity="low"),
            verdict(address="a.b"),
            verdict(address="a.c"),
            verdict(rule="PS999", verdict="pass"),
            checkov=[
                {
                    "id": "CKV_AWS_158",
                    "address": "a.b",
                    "verdict": "fail",
                    "severity": "medium",
                    "guideline": "https://example.com/guide",
                    "conflict": None,
                }
            ],
        )
    )
    assert (told.status, told.message) == ("failed", "FAIL: 2 critical, 1 medium, 1 low")
    shown = [each["attributes"] for each in told.outcomes]
    assert [each["outcome-id"] for each in shown] == ["PS101", "CKV_AWS_158", "PS303"]
    assert shown[0]["description"] == "PS101 image-not-pushed 2 addresses"
    assert shown[1]["url"] == "https://example.com/guide"
    assert "url" not in shown[0]


def test_what_is_waived_or_overruled_is_not_told() -> None:
    told = result_of(
        report(
            verdict(waived={"reason": "known"}),
            code=0,
            checkov=[
                {
                    "id": "CKV_AWS_150",
                    "address": "a.b",
                    "verdict": "fail",
                    "severity": "medium",
                    "guideline": "",
                    "conflict": {"rule": "PS701", "why": "it has to go"},
                }
            ],
        )
    )
    assert (told.status, told.message, told.outcomes) == ("passed", "PASS: nothing fails", ())


def test_what_a_check_shares_with_a_rule_is_told_once() -> None:
    shared = {
        "id": "CKV_AWS_51",
        "name": "Ensure tags are immutable",
        "address": "a.b",
        "verdict": "fail",
        "severity": "medium",
        "shared_with": "PS602",
        "guideline": None,
        "conflict": None,
    }
    ours = verdict(rule="PS602", address="a.b", severity="high")
    assert [
        each["attributes"]["outcome-id"]
        for each in result_of(report(ours, checkov=[shared])).outcomes
    ] == ["PS602"]
    waived = {**ours, "waived": {"reason": "known"}}
    [left] = result_of(report(waived, checkov=[shared])).outcomes
    assert left["attributes"]["description"] == "CKV_AWS_51 Ensure tags are immutable a.b"


def test_undecided_verdicts_that_fail_a_scan_are_counted() -> None:
    told = result_of(report(summary={"exit_code": 1, "why": None, "verdicts": {"unknown": 3}}))
    assert (told.status, told.message) == ("failed", "FAIL: 3 not decided")


def test_hostile_text_is_shown_and_does_nothing() -> None:
    told = result_of(
        report(
            verdict(
                address=f'aws_s3_bucket.x["{HOSTILE}"]',
                message=HOSTILE,
                fix=HOSTILE,
                symptom=HOSTILE,
                snippet=f'resource "x" {{\n{HOSTILE}\n````\n}}',
            )
        )
    )
    jsonschema.validate(told.payload(with_outcomes=True), RESULT)
    body = told.outcomes[0]["attributes"]["body"]
    assert "\x1b" not in body
    page = MarkdownIt("gfm-like", {"linkify": False}).enable("strikethrough").parse(body)
    kinds = {each.type for each in page} | {
        child.type for each in page for child in each.children or ()
    }
    assert kinds <= {
        "heading_open",
        "heading_close",
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "text_special",
        "hardbreak",
        "softbreak",
        "strong_open",
        "strong_close",
        "fence",
    }
    assert [each.type for each in page].count("heading_open") == 1
    [fence] = [each.content for each in page if each.type == "fence"]
    assert fence.endswith("````\n}\n")


@pytest.mark.parametrize(
    "words", ["https://example.com", "www.example.com", "a@example.com", ":x:"]
)
def test_no_word_becomes_a_link(words: str) -> None:
    escaped = markdown.text(words)
    assert words not in escaped
    assert MarkdownIt().render(escaped) == f"<p>{words}</p>\n"


def test_a_rule_that_fails_everywhere_keeps_within_bounds() -> None:
    many = [verdict(address=f"a.b[{number}]", message="x" * 9000) for number in range(2000)]
    rules = [verdict(rule=f"PS{number}") for number in range(101, 700)]
    told = result_of(report(*many, *rules))
    jsonschema.validate(told.payload(with_outcomes=True), RESULT)
    body = told.outcomes[0]["attributes"]["body"]
    assert body.endswith(f"... and {2001 - body.count('**') // 2} more")
    assert len(told.outcomes) == 200


def test_a_line_stays_one() -> None:
    told = result_of(report(code=2, errors=["a\nb" * 1000])).payload(with_outcomes=True)
    message = told["data"]["attributes"]["message"]
    assert (len(message), "\n" in message) == (500, False)
    assert message.startswith("could not be evaluated: a\\u000ab")
