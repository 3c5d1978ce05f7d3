"""GitLab's code quality report: an array with an entry for each problem."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from policyscan.report.problems import problems_by_plan, title_of, told, worst_first
from policyscan.report.safe import clipped, plain_json
from policyscan.report.scans import Place, Report
from policyscan.report.screen import plain
from policyscan.rule import Severity

_SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}


def render_gitlab(report: Report) -> str:
    """The report: what kept plans from being judged, all problems, worst first, then warnings."""
    entries = [*_errors(report), *_problems(report), *_warnings(report)]
    return plain_json(json.dumps(entries, ensure_ascii=False)) + "\n"


def _errors(report: Report) -> Iterator[dict[str, Any]]:
    for scan in report.scans:
        place = Place(report.plan_file(scan))
        for number, error in enumerate(scan.errors):
            parts = json.dumps(["not-judged", scan.name, number])
            yield _entry("not-judged", error, sha256(parts.encode()).hexdigest(), "blocker", place)


def _warnings(report: Report) -> Iterator[dict[str, Any]]:
    for scan in report.scans:
        place = Place(report.plan_file(scan))
        for warning in scan.warnings:
            parts = json.dumps(["warning", scan.name, warning])
            yield _entry(
                "about-the-plan", warning, sha256(parts.encode()).hexdigest(), "info", place
            )


def _problems(report: Report) -> Iterator[dict[str, Any]]:
    for problem in worst_first(problems_by_plan(report)):
        rule, finding = problem.judgement.rule, problem.judgement.finding
        text = f"{title_of(rule)}: {finding.address}: {' '.join(told(problem))}"
        severity = _SEVERITIES[problem.judgement.severity]
        yield _entry(rule.id, text, problem.fingerprint, severity, problem.place)


def _entry(check: str, text: str, fingerprint: str, severity: str, place: Place) -> dict[str, Any]:
    return {
        "description": clipped(plain(text.replace("\n", " "))),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": plain(place.file), "lines": {"begin": place.line}},
    }
