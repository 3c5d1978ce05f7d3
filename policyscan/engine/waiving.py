"""Which waivers count for what a scan found, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from policyscan.engine.address_pattern import Steps, address_pattern, steps_of
from policyscan.engine.form import hint
from policyscan.engine.gate import ALWAYS
from policyscan.engine.layer import CHECKOVS
from policyscan.engine.outcome import CheckovState, Judgement, Outcome
from policyscan.engine.waiver import Waiver, Waivers, is_named
from policyscan.engine.waiver_comment import comment_waivers
from policyscan.plan import PlanKind, kind_of
from policyscan.rule import Rule, Verdict

_OPEN = frozenset({Verdict.FAIL, Verdict.UNKNOWN})
Key = tuple[bool, str, str]
"""Whether it is Checkov's, the id of its rule, its address."""
_WHOLE = frozenset({PlanKind.CHANGES, PlanKind.NO_CHANGES})


@dataclass(frozen=True, slots=True)
class WaiverTerms:
    """What decides which waivers count: the day, those of a file, and what may not be waived.

    `rules` are all that are known and `ran` those of them that ran. Staleness is told only with
    `tells_stale`: of several plans, what is stale for one may count for another.
    """

    today: date
    rules: tuple[Rule, ...]
    ran: tuple[Rule, ...]
    waivers: Waivers
    unwaivable: tuple[str, ...] = ()
    tells_stale: bool = True

    def may_waive(self, rule: Rule) -> bool:
        """Whether a waiver may count for a rule."""
        return not any(is_named(rule, pattern) for pattern in self.unwaivable)


class Standing(StrEnum):
    """What a waiver comes to with a plan, the best of several plans last."""

    VOID = "void"
    """It does not count, whatever the plan holds."""
    STALE = "stale"
    """It is for nothing that the plan holds."""
    IDLE = "not looked at"
    """Its rule did not run, or on a plan that does not tell."""
    USED = "in use"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A waiver, the judgements it is for, and what is wrong with it, "" for nothing."""

    waiver: Waiver
    standing: Standing
    judgements: tuple[Judgement, ...]
    problem: str = ""


def apply_waivers(outcome: Outcome, terms: WaiverTerms) -> Outcome:
    """The outcome with a waiver on each failure that one counts for, and warnings of the others.

    What is not decided is waived like a failure: what may stay where it fails may stay where
    nobody can tell. A plan or a rule that went wrong is never waived.
    """
    waivers = all_waivers(outcome, terms)
    weighed = weigh(outcome, terms, waivers.given)
    waived: dict[Key, Waiver] = {}
    for each in weighed:
        if each.standing is Standing.USED:
            for judgement in each.judgements:
                waived.setdefault(key_of(judgement), _shown(each.waiver, outcome))
    told = [*waivers.faults, *(line for each in weighed if (line := _told(each, terms)))]
    return replace(
        outcome,
        judgements=_with(outcome.judgements, waived),
        checkov=replace(outcome.checkov, judgements=_with(outcome.checkov.judgements, waived)),
        warnings=(*outcome.warnings, *map(outcome.redacted, told)),
    )


def all_waivers(outcome: Outcome, terms: WaiverTerms) -> Waivers:
    """Those of the file, then those in comments of the plan's source."""
    return terms.waivers + comment_waivers(outcome.platform.graph.written)


def _with(judgements: tuple[Judgement, ...], waived: Mapping[Key, Waiver]) -> tuple[Judgement, ...]:
    return tuple(
        replace(each, waiver=waived[key_of(each)])
        if each.verdict in _OPEN and key_of(each) in waived
        else each
        for each in judgements
    )


def _told(weighed: Weighed, terms: WaiverTerms) -> str:
    is_told = weighed.standing is not Standing.STALE or terms.tells_stale
    return complaint(weighed) if is_told else ""


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
            if each.verdict in _OPEN:
                self._rules[each.rule.id] = each.rule
                entry = (steps_of(each.finding.address), each)
                self._open.setdefault(each.rule.id, []).append(entry)

    def weighed(self, waivers: Sequence[Waiver]) -> tuple[Weighed, ...]:
        return tuple(map(self._weighed, waivers))

    def _weighed(self, waiver: Waiver) -> Weighed:
        found = self._found(waiver)
        allowed = tuple(each for each in found if self._terms.may_waive(each.rule))
        if problem := problem_of(waiver, self._terms, self._checks.values()):
            return Weighed(waiver, Standing.VOID, allowed, problem)
        if refused := {each.rule.id: None for each in found if each not in allowed}:
            problem = f"{', '.join(refused)} cannot be waived: `unwaivable` says so"
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
        return self._has_checkov and not any(waiver.names(each) for each in self._terms.rules)


def problem_of(waiver: Waiver, terms: WaiverTerms, checks: Iterable[Rule] = ()) -> str:
    """What keeps a waiver from counting whatever a plan holds, "" for nothing.

    `checks` are the checks of Checkov that are known.
    """
    if waiver.rule in ALWAYS:
        return f"{waiver.rule}: the check of the plan itself is never waived"
    named = [each for each in (*terms.rules, *checks) if waiver.names(each)]
    if not (named or waiver.is_skip or re.match(CHECKOVS, waiver.rule)):
        names = [one for each in terms.rules for one in (each.id, each.name, each.group)]
        return f"no rule or group is called {waiver.rule!r}{hint(waiver.rule, names)}"
    is_refused = named and not any(map(terms.may_waive, named))
    if is_refused or (not named and waiver.rule in terms.unwaivable):
        return f"{waiver.rule} cannot be waived: `unwaivable` says so"
    if waiver.expires is not None and waiver.expires < terms.today:
        days = (terms.today - waiver.expires).days
        return (
            f"the waiver of {waiver.rule} at {named_addresses(waiver)} expired on "
            f"{waiver.expires}, {days} day{'' if days == 1 else 's'} ago; mend what it waives, or "
            "give it another day"
        )
    return ""


def key_of(judgement: Judgement) -> Key:
    """What a judgement of an outcome is known by."""
    return judgement.checkov is not None, judgement.rule.id, judgement.finding.address


def _shown(waiver: Waiver, outcome: Outcome) -> Waiver:
    """A waiver for reports: people may write into it what the plan keeps secret."""
    return replace(
        waiver, reason=outcome.redacted(waiver.reason), owner=outcome.redacted(waiver.owner)
    )
