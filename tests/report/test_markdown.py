"""A comment on a pull request, as a reader of GitHub's Markdown sees it."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from policyscan.engine import Judgement
from policyscan.report.markdown_report import LIMIT, marker, render_markdown
from policyscan.rule import Finding, Verdict
from tests.report.samples import (
    LOGS,
    OPEN,
    PUSHED,
    checkovs,
    every_sort,
    failed,
    fixture,
    of_every_sort,
    outcome_of,
    report_of,
    scan_of,
)

GFM = MarkdownIt("gfm-like", {"linkify": False})


def test_a_comment_starts_with_the_verdict_and_ends_with_its_marker() -> None:
    report = report_of(scan_of(outcome_of(every_sort(), checkovs()), "infra/plan.json"))
    lines = render_markdown(report).splitlines()
    assert lines[0] == (
        "## FAIL: 1 critical, 1 high, 1 medium, 1 not decided, 1 waived, 1 overruled"
    )
    assert lines[-1] == "<!-- policyscan:infra/plan.json -->" == marker(report)


def test_new_findings_are_told_in_full_and_the_rest_is_folded() -> None:
    page = render_markdown(report_of(scan_of(outcome_of(every_sort(), checkovs()))))
    new, _, folded = page.partition("<details>")
    assert new.index("PS101 image-not-pushed, critical") < new.index("CKV\\_AWS\\_158, medium")
    for part in (
        "`aws_ecs_service.s` at `infra/main.tf:3`",
        "no task starts",
        "**Fix:** push first",
    ):
        assert part in new
    assert "```hcl\nresource" in new
    assert "<https://docs.example.com/policies/bc-aws-158>" in new
    assert "kept for ever" not in new
    assert "kept for ever (Checkov: `CKV_AWS_338`)" in folded
    assert "the subnet is not known" in folded
    assert "waived one" not in page
    assert "overruled one" not in page


def test_the_graph_of_what_fails_is_drawn() -> None:
    page = render_markdown(report_of(scan_of(outcome_of(every_sort()))))
    drawing = page.partition("```mermaid\n")[2].partition("```")[0]
    assert drawing.startswith("flowchart LR")
    assert "n2 -->|" in drawing


def test_several_plans_make_one_comment() -> None:
    page = render_markdown(of_every_sort())
    assert page.startswith("## 2 FAIL, 1 NOT JUDGED\n")
    assert "- `b/plan.json`: FAIL" in page
    assert "**Not judged:** c/plan.json: is no plan" in page
    assert page.endswith("<!-- policyscan:plans -->\n")


@pytest.mark.parametrize("name", ["reference_broken", "fourteen_defects"])
def test_github_renders_every_part(name: str) -> None:
    page = render_markdown(report_of(fixture(name)))
    html = GFM.render(page)
    assert html.count("<details>") == html.count("</details>") >= 1
    assert '<code class="language-mermaid">' in html
    assert '<code class="language-hcl">' in html
    assert len(page) < LIMIT


def test_a_finding_that_many_share_is_told_once() -> None:
    shared = [Judgement(PUSHED, failed(f"aws_x.y[{n}]", cause="aws_z.z")) for n in range(9)]
    page = render_markdown(report_of(scan_of(outcome_of(shared))))
    assert page.count("#### PS101") == 1
    assert "also `aws_x.y[1]`" in page
    assert "and 3 more" in page


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("letter", ["x", "\u4e2d", "\U0001f642", "<", "`"])
def test_a_comment_keeps_to_the_limit_says_what_it_cut_and_keeps_the_worst(
    letter: str,
    is_new: bool,  # noqa: FBT001 - pytest names it
) -> None:
    findings = [
        *(Judgement(LOGS, failed(f"aws_x.y[{n}]", letter * 900), is_new) for n in range(500)),
        *(
            Judgement(OPEN, Finding(f"u[{n}]", Verdict.UNKNOWN, f"{n}{letter * 900}"))
            for n in range(500)
        ),
        Judgement(PUSHED, failed("aws_worst.one"), is_new),
    ]
    report = report_of(scan_of(outcome_of(findings), "plan.json"))
    page = render_markdown(report)
    assert len(page.encode()) <= LIMIT
    assert "aws_worst.one" in page
    assert page.endswith(f"{marker(report)}\n")
    cut = page.splitlines()[-3]
    assert cut.startswith("**Cut:** ")
    assert ("new findings" if is_new else "standing findings") in cut
    shown = page.count("aws_x.y[")
    assert 0 < shown < 500
    assert f"{500 - shown} {'new' if is_new else 'standing'}" in cut
    html = GFM.render(page)
    assert html.count("<details>") == html.count("</details>")


def test_the_marker_holds_nothing_that_ends_a_comment() -> None:
    report = report_of(scan_of(outcome_of([]), "a-->b\n--><!--c.json"))
    assert "-->" not in marker(report)[4:-3]
    assert replace(report).scans == report.scans
