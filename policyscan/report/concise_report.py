"""A line for each problem, as compilers write them: editors and grep read it."""

from __future__ import annotations

from policyscan.report.problems import (
    Problem,
    gated,
    problems_by_plan,
    title_of,
    verdict_line,
    worst_first,
)
from policyscan.report.safe import clipped, inert
from policyscan.report.scans import Report, for_all
from policyscan.report.screen import plain


def render_concise(report: Report) -> str:
    """`file:line: severity PS101 name address: message`, worst first, then warnings, verdicts."""
    lines = [
        f"{report.plan_file(scan)}:1: error: {error}"
        for scan in report.scans
        for error in scan.errors
    ]
    found = problems_by_plan(report)
    lines += map(_line, worst_first(gated(found)))
    lines += [
        f"{report.plan_file(scan)}:1: warning: {warning}"
        for scan in report.scans
        for warning in scan.warnings
    ]
    lines += [f"{scan.name}: {verdict_line(scan, problems)}" for scan, problems in found]
    return inert("\n".join(clipped(plain(line)) for line in lines)) + "\n" + for_all(report)


def _line(problem: Problem) -> str:
    judgement, place = problem.judgement, problem.place
    also = f" (Checkov: {', '.join(problem.checks)})" if problem.checks else ""
    standing = "" if judgement.is_new else " (standing)"
    return (
        f"{place.file}:{place.line}: {judgement.severity} {title_of(judgement.rule)} "
        f"{judgement.finding.address}: {judgement.finding.message}{also}{standing}"
    )
