"""A comment for a pull request: the verdict, what is new in full, the rest folded away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from policyscan.engine import Judgement
from policyscan.report.failing_graph import failing_graph
from policyscan.report.graph_mermaid import render_graph_mermaid
from policyscan.report.markdown_text import code, fenced, shown
from policyscan.report.problems import (
    Found,
    Group,
    Problem,
    groups_of,
    problems_by_plan,
    title_of,
    verdict_line,
    worst_first,
)
from policyscan.report.scans import Report, Scan
from policyscan.report.screen import plain
from policyscan.rule import Verdict

LIMIT: Final = 65_536
"""Characters of a comment on GitHub. Bytes are counted here, which are never fewer."""
_MOST_ERRORS: Final = 10
_MOST_PLANS: Final = 100
_MOST_NODES: Final = 30
_MOST_NAMED: Final = 5
_TAIL: Final = 500
"""Bytes kept for the lines at the end."""

_Thing = TypeVar("_Thing")


class _Page:
    """Blocks of Markdown that keep to the limit; what does not fit is counted."""

    def __init__(self, room: int) -> None:
        self.blocks: list[str] = []
        self.left = room

    def add(self, block: str) -> bool:
        """Add a block. False: it does not fit."""
        size = len(block.encode()) + 2
        if size > self.left:
            return False
        self.left -= size
        self.blocks.append(block)
        return True

    def add_all(self, things: Sequence[_Thing], told: Callable[[_Thing], str]) -> int:
        """Add what is told of things until one does not fit. Returns how many did not."""
        for number, thing in enumerate(things):
            if not self.add(told(thing)):
                return len(things) - number
        return 0


def render_markdown(report: Report) -> str:
    """The comment: shorter than GitHub's limit, and what was cut to be so is said."""
    found = problems_by_plan(report)
    problems = worst_first(found)
    new = groups_of(each for each in problems if each.judgement.is_new)
    standing = groups_of(each for each in problems if not each.judgement.is_new)
    page = _Page(LIMIT - _TAIL)
    cut: list[str] = []
    page.add_all(list(_head(report, found)), str)
    if new:
        page.add("### New in this plan")
        _say(cut, page.add_all(new, _told), "new findings")
    page.add_all(list(_drawings(report, found)), str)
    if standing:
        title = f"{len(standing)} standing: not of this plan's making"
        _say(cut, _folded(page, title, standing, _line), "standing findings")
    undecided = _undecided(report)
    if undecided:
        title = f"{sum(map(len, undecided))} not decided"
        _say(cut, _folded(page, title, undecided, _unknown), "undecided rules")
    if cut:
        page.blocks.append(
            f"**Cut:** {', '.join(cut)} did not fit into a comment; the worst are shown, and the "
            "text and JSON reports have them all."
        )
    page.blocks.append(marker(report))
    return "\n\n".join(page.blocks) + "\n"


def marker(report: Report) -> str:
    """What a comment is found by, to be replaced by that of the next run on the same plan."""
    plan = report.plan_file(report.scans[0]) if len(report.scans) == 1 else "plans"
    return f"<!-- policyscan:{re.sub(r'[^A-Za-z0-9_./]+', '-', plan)[-200:].lstrip('->')} -->"


def _say(cut: list[str], count: int, what: str) -> None:
    if count:
        cut.append(f"{count} {what}")


def _head(report: Report, found: Found) -> Iterator[str]:
    lines = [(scan, verdict_line(scan, problems)) for scan, problems in found]
    if len(lines) == 1:
        yield f"## {shown(lines[0][1])}"
        yield f"policyscan on {code(report.plan_file(lines[0][0]))}"
    else:
        words = [line.partition(":")[0] for _, line in lines]
        yield "## " + ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
        plans = [f"- {code(report.plan_file(scan))}: {shown(line)}" for scan, line in lines]
        if len(plans) > _MOST_PLANS:
            plans[_MOST_PLANS:] = [f"- and {len(plans) - _MOST_PLANS} more"]
        yield "policyscan on\n\n" + "\n".join(plans)
    errors = [error for scan in report.scans for error in scan.errors]
    yield from (f"**Not judged:** {shown(error)}" for error in errors[:_MOST_ERRORS])
    if len(errors) > _MOST_ERRORS:
        yield f"and {len(errors) - _MOST_ERRORS} more errors"
    warnings = [warning for scan in report.scans for warning in scan.warnings]
    yield from (f"**Warning:** {shown(warning)}" for warning in warnings[:_MOST_ERRORS])
    if len(warnings) > _MOST_ERRORS:
        yield f"and {len(warnings) - _MOST_ERRORS} more warnings"


def _told(group: Group) -> str:
    """A group in full."""
    judgement = group.first.judgement
    finding = judgement.finding
    blocks = [
        f"#### {shown(title_of(judgement.rule))}, {judgement.severity}",
        f"{code(finding.address)} at {_place(group.first)}{_also(group)}",
        shown(finding.message),
    ]
    if finding.symptom:
        when = f" at {finding.strikes}" if finding.strikes else ""
        blocks.append(f"AWS{when}: {shown(finding.symptom)}")
    if group.first.checks:
        blocks.append(f"Checkov finds the same: {', '.join(map(code, group.first.checks))}")
    if finding.fix:
        blocks.append(f"**Fix:** {shown(finding.fix)}")
    if finding.snippet:
        blocks.append(fenced(finding.snippet, "hcl"))
    blocks.append(_more(judgement))
    return "\n\n".join(filter(None, blocks))


def _line(group: Group) -> str:
    judgement = group.first.judgement
    checks = f" (Checkov: {', '.join(map(code, group.first.checks))})" if group.first.checks else ""
    return (
        f"- **{judgement.severity}** {shown(title_of(judgement.rule))} "
        f"{code(judgement.finding.address)} at {_place(group.first)}{_also(group)}: "
        f"{shown(judgement.finding.message, 300)}{checks}"
    )


def _place(problem: Problem) -> str:
    return code(f"{problem.place.file}:{problem.place.line}")


def _also(group: Group) -> str:
    others = [code(each.judgement.finding.address) for each in group.members[1:]]
    if not others:
        return ""
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    return f", also {', '.join(others[:_MOST_NAMED])}{more}"


def _more(judgement: Judgement) -> str:
    if judgement.checkov is None:
        return f"More: {code(f'policyscan rule {judgement.rule.id}')}"
    page = judgement.checkov.guideline
    is_safe = re.fullmatch(r"https://[\w./#-]+", page) is not None
    return f"More: <{page}>" if is_safe else ""


def _drawings(report: Report, found: Found) -> Iterator[str]:
    for scan, problems in found:
        if scan.outcome is None:
            continue
        findings = [each.judgement.finding for each in problems]
        selection = failing_graph(scan.outcome, findings, _MOST_NODES)
        if selection.edges:
            title = "What fails, and what it depends on"
            of = f": {plain(report.plan_file(scan))}" if len(report.scans) > 1 else ""
            drawing = render_graph_mermaid(selection).strip()
            yield _details(f"{title}{of}", f"```mermaid\n{drawing}\n```")


def _undecided(report: Report) -> list[list[tuple[Scan, Judgement]]]:
    """Unknown verdicts by plan, rule and what is missing."""
    alike: dict[tuple[str, str, str], list[tuple[Scan, Judgement]]] = {}
    for scan in report.scans:
        for each in scan.outcome.all_judgements if scan.outcome else ():
            if each.verdict is Verdict.UNKNOWN and each.counts:
                key = (scan.name, each.rule.id, each.finding.message)
                alike.setdefault(key, []).append((scan, each))
    return list(alike.values())


def _unknown(members: Sequence[tuple[Scan, Judgement]]) -> str:
    _, first = members[0]
    more = f" and {len(members) - 1} more" if len(members) > 1 else ""
    return (
        f"- {shown(title_of(first.rule))} {code(first.finding.address)}{more}: "
        f"{shown(first.finding.message, 300)}"
    )


def _folded(
    page: _Page, title: str, things: Sequence[_Thing], told: Callable[[_Thing], str]
) -> int:
    """A list that is shown on demand, a line each. Returns how many of them do not fit."""
    room = _Page(page.left - len(_details(title, "").encode()) - 2)
    left = room.add_all(things, told)
    if room.blocks:
        page.add(_details(title, "\n".join(room.blocks)))
    return left


def _details(title: str, content: str) -> str:
    from html import escape  # noqa: PLC0415 - only this format needs it

    return f"<details><summary>{escape(title)}</summary>\n\n{content}\n\n</details>"
