"""SARIF: valid for the tools that others wrote, and what GitHub's code scanning wants of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from policyscan.engine import Judgement
from policyscan.report import sarif_report
from policyscan.report.sarif_report import render_sarif
from policyscan.report.sarif_rules import is_security
from policyscan.report.scans import Refused, Report, Scan
from policyscan.rule import Severity
from policyscan.source import Span
from tests.report.judges import multitool, sarif_tools
from tests.report.samples import (
    GROUP,
    KMS,
    LOGS,
    OPEN,
    PACK,
    PUSHED,
    SERVICE,
    checkovs,
    every_sort,
    failed,
    fixture,
    of_every_sort,
    outcome_of,
    report_of,
    scan_of,
)

BROKEN = ("reference_broken", "fourteen_defects")


def runs(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render_sarif(report))["runs"]
    return found


def results(report: Report) -> Iterator[dict[str, Any]]:
    for run in runs(report):
        yield from run["results"]


@pytest.mark.parametrize("name", [*BROKEN, "reference", "every sort"])
def test_the_multitool_objects_to_nothing(name: str, tmp_path: Path) -> None:
    report = of_every_sort() if name == "every sort" else report_of(fixture(name))
    path = tmp_path / "report.sarif"
    path.write_text(render_sarif(report))
    assert multitool(path, tmp_path) == []


def test_the_multitool_notices_what_github_would_refuse(tmp_path: Path) -> None:
    log = json.loads(render_sarif(of_every_sort()))
    del log["runs"][0]["results"][0]["locations"]
    del log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["region"]
    log["runs"][1]["results"][0]["ruleIndex"] = 99
    path = tmp_path / "report.sarif"
    path.write_text(json.dumps(log))
    found = {each.split()[0] for each in multitool(path, tmp_path)}
    assert {"GH1015", "GH1017", "SARIF1009"} <= found


def test_sarif_tools_reads_each_result_with_its_place(tmp_path: Path) -> None:
    report = of_every_sort()
    path = tmp_path / "report.sarif"
    path.write_text(render_sarif(report))
    rows = sarif_tools(path, tmp_path)
    assert sorted((row["Code"], row["Severity"], row["Location"], row["Line"]) for row in rows) == [
        ("CKV_AWS_158", "warning", "a/plan.json", "1"),
        ("CKV_AWS_158", "warning", "b/plan.json", "1"),
        ("PS101", "error", "infra/main.tf", "3"),
        ("PS101", "error", "infra/main.tf", "3"),
        ("PS401", "error", "a/plan.json", "1"),
        ("PS401", "error", "b/plan.json", "1"),
    ]


def test_only_what_fails_and_counts_is_a_result() -> None:
    run = runs(report_of(scan_of(outcome_of(every_sort(), checkovs()))))[0]
    found = [(each["ruleId"], each["level"], each["baselineState"]) for each in run["results"]]
    assert found == [
        ("PS101", "error", "new"),
        ("PS401", "error", "unchanged"),
        ("CKV_AWS_158", "warning", "new"),
    ]
    assert [each["properties"]["checkov"] for each in run["results"]] == [[], ["CKV_AWS_338"], []]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [each["level"] for each in notes] == ["note"]
    assert notes[0]["message"]["text"].startswith("1 verdicts are not decided")


def test_a_result_says_where_what_why_and_how_to_mend_it() -> None:
    first = next(results(of_every_sort()))
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "infra/main.tf", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "endLine": 3, "startColumn": 5, "endColumn": 20},
            },
            "logicalLocations": [{"fullyQualifiedName": SERVICE, "kind": "resource"}],
        }
    ]
    for part in ("no task starts", "AWS at task start: CannotPull", "Fix: push first", "count = 0"):
        assert part in first["message"]["text"]
    flow = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [each["location"]["message"]["text"] for each in flow] == [
        "aws_ecs_service.s . task_definition",
        "aws_ecr_repository.r . repository_url (empty)",
    ]


def test_a_fingerprint_stays_when_lines_move_and_tells_attributes_apart() -> None:
    def marks(*judgements: Judgement) -> list[str]:
        report = report_of(scan_of(outcome_of(judgements)))
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in results(report)]

    here = Judgement(LOGS, failed(GROUP, at="retention_in_days"), span=Span("main.tf", 1, 1))
    moved = replace(
        here, span=Span("main.tf", 9, 9), finding=failed(GROUP, "x", at=here.finding.at)
    )
    other = replace(here, finding=failed(GROUP, at="kms_key_id"))
    assert marks(here) == marks(moved)
    assert len({*marks(here), *marks(other), *marks(replace(here, rule=OPEN))}) == 3
    # Glued together these would be one.
    assert (
        len(
            {
                *marks(replace(here, finding=failed("a.b", at="c"))),
                *marks(replace(here, finding=failed("a", at="b.c"))),
            }
        )
        == 2
    )
    assert len(set(marks(here, here))) == 2


def test_each_plan_is_a_run_of_a_category_of_its_own() -> None:
    first, second, refused = runs(of_every_sort())
    assert [run["automationDetails"]["id"] for run in (first, second, refused)] == [
        *("policyscan/a/plan.json/", "policyscan/b/plan.json/", "policyscan/c/plan.json/"),
    ]


def test_a_plan_that_cannot_be_read_is_a_run_that_failed() -> None:
    refused = runs(of_every_sort())[2]
    assert refused["results"] == []
    assert refused["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 2,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "c/plan.json: is no plan"}}
            ],
        }
    ]


def test_rules_carry_their_page_and_security_rules_a_score() -> None:
    rules = {each["id"]: each for each in runs(of_every_sort())[0]["tool"]["driver"]["rules"]}
    assert sorted(rules) == ["CKV_AWS_158", "PS101", "PS401"]
    assert "## Why" in rules["PS101"]["help"]["markdown"]
    assert "security-severity" not in rules["PS101"]["properties"]
    assert rules["CKV_AWS_158"]["properties"]["security-severity"] == "5.5"
    assert "security" in rules["CKV_AWS_158"]["properties"]["tags"]
    assert rules["CKV_AWS_158"]["helpUri"].startswith("https://")
    assert [each.rule.id for each in PACK if is_security(each.rule)] == [
        *("PS204", "PS210", "PS502", "PS503", "PS504", "PS603", "PS604"),
    ]
    assert is_security(KMS)
    assert not is_security(PUSHED)


def many(count: int) -> Report:
    """One critical finding behind many of low severity."""
    low = replace(LOGS, severity=Severity.LOW)
    findings = [
        Judgement(low, failed(f"aws_x.y[{number}]", f"{number}")) for number in range(count)
    ]
    return report_of(scan_of(outcome_of([*findings, Judgement(PUSHED, failed())])))


def test_of_too_many_results_the_worst_are_kept_and_the_cut_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif_report, "MOST_RESULTS", 50)
    monkeypatch.setattr(sarif_report, "SHOWN_RESULTS", 20)
    run = runs(many(100))[0]
    assert len(run["results"]) == 50
    assert run["results"][0]["ruleId"] == "PS101"
    notes = [
        each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]
    ]
    assert notes[0].startswith("51 of 101 findings are left out, the least severe")
    assert notes[1] == "GitHub shows the worst 20 findings only"


def test_a_file_too_large_for_github_is_cut_until_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_report, "MOST_BYTES", 20_000)
    text = render_sarif(many(2_000))
    kept = json.loads(text)["runs"][0]["results"]
    assert 20 < len(kept) < 1_000
    assert kept[0]["ruleId"] == "PS101"
    assert sarif_report._gzipped(text) <= 20_000  # noqa: SLF001 - measured as GitHub measures


def test_the_limits_are_those_github_documents() -> None:
    assert (sarif_report.MOST_RESULTS, sarif_report.SHOWN_RESULTS) == (25_000, 5_000)
    assert (sarif_report.MOST_BYTES, sarif_report.MOST_RUNS) == (10_000_000, 20)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("main.tf", "infra/main.tf"),
        ("../main.tf", "main.tf"),
        ("../../main.tf", "main.tf"),
        ("/repo/infra/x.tf", "infra/x.tf"),
        ("/elsewhere/x.tf", "elsewhere/x.tf"),
        ("tfplan:modules/net/main.tf", "infra/modules/net/main.tf"),
        ("plans/tfplan:main.tf", "infra/plans/main.tf"),
    ],
)
def test_files_are_seen_from_the_top_of_the_repository(name: str, shown: str) -> None:
    scans = tuple(
        Scan(Refused(each, "is no plan"), 2) for each in ("tfplan", "plans/tfplan", "at-10:30.json")
    )
    report = Report(scans, {}, "/repo/infra", "/repo")
    assert report.file(name) == shown
    assert [report.plan_file(each) for each in scans] == [
        "infra/tfplan",
        "infra/plans/tfplan",
        "infra/at-10:30.json",
    ]
