"""What Checkov found, in the text report: check by check, each told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from policyscan.engine import CheckovReport, CheckovState, Judgement, Outcome
from policyscan.report.screen import Style, plain, wrapped
from policyscan.rule import Severity, Verdict

Shared = dict[tuple[str, str], list[str]]
"""Ids of checks by the id of the rule that finds the same, and the address."""

_MOST_PLACES = 2
"""Places named where one check fails at several; JSON names them all."""


class Told(Struct, frozen=True):
    """What of Checkov is told at length: what reaches `threshold`, else all; waived ones too."""

    threshold: Severity = Severity.HIGH
    all: bool = False
    waived: bool = False


def checkov_failures(outcome: Outcome, style: Style, width: int, told: Told) -> Iterator[str]:
    """Its failures, worst first; what a rule of ours found too stands there alone."""
    # A rule whose own finding is not shown tells nothing of what it shares.
    shown = {
        each.key
        for each in outcome.judgements
        if each.verdict is Verdict.FAIL
        and not outcome.is_set_aside(each)
        and (told.waived or each.waiver is None)
    }
    checks = _by_check(
        each
        for each in _failed(outcome.checkov)
        if not (_overruled_by(each) or outcome.is_set_aside(each) or each.shared in shown)
        and (told.waived or each.waiver is None)
    )
    if not checks:
        return
    yield style.strong(f"Checkov {plain(outcome.checkov.version)}")
    order = list(Severity)
    brief: list[str] = []
    for id_, members in sorted(
        checks.items(), key=lambda one: (order.index(one[1][0].severity), one[0])
    ):
        if told.all or members[0].severity.reaches(told.threshold):
            yield from _check(members, style, width)
        else:
            brief.append(f"{id_} ({len(members)})" if len(members) > 1 else id_)
    if brief:
        several = f"{len(brief)} checks fail" if len(brief) > 1 else "1 check fails"
        words = f"{several} below the threshold (-v tells more): {', '.join(brief)}"
        yield from wrapped(words, width)
    yield ""


def _check(members: list[Judgement], style: Style, width: int) -> Iterator[str]:
    first = members[0]
    waived = sum(each.waiver is not None for each in members)
    noted = f", {waived} waived" if waived else ""
    id_, severity = plain(first.rule.id), str(first.severity)
    words = f"{id_}  {severity}  {first.rule.title} ({_places(members)}{noted})"
    head, *rest = wrapped(words, width)
    # Painted afterwards: what colours a word has no width.
    head = head.removeprefix(f"    {id_}  {severity}")
    yield f"    {style.strong(id_)}  {style.severity(first.severity)}{head}"
    yield from rest


def checkov_remarks(outcome: Outcome, style: Style, width: int) -> Iterator[str]:
    """Checks that the policy overrules, and verdicts that Checkov's own edges would turn."""
    lines: list[str] = []
    overruled = [
        each
        for each in _failed(outcome.checkov)
        if _overruled_by(each) and not outcome.is_set_aside(each)
    ]
    for members in _by_check(overruled).values():
        why = members[0].checkov and members[0].checkov.conflict
        if why:
            lines.append(
                f"{members[0].rule.id} fails and does not count, as {why.rule} wins: {why.why} "
                f"({_places(members)})"
            )
    turned = [
        each
        for each in outcome.checkov.judgements
        if each.checkov and each.checkov.stock is not each.verdict
    ]
    lines += [
        f"{each.rule.id} {each.verdict} on {each.finding.address}: {_stock(each)} with Checkov's "
        "own edges"
        for each in turned[:_MOST_PLACES]
    ]
    if len(turned) > _MOST_PLACES:
        lines.append(f"{len(turned) - _MOST_PLACES} more verdicts differ from its own edges'")
    if lines:
        yield style.strong("Checkov and this policy")
        for line in lines:
            yield from wrapped(line, width)
        yield ""


def checkov_summary(outcome: Outcome, style: Style) -> str:
    """One line: what it came to."""
    checkov = outcome.checkov
    match checkov.state:
        case CheckovState.NOT_SET_UP:
            return "Checkov: not set up (`policyscan setup` does that)"
        case CheckovState.LEFT_OUT:
            return "Checkov: left out"
        case CheckovState.FAILED:
            return style.bad("Checkov: failed")
    counts = Counter(each.verdict for each in checkov.judgements)
    failed = _failed(checkov)
    parts = (
        ("overruled", sum(bool(_overruled_by(each)) for each in failed)),
        ("found by our rules too", sum(each.shared is not None for each in failed)),
    )
    besides = ", ".join(f"{count} {what}" for what, count in parts if count)
    note = f"; {plain(checkov.note)}" if checkov.note else ""
    return (
        f"Checkov {plain(checkov.version)}: {counts[Verdict.PASS]} pass, "
        f"{counts[Verdict.FAIL]} fail{f' ({besides})' if besides else ''}{note}"
    )


def shared(outcome: Outcome) -> Shared:
    """The checks that find what a rule of ours finds."""
    found: Shared = {}
    for each in _failed(outcome.checkov):
        if each.shared is not None:
            found.setdefault(each.shared, []).append(each.rule.id)
    return found


def told_once(failed: Iterable[Judgement]) -> list[Judgement]:
    """Failures without those of Checkov that stand among them as a finding of ours."""
    every = list(failed)
    own = {each.key for each in every if each.checkov is None}
    return [each for each in every if each.shared not in own]


def _failed(checkov: CheckovReport) -> list[Judgement]:
    return [each for each in checkov.judgements if each.verdict is Verdict.FAIL]


def _by_check(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    found: dict[str, list[Judgement]] = {}
    for each in judgements:
        found.setdefault(each.rule.id, []).append(each)
    return found


def _overruled_by(judgement: Judgement) -> str:
    says = judgement.checkov
    return says.conflict.rule if says and says.conflict else ""


def _stock(judgement: Judgement) -> str:
    says = judgement.checkov
    return str(says.stock) if says and says.stock else "nothing"


def _places(members: list[Judgement]) -> str:
    """Where something fails: the lines of the source, else addresses; each once."""
    places = list(dict.fromkeys(map(_place, members)))
    shown = ", ".join(places[:_MOST_PLACES])
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    several = f", {len(members)} instances" if len(members) > len(places) else ""
    return f"{shown}{more}{several}"


def _place(judgement: Judgement) -> str:
    span = judgement.span
    return f"{span.file}:{span.line}" if span else judgement.finding.address
