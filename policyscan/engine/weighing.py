"""What each waiver comes to for what a scan found, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from policyscan.engine.address_pattern import Steps, address_pattern, steps_of
from policyscan.engine.form import hint
from policyscan.engine.gate import ALWAYS
from policyscan.engine.layer import CHECKOVS
from policyscan.engine.outcome import CheckovState, Judgement, Outcome
from policyscan.engine.waiver import OPEN, Waiver, WaiverTerms
from policyscan.plan import PlanKind, kind_of
from policyscan.rule import Rule

_WHOLE = frozenset({PlanKind.CHANGES, PlanKind.NO_CHANGES})


class Standing(StrEnum):
    """What a waiver comes to with a plan, the best of several plans last."""

    VOID = "void"
    """It does not count, whatever the plan holds."""
    STALE = "stale"
    """It is for nothing that the plan holds."""
    IDLE = "not looked at"
    """Its rule did not run, or on a plan that does not tell."""
    USED = "in use"


class Weighed(Struct, frozen=True):
    """A waiver, the judgements it is for, and what is wrong with it, "" for nothing."""

    waiver: Waiver
    standing: Standing
    judgements: tuple[Judgement, ...]
    problem: str = ""


def complaint(weighed: Weighed) -> str:
    """What a report says of a waiver, "" where nothing is wrong with it."""
    if weighed.standing is Standing.STALE:
        waiver = weighed.waiver
        where = named_addresses(waiver)
        return f"{waiver.place}: {waiver.rule} finds nothing at {where} to waive; remove the waiver"
    return weighed.problem and f"{weighed.waiver.place}: {weighed.problem}"


def named_addresses(waiver: Waiver) -> str:
    """The first of a waiver's patterns, and how many more there are."""
    first, *more = waiver.addresses
    return f"{first} and {len(more)} more" if more else first


def weigh(outcome: Outcome, terms: WaiverTerms, waivers: Sequence[Waiver]) -> tuple[Weighed, ...]:
    """What each waiver comes to."""
    return _Scales(outcome, terms).weighed(waivers) if waivers else ()


class _Scales:
    """What waivers are held against: the open judgements of an outcome, by their rules."""

    def __init__(self, outcome: Outcome, terms: WaiverTerms) -> None:
        self._terms = terms
        self._has_checkov = outcome.checkov.state is CheckovState.RAN
        self._checks = {each.rule.id: each.rule for each in outcome.checkov.judgements}
        # What failed to be judged may be what a waiver is for.
        self._tells = not outcome.errors and kind_of(outcome.platform.plan) in _WHOLE
        self._open: dict[str, list[tuple[Steps, Judgement]]] = {}
        self._rules: dict[str, Rule] = {}
        for each in outcome.all_judgements:
            if each.verdict in OPEN:
                self._rules[each.rule.id] = each.rule
                entry = (steps_of(each.finding.address), each)
                self._open.setdefault(each.rule.id, []).append(entry)
        self._refused = {id_ for id_, rule in self._rules.items() if not terms.may_waive(rule)}

    def weighed(self, waivers: Sequence[Waiver]) -> tuple[Weighed, ...]:
        return tuple(map(self._weighed, waivers))

    def _weighed(self, waiver: Waiver) -> Weighed:
        found = self._found(waiver)
        allowed = tuple(each for each in found if each.rule.id not in self._refused)
        if problem := problem_of(waiver, self._terms, self._checks.values()):
            return Weighed(waiver, Standing.VOID, allowed, problem)
        if refused := sorted({each.rule.id for each in found} & self._refused):
            problem = _refusal(*refused)
        if allowed:
            return Weighed(waiver, Standing.USED, allowed, problem)
        if problem:
            return Weighed(waiver, Standing.VOID, (), problem)
        is_stale = self._tells and not waiver.is_skip and self._was_looked_for(waiver)
        return Weighed(waiver, Standing.STALE if is_stale else Standing.IDLE, ())

    def _found(self, waiver: Waiver) -> tuple[Judgement, ...]:
        patterns = tuple(map(address_pattern, waiver.addresses))
        return tuple(
            judgement
            for id_, rule in self._rules.items()
            if waiver.names(rule)
            for steps, judgement in self._open[id_]
            if judgement.checkov is not None or not waiver.is_skip
            if any(pattern.matches(steps) for pattern in patterns)
        )

    def _was_looked_for(self, waiver: Waiver) -> bool:
        """Whether a rule ran that the waiver is for."""
        if any(waiver.names(each) for each in self._terms.ran):
            return True
        # A check that is left out says nothing of anything.
        return self._has_checkov and any(map(waiver.names, self._checks.values()))


def problem_of(waiver: Waiver, terms: WaiverTerms, checks: Iterable[Rule] = ()) -> str:
    """What keeps a waiver from counting whatever a plan holds, "" for nothing.

    `checks` are the checks of Checkov that are known.
    """
    known = (*checks,) if waiver.is_skip else (*terms.rules, *checks)
    named = [each for each in known if waiver.names(each)]
    if not (named or waiver.is_skip):
        if waiver.rule in ALWAYS:
            return f"{waiver.rule}: the check of the plan itself is never waived"
        if not re.match(CHECKOVS, waiver.rule):
            names = [one for each in terms.rules for one in (each.id, each.name, each.group)]
            return f"no rule or group is called {waiver.rule!r}{hint(waiver.rule, names)}"
        if waiver.rule in terms.unwaivable:
            return _refusal(waiver.rule)
    if named and not any(map(terms.may_waive, named)):
        return _refusal(waiver.rule)
    if waiver.expires is not None and waiver.expires < terms.today:
        days = (terms.today - waiver.expires).days
        return (
            f"the waiver of {waiver.rule} at {named_addresses(waiver)} expired on "
            f"{waiver.expires}, {days} day{'' if days == 1 else 's'} ago; mend what it waives, or "
            "give it another day"
        )
    return ""


def _refusal(*rules: str) -> str:
    return f"{', '.join(rules)} cannot be waived: `unwaivable` says so"
