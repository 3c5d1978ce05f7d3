"""Workflow commands of GitHub Actions: an annotation for each problem, beside its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from policyscan.report.problems import (
    Problem,
    gated,
    problems_by_plan,
    title_of,
    told,
    verdict_line,
    worst_first,
)
from policyscan.report.safe import clipped, inert, plain_lines
from policyscan.report.scans import Place, Report
from policyscan.report.screen import plain
from policyscan.rule import Severity

MOST_SHOWN: Final = 10
"""Annotations of a level that GitHub shows of one step."""
_COMMANDS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
}


def render_github(report: Report) -> str:
    """A command a line, worst first, then a line for each plan that says what it comes to."""
    found = problems_by_plan(report)
    lines = [*_errors(report), *map(_command, worst_first(gated(found))), *_warnings(report)]
    levels = Counter(line.split(maxsplit=1)[0].strip(":") for line in lines)
    lines += [
        f"GitHub shows {MOST_SHOWN} of {count} annotations of level {level}, the worst"
        for level, count in levels.items()
        if count > MOST_SHOWN
    ]
    lines += [
        inert(f"{plain(scan.name)}: {verdict_line(scan, problems)}") for scan, problems in found
    ]
    return "\n".join(lines) + "\n"


def _errors(report: Report) -> Iterator[str]:
    for scan in report.scans:
        for error in scan.errors:
            yield _line("error", Place(report.plan_file(scan)), "not judged", error)


def _warnings(report: Report) -> Iterator[str]:
    for scan in report.scans:
        for warning in scan.warnings:
            yield _line("notice", Place(report.plan_file(scan)), "about the plan", warning)


def _command(problem: Problem) -> str:
    judgement = problem.judgement
    standing = "" if judgement.is_new else ", standing"
    title = f"{title_of(judgement.rule)} ({judgement.severity}{standing})"
    text = f"{judgement.finding.address}: " + "\n".join(told(problem))
    return _line(_COMMANDS[judgement.severity], problem.place, title, text)


def _line(command: str, place: Place, title: str, text: str) -> str:
    parts = [f"file={_property(place.file)}", f"line={place.line}", f"endLine={place.end_line}"]
    # GitHub takes columns of a single line only.
    if place.column and place.end_column and place.line == place.end_line:
        parts += [f"col={place.column}", f"endColumn={place.end_column}"]
    parts.append(f"title={_property(title)}")
    return f"::{command} {','.join(parts)}::{_data(text)}"


def _data(text: str) -> str:
    shown = clipped(plain_lines(text))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(plain(text)).replace(":", "%3A").replace(",", "%2C")
