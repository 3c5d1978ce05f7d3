"""What GitHub and GitLab show beside lines of a change, and a line for each finding."""

from __future__ import annotations

import json

from msgspec.structs import replace

from policyscan.engine import Judgement
from policyscan.report.concise_report import render_concise
from policyscan.report.github_report import render_github
from policyscan.report.gitlab_report import render_gitlab
from policyscan.rule import Severity
from tests.report.samples import (
    LOGS,
    PUSHED,
    checkovs,
    every_sort,
    failed,
    of_every_sort,
    outcome_of,
    report_of,
    scan_of,
)

LOGS_STAND = "PS401 log-retention-off (high%2C standing)"
IN_MAIN = "file=infra/main.tf,line=3,endLine=3"


def test_github_gets_the_worst_first_and_a_line_for_each_plan() -> None:
    lines = render_github(of_every_sort()).splitlines()
    assert [line.partition("::aws")[0].partition("::c/")[0] for line in lines] == [
        "::error file=c/plan.json,line=1,endLine=1,title=not judged",
        *(2 * [f"::error {IN_MAIN},col=5,endColumn=20,title=PS101 image-not-pushed (critical)"]),
        f"::error file=a/plan.json,line=1,endLine=1,title={LOGS_STAND}",
        f"::error file=b/plan.json,line=1,endLine=1,title={LOGS_STAND}",
        "::warning file=a/plan.json,line=1,endLine=1,title=CKV_AWS_158 (medium)",
        "::warning file=b/plan.json,line=1,endLine=1,title=CKV_AWS_158 (medium)",
        "a/plan.json: FAIL: 1 critical, 1 high, 1 medium, 1 not decided, 1 waived, 1 overruled",
        "b/plan.json: FAIL: 1 critical, 1 high, 1 medium, 1 not decided, 1 waived, 1 overruled",
        "c/plan.json: NOT JUDGED",
    ]


def test_github_escapes_what_would_end_a_value() -> None:
    one = Judgement(PUSHED, failed("a::b", "100%\nof: a, b\r"))
    line = render_github(report_of(scan_of(outcome_of([one]), "a,b:c%.json"))).splitlines()[0]
    assert line == (
        "::error file=a%2Cb%3Ac%25.json,line=1,endLine=1,title=PS101 image-not-pushed (critical)"
        "::a::b: 100%25%0Aof: a, b\\u000d"
    )


def test_github_is_told_how_many_annotations_it_does_not_show() -> None:
    low = replace(LOGS, severity=Severity.MEDIUM)
    findings = [
        *(Judgement(PUSHED, failed(f"aws_x.y[{number}]")) for number in range(12)),
        *(Judgement(low, failed(f"aws_x.y[{number}]")) for number in range(10)),
    ]
    text = render_github(report_of(scan_of(outcome_of(findings))))
    assert [line for line in text.splitlines() if line.startswith("GitHub")] == [
        "GitHub shows 10 of 12 annotations of level error, the worst"
    ]


def test_gitlab_gets_its_documented_fields_and_no_others() -> None:
    entries = json.loads(render_gitlab(of_every_sort()))
    assert [(each["check_name"], each["severity"]) for each in entries] == [
        ("not-judged", "blocker"),
        *(2 * [("PS101", "blocker")]),
        *(2 * [("PS401", "critical")]),
        *(2 * [("CKV_AWS_158", "major")]),
    ]
    for each in entries:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert set(each["location"]) == {"path", "lines"}
        assert set(each["location"]["lines"]) == {"begin"}
        assert each["location"]["lines"]["begin"] >= 1
        assert not each["location"]["path"].startswith(("/", "./"))
    assert len({each["fingerprint"] for each in entries}) == len(entries)
    assert "Checkov finds the same: CKV_AWS_338" in entries[3]["description"]


def test_gitlab_of_a_clean_plan_is_an_empty_array() -> None:
    assert render_gitlab(report_of(scan_of(outcome_of([])))) == "[]\n"


def test_concise_is_a_line_for_each_finding_and_one_for_the_plan() -> None:
    text = render_concise(report_of(scan_of(outcome_of(every_sort(), checkovs()), "plan.json")))
    logs = "PS401 log-retention-off aws_cloudwatch_log_group.g: kept for ever"
    assert text.splitlines() == [
        "infra/main.tf:3: critical PS101 image-not-pushed aws_ecs_service.s: no task starts",
        f"plan.json:1: high {logs} (Checkov: CKV_AWS_338) (standing)",
        "plan.json:1: medium CKV_AWS_158 aws_cloudwatch_log_group.g: no key",
        "plan.json: FAIL: 1 critical, 1 high, 1 medium, 1 not decided, 1 waived, 1 overruled",
    ]
    refused = render_concise(of_every_sort()).splitlines()
    assert refused[0] == "c/plan.json:1: error: c/plan.json: is no plan"
    assert refused[-2:] == ["c/plan.json: NOT JUDGED", "3 plans: 2 FAIL, 1 NOT JUDGED"]


def test_what_waives_ours_does_not_hide_checkovs() -> None:
    ours, theirs = every_sort()[2], checkovs().judgements[1]
    theirs = replace(theirs, finding=replace(theirs.finding, address=ours.finding.address))
    checkov = replace(checkovs(), judgements=(theirs,))
    lines = render_concise(report_of(scan_of(outcome_of([ours], checkov)))).splitlines()
    assert [line.split()[2] for line in lines[:-1]] == ["CKV_AWS_338"]


def test_of_two_as_bad_what_this_plan_brings_comes_first() -> None:
    found = [
        Judgement(LOGS, failed("a.standing"), is_new=False),
        Judgement(LOGS, failed("b.brought")),
    ]
    lines = render_concise(report_of(scan_of(outcome_of(found)))).splitlines()
    assert ["b.brought" in line for line in lines] == [True, False, False]
