"""What two plans differ in, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policyscan import __version__
from policyscan.engine import Difference, Judgement, Outcome, nothing_judged
from policyscan.report.json_report import SCHEMA_VERSION, brief_document
from policyscan.report.safe import inert, plain_json
from policyscan.report.screen import plain
from policyscan.report.text_report import render_finding
from policyscan.rule import Severity

_PARTS = {"added": "new", "fixed": "fixed", "unchanged": "unchanged", "undecided": "undecided"}
"""The lists of a difference, and what reports call them."""

_INDENT = "    "


def render_difference_json(difference: Difference, exit_code: int) -> str:
    """One document: both plans, and the findings of each sort in brief."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "policyscan", "version": __version__},
        "plans": {"old": _plan(difference.old), "new": _plan(difference.new)},
        "summary": {
            "exit_code": exit_code,
            **{name: len(getattr(difference, part)) for part, name in _PARTS.items()},
        },
    }
    for part, name in _PARTS.items():
        document[name] = [brief_document(each) for each in getattr(difference, part)]
    document["errors"] = list(difference.errors)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # Half a character, out of JSON inside a value: no encoding has it, JSON can spell it.
    return plain_json(text.encode(errors="backslashreplace").decode())


def _plan(outcome: Outcome) -> dict[str, Any]:
    plan = outcome.platform.plan
    return {"path": plan.name, "sha256": plan.sha256, "resources": len(plan.resources)}


def render_difference_text(difference: Difference, exit_code: int) -> str:
    """What is new in full, what is fixed in a line each, the rest as counts."""
    return inert("\n".join(map(str.rstrip, _lines(difference, exit_code))) + "\n")


def _lines(difference: Difference, exit_code: int) -> Iterator[str]:
    for each in difference.added:
        yield from (f"NEW {render_finding(each)}{_place(each)}", "")
    for title, found in (("FIXED", difference.fixed), ("UNDECIDED", difference.undecided)):
        yield from (f"{title} {_named(each)}" for each in found)
        yield from ("",) if found else ()
    for error in difference.errors:
        yield f"error: {plain(error)}"
    old, new = (plain(each.platform.plan.name) for each in (difference.old, difference.new))
    counts = ", ".join(f"{len(getattr(difference, part))} {name}" for part, name in _PARTS.items())
    yield f"{old} -> {new}: {counts}"
    yield _last_line(difference, exit_code)


def _named(judgement: Judgement) -> str:
    rule = judgement.rule
    return f"{rule.id} {rule.name}  {judgement.severity}  {plain(judgement.finding.address)}"


def _place(judgement: Judgement) -> str:
    span = judgement.span
    return f"\n{_INDENT}At: {plain(span.file)}:{span.line}" if span is not None else ""


def _last_line(difference: Difference, exit_code: int) -> str:
    match exit_code:
        case 2:
            return "NOT JUDGED: see the errors above"
        case 3:
            return f"NOTHING TO SCAN: {nothing_judged(difference.new.platform.plan)}"
    worst = [
        f"{count} {severity}"
        for severity in Severity
        if (count := sum(each.severity is severity for each in difference.added))
    ]
    if exit_code:
        return f"FAIL: new: {', '.join(worst) or 'undecided verdicts'}"
    return f"PASS: new: {', '.join(worst)} (below the threshold)" if worst else "PASS: nothing new"
