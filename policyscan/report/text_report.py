"""The text report: what fails, why, where and how to mend it, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from policyscan.engine import Judgement, Outcome, Waiver, nothing_judged
from policyscan.plan import PlanKind, kind_of
from policyscan.report.box import boxed
from policyscan.report.checkov_text import (
    Shared,
    Told,
    checkov_failures,
    checkov_remarks,
    checkov_summary,
    shared,
    told_once,
)
from policyscan.report.quoted import quoted
from policyscan.report.screen import Style, plain, wrapped
from policyscan.rule import Certainty, Finding, Severity, Step, Verdict

_INDENT = "    "
_MOST_LINES = 4
"""Lines of source shown of one place; the rest is counted."""
_KINDS = {
    PlanKind.ERRORED: " until planning failed",
    PlanKind.INCOMPLETE: " of a partial plan",
    PlanKind.REFRESH_ONLY: " in the state",
    PlanKind.DESTROY: ", all destroyed",
    PlanKind.NO_CHANGES: ", none changed",
}
_MOST_ALIKE = 3
"""Addresses named of which a rule cannot decide the very same; JSON names them all."""
_NOT_JUDGED = "NOT JUDGED: see the errors above"


class _Group(Struct, frozen=True):
    """Findings of one rule with one root cause."""

    first: Judgement
    members: tuple[Judgement, ...]

    @property
    def is_new(self) -> bool:
        """Whether the plan brings one of them."""
        return any(each.is_new for each in self.members)


def render_text(  # noqa: PLR0913 - one argument per flag
    outcome: Outcome,
    exit_code: int,
    *,
    width: int = 100,
    colour: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    show_waived: bool = False,
    fail_on: Severity = Severity.HIGH,
) -> str:
    """The report of one plan, ended by one line that says what it comes to.

    `width` is the number of columns to fill; without `colour` no control sequence is written. What
    is waived comes after all others with `show_waived`, else it is only counted. What Checkov finds
    is told at length from `fail_on` up, or all of it with `verbose`.
    """
    style = Style(colour=colour)
    lines: list[str] = []
    also = shared(outcome)
    shown = [
        each
        for each in outcome.judgements
        if not outcome.is_set_aside(each) and (show_waived or each.waiver is None)
    ]
    for group in _groups(shown, Verdict.FAIL):
        lines += [*_failure(group, outcome, also, style, width), ""]
    lines += checkov_failures(outcome, style, width, Told(fail_on, verbose, show_waived))
    if not quiet:
        lines += checkov_remarks(outcome, style, width)
        lines += _unknowns(shown, style, width)
        lines += _warnings(outcome, style)
    for error in outcome.errors:
        lines.append(f"{style.bad('error')}: {plain(error)}")
    lines += _summary(outcome, exit_code, style)
    return "\n".join(lines) + "\n"


def render_refused(error: str, *, colour: bool = False) -> str:
    """The report of a plan that could not be read, among the reports of others."""
    style = Style(colour=colour)
    return f"{style.bad('error')}: {plain(error)}\n{style.bad(_NOT_JUDGED)}\n"


def render_finding(judgement: Judgement, width: int = 96) -> str:
    """One failure as a report tells it, without its source and what it has in common."""
    return "\n".join([_heading(judgement, Style(colour=False)), *_told(judgement.finding, width)])


def _groups(judgements: Iterable[Judgement], verdict: Verdict) -> list[_Group]:
    order = list(Severity)
    groups: dict[tuple[str, str, Waiver | None], list[Judgement]] = {}
    for each in judgements:
        if each.verdict is verdict:
            cause = each.finding.cause or each.finding.address
            groups.setdefault((each.rule.id, cause, each.waiver), []).append(each)
    found = [_Group(members[0], tuple(members)) for members in groups.values()]
    return sorted(
        found,
        key=lambda one: (
            one.first.waiver is not None,
            order.index(one.first.severity),
            not one.is_new,
            one.first.rule.id,
            one.first.finding.address,
        ),
    )


def _failure(
    group: _Group, outcome: Outcome, also: Shared, style: Style, width: int
) -> Iterator[str]:
    judgement, rule = group.first, group.first.rule
    yield _heading(judgement, style)
    for other in group.members[1:]:
        yield f"{_INDENT}also {plain(other.finding.address)}"
    if judgement.waiver is not None:
        yield from wrapped(_waived(judgement.waiver), width)
    yield from _source(judgement, outcome, style)
    yield from _told(judgement.finding, width)
    checks = sorted({id_ for one in group.members for id_ in also.get(one.key, ())})
    if checks:
        yield from wrapped(f"Checkov finds it too: {', '.join(checks)}", width)
    standing = "" if group.is_new else "  (standing: not of this plan's making)"
    yield f"{_INDENT}{style.faint(f'More: policyscan rule {rule.id}')}{standing}"


def _heading(judgement: Judgement, style: Style) -> str:
    heading = style.strong(f"{judgement.rule.id} {judgement.rule.name}")
    address = plain(judgement.finding.address)
    return f"{heading}  {style.severity(judgement.severity)}  {address}"


def answer(waiver: Waiver) -> str:
    """Until when, by whom and why something is waived."""
    until = f"until {waiver.expires}, " if waiver.expires else ""
    owner = waiver.owner or "a comment for Checkov"
    return f"{until}{owner}: {waiver.reason or 'no reason given'}"


def _waived(waiver: Waiver) -> str:
    return f"Waived {answer(waiver)} ({waiver.place})"


def _told(finding: Finding, width: int) -> Iterator[str]:
    yield from wrapped(finding.message, width)
    if finding.symptom:
        when = f" at {finding.strikes}" if finding.strikes else ""
        yield from wrapped(f"AWS{when}: {finding.symptom}", width)
    if finding.path:
        yield f"{_INDENT}Why:"
        for number, step in enumerate(finding.path, 1):
            yield from wrapped(f"{number}. {_step(step)}", width, hang="       ")
        if finding.certainty is Certainty.INFERRED:
            yield from wrapped("inferred: the plan alone does not prove every step", width)
    for note in finding.notes:
        yield from wrapped(f"Note: {note.text}", width)
    for number, line in enumerate(finding.fix.splitlines()):
        yield from wrapped(f"{'' if number else 'Fix: '}{line}", width, hang="       ")
    if finding.snippet:
        yield ""
    yield from (f"{_INDENT}   {plain(line)}".rstrip() for line in finding.snippet.splitlines())


def _step(step: Step) -> str:
    place = f"{step.address} . {step.attribute}" if step.attribute else step.address
    return f"{place} ({step.note})" if step.note else place


def _source(judgement: Judgement, outcome: Outcome, style: Style) -> Iterator[str]:
    span = judgement.span
    if span is None:
        return
    yield f"{_INDENT}{plain(span.file)}:{span.line}"
    lines = quoted(judgement, outcome, _MOST_LINES)
    yield from (f"{_INDENT}{line}" for line in boxed(lines, span, style))


def _unknowns(judgements: Iterable[Judgement], style: Style, width: int) -> Iterator[str]:
    groups = _groups(judgements, Verdict.UNKNOWN)
    if not groups:
        return
    yield style.strong("Not decided")
    alike: dict[tuple[str, str, Waiver | None], list[Judgement]] = {}
    for each in (each for group in groups for each in group.members):
        alike.setdefault((each.rule.id, each.finding.message, each.waiver), []).append(each)
    for members in alike.values():
        for each in members if len(members) <= _MOST_ALIKE else members[:1]:
            rule, finding, span = each.rule, each.finding, each.span
            place = f" ({span.file}:{span.line})" if span else ""
            others = f" and {len(members) - 1} more" if len(members) > _MOST_ALIKE else ""
            yield from wrapped(
                f"{rule.id} {rule.name}  {finding.address}{place}{others}: {finding.message}", width
            )
            if each.waiver is not None:
                yield from wrapped(_waived(each.waiver), width)
    yield ""


def _warnings(outcome: Outcome, style: Style) -> Iterator[str]:
    for warning in outcome.warnings:
        yield f"{style.warn('warning')}: {plain(warning)}"


def _summary(outcome: Outcome, exit_code: int, style: Style) -> Iterator[str]:
    counts = outcome.counts()
    waived = sum(each.waiver is not None for each in outcome.all_judgements)
    plan = outcome.platform.plan
    kind = _KINDS.get(kind_of(plan), "")
    yield f"{plain(plan.name)}: {len(plan.resources)} resources{kind}"
    yield (
        f"{len(outcome.judgements)} verdicts: "
        f"{counts[Verdict.PASS]} pass, {counts[Verdict.FAIL]} fail, "
        f"{counts[Verdict.UNKNOWN]} unknown, {counts[Verdict.NA]} not applicable"
        f"{f', {waived} waived' if waived else ''}"
    )
    yield from _beside(outcome)
    yield checkov_summary(outcome, style)
    if outcome.replay.is_used:
        yield "Replay: Terraform evaluated the source again, to tell what apply will fill in"
    elif outcome.replay.why:
        yield f"{style.warn('Not replayed')}: {plain(outcome.replay.why)}"
    yield _last_line(outcome, exit_code, style)


def _beside(outcome: Outcome) -> Iterator[str]:
    """What is not shown because it was there already, and what the plan mends."""
    aside = [
        each
        for each in outcome.all_judgements
        if each.verdict is Verdict.FAIL and outcome.is_set_aside(each) and not each.is_overruled
    ]
    listed = sum(each.is_in_baseline for each in aside)
    if listed:
        yield f"{listed} in the baseline, not shown"
    if standing := len(aside) - listed:
        yield f"{standing} standing, not shown: not of this plan's making"
    if outcome.fixed:
        yield f"{len(outcome.fixed)} fixed by this plan"


def _last_line(outcome: Outcome, exit_code: int, style: Style) -> str:
    match exit_code:
        case 2:
            return style.bad(_NOT_JUDGED)
        case 3:
            return style.warn(f"NOTHING TO SCAN: {nothing_judged(outcome.platform.plan)}")
    standing = [each for each in outcome.all_judgements if not each.is_overruled]
    every = [each for each in standing if each.verdict is Verdict.FAIL]
    failed = told_once(each for each in every if not outcome.is_set_aside(each))
    if exit_code == 0 and not failed:
        unknown = sum(each.verdict is Verdict.UNKNOWN for each in standing)
        tail = f", {unknown} not decided" if unknown else ""
        return style.good(f"PASS: nothing {'new ' if every else ''}fails{tail}")
    worst = [
        f"{count} {severity}"
        for severity in Severity
        if (count := sum(each.severity is severity for each in failed))
    ]
    word = "FAIL" if exit_code else "PASS"
    paint = style.bad if exit_code else style.good
    tail = "" if exit_code else " (below the threshold)"
    return paint(f"{word}: {', '.join(worst) or 'undecided verdicts'}{tail}")
