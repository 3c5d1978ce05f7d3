"""The JSON report of a scan -> what HCP Terraform shows: a status, a line, an outcome per rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from policyscan.report.screen import plain
from policyscan.rule import Severity
from policyscan.serve import markdown

_MOST_ADDRESSES: Final = 25
"""Failures told of one rule; the rest is counted."""
_MOST_OUTCOMES: Final = 200
_LONGEST_BODY: Final = 60_000
"""Characters; 1 MB are recommended at most."""
_LONGEST_LINE: Final = 500
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
_NOT_JUDGED: Final = 2
_NOTHING_TO_SCAN: Final = 3
Outcome = dict[str, Any]


class TaskResult(Struct, frozen=True):
    """What is told of a task; `status` is passed, failed or running."""

    status: str
    message: str
    outcomes: tuple[Outcome, ...] = ()

    def payload(self, *, with_outcomes: bool) -> dict[str, Any]:
        """The JSON:API document of it."""
        data: dict[str, Any] = {
            "type": "task-results",
            "attributes": {"status": self.status, "message": _line(self.message)},
        }
        if with_outcomes and self.outcomes:
            data["relationships"] = {"outcomes": {"data": list(self.outcomes)}}
        return {"data": data}


class _Failure(Struct, frozen=True):
    """What fails at one address, by a rule of ours or a check of Checkov."""

    rule: str
    name: str
    severity: Severity
    address: str
    message: str
    symptom: str
    fix: str
    snippet: str
    is_new: bool
    guideline: str


def not_judged(why: str) -> TaskResult:
    """Nobody knows whether the plan is right, so nobody may take it for right."""
    return TaskResult("failed", f"could not be evaluated: {why}")


def result_of(report: dict[str, Any]) -> TaskResult:
    """What a report says, in short."""
    summary = report["summary"]
    match summary["exit_code"]:
        case code if code == _NOT_JUDGED:
            return not_judged("; ".join(report["errors"]) or "see the log of the service")
        case code if code == _NOTHING_TO_SCAN:
            return TaskResult("passed", f"nothing to scan: {summary['why']}")
        case code:
            is_passed = code == 0
    failures = tuple(_failures(report))
    by_rule: dict[str, list[_Failure]] = {}
    for each in failures:
        by_rule.setdefault(each.rule, []).append(each)
    order = list(Severity)
    groups = sorted(
        by_rule.values(), key=lambda one: (order.index(_worst(one)), one[0].rule, one[0].address)
    )
    return TaskResult(
        "passed" if is_passed else "failed",
        _verdict_line(failures, summary["verdicts"]["unknown"], is_passed=is_passed),
        tuple(_outcome(group, is_passed=is_passed) for group in groups[:_MOST_OUTCOMES]),
    )


def _failures(report: dict[str, Any]) -> Iterator[_Failure]:
    """What counts among what fails, each problem once.

    Not what is waived, nor what the policy overrules, nor what a check shares with a rule, nor what
    stood already where only new ones matter.
    """
    told: set[tuple[str, str]] = set()
    only_new = report["summary"].get("changed_only", False)
    for each in (*report["verdicts"], *report["checkov"]):
        if each["verdict"] != "fail" or each.get("waived") or each.get("conflict"):
            continue
        if each.get("in_baseline") or (only_new and not each.get("new", True)):
            continue
        if (each.get("shared_with"), each["address"]) in told:
            continue
        told.add((each.get("rule", ""), each["address"]))
        yield _Failure(
            rule=each["rule"] if "rule" in each else each["id"],
            name=each.get("name") or "",
            severity=Severity(each["severity"]),
            address=each["address"],
            message=each.get("message") or "",
            symptom=_symptom(each),
            fix=each.get("fix") or "",
            snippet=each.get("snippet") or "",
            is_new=each.get("new", True),
            guideline=each.get("guideline") or "",
        )


def _symptom(verdict: dict[str, Any]) -> str:
    if not verdict.get("symptom"):
        return ""
    when = f" at {verdict['strikes']}" if verdict.get("strikes") else ""
    return f"AWS{when}: {verdict['symptom']}"


def _verdict_line(failures: tuple[_Failure, ...], unknown: int, *, is_passed: bool) -> str:
    counts = Counter(each.severity for each in failures)
    found = ", ".join(f"{counts[one]} {one}" for one in Severity if counts[one])
    undecided = f"{unknown} not decided" if unknown else ""
    if not is_passed:
        return f"FAIL: {', '.join(filter(None, (found, undecided)))}"
    if found:
        return f"PASS: {found} (below the threshold)"
    return f"PASS: {', '.join(filter(None, ('nothing fails', undecided)))}"


def _outcome(group: list[_Failure], *, is_passed: bool) -> Outcome:
    first, severity = group[0], _worst(group)
    many = f"{len(group)} addresses" if len(group) > 1 else first.address
    level = "warning" if is_passed else _LEVELS[severity]
    attributes: dict[str, Any] = {
        "outcome-id": first.rule,
        "description": _line(" ".join(filter(None, (first.rule, first.name, many)))),
        "body": _body(group),
        "tags": {
            "Status": [{"label": "Failed", "level": level}],
            "Severity": [{"label": severity.capitalize(), "level": _LEVELS[severity]}],
        },
    }
    if first.guideline.startswith("https://"):
        attributes["url"] = first.guideline
    return {"type": "task-result-outcomes", "attributes": attributes}


def _worst(group: list[_Failure]) -> Severity:
    return min((each.severity for each in group), key=list(Severity).index)


def _body(group: list[_Failure]) -> str:
    first = group[0]
    parts = [f"## {markdown.text(f'{first.rule} {first.name}'.strip())}"]
    length = len(parts[0])
    for told, each in enumerate(group):
        part = "\n\n".join(_told(each))
        length += len(part)
        if told and (told >= _MOST_ADDRESSES or length > _LONGEST_BODY):
            parts.append(f"... and {len(group) - told} more")
            break
        parts.append(part)
    return "\n\n".join(parts)[: 2 * _LONGEST_BODY]


def _told(failure: _Failure) -> Iterator[str]:
    standing = "" if failure.is_new else " (standing: this plan does not change it)"
    yield f"**{markdown.text(failure.address)}**{standing}"
    yield from map(markdown.text, filter(None, (failure.message, failure.symptom)))
    if failure.fix:
        yield "\n".join(f"{markdown.text(line)}  " for line in f"Fix: {failure.fix}".splitlines())
    if failure.snippet:
        yield markdown.code(failure.snippet)


def _line(words: str) -> str:
    shown = plain(words)
    return shown if len(shown) <= _LONGEST_LINE else f"{shown[: _LONGEST_LINE - 3]}..."
