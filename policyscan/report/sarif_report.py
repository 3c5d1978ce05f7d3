"""SARIF 2.1.0, as GitHub code scanning reads it: a run for each plan, a result for each problem.

Only what fails is a result: GitHub makes an alert of every result, whatever its kind. What is not
decided is counted in a notification, and what is waived or overruled is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from policyscan import __version__
from policyscan.report.problems import Found, Problem, problems_by_plan, told
from policyscan.report.safe import clipped, plain_json, plain_lines
from policyscan.report.sarif_rules import LEVELS, sarif_rule
from policyscan.report.scans import Place, Report, Scan
from policyscan.report.screen import plain
from policyscan.rule import Step, Verdict

if TYPE_CHECKING:
    from policyscan.source import Span

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS: Final = 25_000
"""Results of a run, above which GitHub refuses the file."""
SHOWN_RESULTS: Final = 5_000
"""Results of a run that GitHub shows, the worst."""
MOST_BYTES: Final = 10_000_000
"""Of the gzipped file, above which GitHub refuses it."""
MOST_RUNS: Final = 20
"""Runs of a file, above which GitHub refuses it."""
_MOST_STEPS: Final = 100
_LINK: Final = re.compile(r"\](?=\()")


def render_sarif(report: Report) -> str:
    """The SARIF file, small enough for GitHub: of too many results the worst are kept."""
    found = problems_by_plan(report)
    most = MOST_RESULTS
    while True:
        text = _rendered(report, found, most)
        size = _gzipped(text)
        if size <= MOST_BYTES or most <= 1:
            return text
        largest = min(most, max((len(problems) for _, problems in found), default=0))
        most = max(1, min(largest * 9 * MOST_BYTES // (10 * size), largest - 1))


def _rendered(report: Report, found: Found, most: int) -> str:
    runs = [_run(report, scan, problems, most) for scan, problems in found]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return plain_json(json.dumps(log, ensure_ascii=False)) + "\n"


def _gzipped(text: str) -> int:
    content = text.encode()
    if len(content) <= MOST_BYTES:
        return len(content)
    import gzip  # noqa: PLC0415 - only a large report needs it

    return len(gzip.compress(content, 6))


def _run(report: Report, scan: Scan, problems: Sequence[Problem], most: int) -> dict[str, Any]:
    kept = problems[:most]
    rules = {problem.judgement.rule.id: problem.judgement for problem in kept}
    numbers = {identifier: number for number, identifier in enumerate(sorted(rules))}
    plan = plain(report.plan_file(scan))
    return {
        "tool": {
            "driver": {
                "name": "policyscan",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [sarif_rule(rules[each], report.pages.get(each, "")) for each in numbers],
            }
        },
        "invocations": [
            {
                "executionSuccessful": scan.exit_code != 2,  # noqa: PLR2004 - documented exit code
                "exitCode": scan.exit_code,
                "toolExecutionNotifications": list(_notifications(report, scan, problems, most)),
            }
        ],
        "automationDetails": {"id": f"policyscan/{plan}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "Top of the repository."}}},
        "results": [
            _result(report, scan, problem, numbers[problem.judgement.rule.id]) for problem in kept
        ],
    }


def _notifications(
    report: Report, scan: Scan, problems: Sequence[Problem], most: int
) -> Iterator[dict[str, Any]]:
    """What to know beside the results, the worst first."""
    outcome = scan.outcome
    for error in scan.errors:
        yield _notification("error", error)
    if len(problems) > most:
        yield _notification(
            "warning",
            f"{len(problems) - most:,} of {len(problems):,} findings are left out, the least "
            "severe: GitHub takes no larger file",
        )
    if min(len(problems), most) > SHOWN_RESULTS:
        yield _notification("warning", f"GitHub shows the worst {SHOWN_RESULTS:,} findings only")
    if len(report.scans) > MOST_RUNS:
        yield _notification(
            "warning", f"GitHub takes no file of more than {MOST_RUNS} runs, one for each plan"
        )
    for warning in scan.warnings:
        yield _notification("warning", warning)
    unknown = sum(
        each.verdict is Verdict.UNKNOWN for each in (outcome.all_judgements if outcome else ())
    )
    if unknown:
        yield _notification(
            "note", f"{unknown:,} verdicts are not decided; the JSON report says what is missing"
        )


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _message(text)}}


def _result(report: Report, scan: Scan, problem: Problem, number: int) -> dict[str, Any]:
    judgement = problem.judgement
    finding = judgement.finding
    address = clipped(plain(finding.address))
    paragraphs = "\n\n".join(map(_message, told(problem)))
    snippet = f"\n\n{_message(finding.snippet)}" if finding.snippet else ""
    result = {
        "ruleId": judgement.rule.id,
        "ruleIndex": number,
        "kind": "fail",
        "level": LEVELS[judgement.severity],
        "message": {"text": _unlinked(f"{address}: {paragraphs}{snippet}")},
        "locations": [_location(problem.place, finding.address)],
        # A number behind the hash is what GitHub puts there itself.
        "partialFingerprints": {"primaryLocationLineHash": f"{problem.fingerprint}:1"},
        "baselineState": "new" if judgement.is_new else "unchanged",
        "properties": {
            "severity": str(judgement.severity),
            "confidence": str(finding.certainty),
            "address": address,
            "checkov": list(problem.checks),
        },
    }
    if finding.path:
        spans = judgement.steps or (None,) * len(finding.path)
        steps = list(zip(finding.path, spans, strict=True))[:_MOST_STEPS]
        flow = [{"location": _step(report, scan, step, span)} for step, span in steps]
        result["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
    return result


def _step(report: Report, scan: Scan, step: Step, span: Span | None) -> dict[str, Any]:
    """A step of the evidence: GitHub wants a file for each."""
    place = report.place(scan, span)
    what = f"{step.address} . {step.attribute}" if step.attribute else step.address
    text = f"{what} ({step.note})" if step.note else what
    return {**_location(place, step.address), "message": {"text": _message(text)}}


def _location(place: Place, address: str) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": place.line, "endLine": place.end_line}
    if place.column is not None and place.end_column is not None:
        region |= {"startColumn": place.column, "endColumn": place.end_column}
    uri = quote(place.file, safe="/", errors="backslashreplace")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
            "region": region,
        },
        "logicalLocations": [{"fullyQualifiedName": clipped(plain(address)), "kind": "resource"}],
    }


def _message(text: str) -> str:
    return _unlinked(clipped(plain_lines(text)))


def _unlinked(text: str) -> str:
    """Text in which no viewer finds a link: SARIF spells one `[text](target)`."""
    return _LINK.sub("] ", text)
