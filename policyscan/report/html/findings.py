"""Findings as plain values: what, why, where and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from policyscan.engine import Judgement, Outcome, Waiver
from policyscan.report.problems import Group
from policyscan.report.quoted import quoted
from policyscan.report.safe import clipped, plain_lines
from policyscan.rule import Certainty, Verdict

if TYPE_CHECKING:
    from policyscan.source import Span

_MOST_LINES: Final = 12
_MOST_NAMED: Final = 200
_MOST_UNDECIDED: Final = 5
_PAGE: Final = re.compile(r"https://[\w./#-]+", re.ASCII)

Document = dict[str, Any]


def short(text: str, most: int = 4_000) -> str:
    """A text whose control characters are written out, no longer than anyone reads."""
    return plain_lines(clipped(text, most))


def finding_document(group: Group, outcome: Outcome) -> Document:
    """The first of a group in full, the others by their addresses."""
    first = group.first
    judgement = first.judgement
    finding = judgement.finding
    rule = judgement.rule
    members = [each.judgement for each in group.members]
    return {
        "rule": short(rule.id),
        "name": short(rule.name if judgement.checkov is None else rule.title, 200),
        "severity": str(judgement.severity),
        "address": short(finding.address),
        "also": [short(each.finding.address) for each in members[1:]],
        "count": len(group.members),
        "new": any(each.judgement.is_new for each in group.members),
        "inferred": finding.certainty is Certainty.INFERRED,
        "place": short(f"{first.place.file}:{first.place.line}"),
        "source": _source(judgement, outcome),
        "message": short(finding.message),
        "symptom": short(finding.symptom),
        "strikes": str(finding.strikes or ""),
        "fix": short(finding.fix),
        "snippet": short(finding.snippet),
        "notes": [short(each.text) for each in finding.notes],
        "path": list(_path(judgement)),
        "checks": [short(each) for each in first.checks],
        "more": _more(judgement),
        "waiver": _waivers(members),
    }


def unknown_document(outcome: Outcome) -> Iterator[Document]:
    """What the verdict calls not decided, by rule and by what is missing."""
    alike: dict[tuple[str, str], list[Judgement]] = {}
    for each in outcome.all_judgements:
        if each.verdict is Verdict.UNKNOWN and outcome.is_gated(each):
            alike.setdefault((each.rule.id, each.finding.message), []).append(each)
    for members in alike.values():
        first = members[0]
        yield {
            "rule": short(first.rule.id),
            "name": short(first.rule.name, 200),
            "severity": str(first.severity),
            "message": short(first.finding.message),
            "addresses": [short(each.finding.address) for each in members[:_MOST_UNDECIDED]],
            "count": len(members),
        }


def _source(judgement: Judgement, outcome: Outcome) -> Document | None:
    """Lines of source, and between which columns the only one of a span is marked."""
    span = judgement.span
    lines = quoted(judgement, outcome, _MOST_LINES)
    if span is None or not lines:
        return None
    return {
        "first": span.line,
        "lines": [short(line, 400) for line in lines],
        "marked": _marked(lines[0], span) if span.line == span.end_line else "",
        "more": max(span.end_line - span.line + 1 - len(lines), 0),
    }


def _marked(line: str, span: Span) -> list[str]:
    """A line in three: before what is marked, that, and behind it."""
    start, end = span.column - 1, span.end_column - 1
    return [short(each, 400) for each in (line[:start], line[start:end], line[end:])]


def _path(judgement: Judgement) -> Iterator[Document]:
    finding = judgement.finding
    for step, span in zip_longest(finding.path, judgement.steps[: len(finding.path)]):
        yield {
            "address": short(step.address),
            "attribute": short(step.attribute, 400),
            "note": short(step.note),
            "place": short(f"{span.file}:{span.line}") if span else "",
        }


def _more(judgement: Judgement) -> str:
    """Where to read on: a page of Checkov's, else the command that tells."""
    if judgement.checkov is None:
        return short(f"policyscan rule {judgement.rule.id}")
    page = judgement.checkov.guideline
    return page if _PAGE.fullmatch(page) else ""


def _waivers(members: list[Judgement]) -> str:
    """One waiver for each, and how many instances are left, whom a pattern names better."""
    left = len(members) - _MOST_NAMED
    told = f"# {left} more not named here: write a pattern with * for them\n" if left > 0 else ""
    return "".join((*map(_waiver, members[:_MOST_NAMED]), told))


def _waiver(judgement: Judgement) -> str:
    """What to paste into the file of waivers, to be filled in."""
    from policyscan.engine.address_pattern import literal  # noqa: PLC0415 - only this format
    from policyscan.engine.waiver_file import addition  # noqa: PLC0415 - likewise

    address = judgement.finding.address
    pattern = literal(address) or address
    waiver = Waiver(judgement.rule.id, (clipped(pattern, 1_000),), "", "", None, "")
    named = addition("", waiver).splitlines()[:2]
    return "\n".join([*named, "  reason: WHY", "  owner: WHO", "  expires: YYYY-MM-DD", ""])
