"""Puts waivers to what a scan found."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from policyscan.engine.outcome import Judgement, Outcome
from policyscan.engine.waiver import OPEN, Waiver, Waivers, WaiverTerms

Key = tuple[bool, str, str]
"""Whether it is Checkov's, the id of its rule, its address."""


def apply_waivers(outcome: Outcome, terms: WaiverTerms) -> Outcome:
    """The outcome with a waiver on each failure that one counts for, and warnings of the others.

    What is not decided is waived like a failure: what may stay where it fails may stay where
    nobody can tell. A plan or a rule that went wrong is never waived.
    """
    waivers = all_waivers(outcome, terms)
    if waivers == Waivers():
        return outcome
    from policyscan.engine.weighing import Standing, complaint, weigh  # noqa: PLC0415 - few do

    weighed = weigh(outcome, terms, waivers.given)
    waived: dict[Key, Waiver] = {}
    for each in weighed:
        if each.standing is Standing.USED:
            for judgement in each.judgements:
                waived.setdefault(key_of(judgement), _shown(each.waiver, outcome))
    # What a check finds too is the same problem, shown once, and answered for once.
    for judgement in outcome.checkov.judgements:
        if judgement.shared is not None:
            ours = waived.get((False, *judgement.shared))
            if ours is not None and terms.may_waive(judgement.rule):
                waived.setdefault(key_of(judgement), ours)
    told = [
        complaint(each)
        for each in weighed
        if terms.tells_stale or each.standing is not Standing.STALE
    ]
    return replace(
        outcome,
        judgements=_with(outcome.judgements, waived),
        checkov=replace(outcome.checkov, judgements=_with(outcome.checkov.judgements, waived)),
        warnings=(
            *outcome.warnings,
            *map(outcome.redacted, filter(None, (*waivers.faults, *told))),
        ),
    )


def all_waivers(outcome: Outcome, terms: WaiverTerms) -> Waivers:
    """Those of the file, then those in comments of the plan's source."""
    said = tuple(outcome.platform.graph.written.comments())
    if not said:
        return terms.waivers
    from policyscan.engine.waiver_comment import comment_waivers  # noqa: PLC0415 - few have any

    return terms.waivers + comment_waivers(said)


def _with(judgements: tuple[Judgement, ...], waived: Mapping[Key, Waiver]) -> tuple[Judgement, ...]:
    return tuple(
        replace(each, waiver=waived[key_of(each)])
        if each.verdict in OPEN and key_of(each) in waived
        else each
        for each in judgements
    )


def key_of(judgement: Judgement) -> Key:
    """What a judgement of an outcome is known by."""
    return judgement.checkov is not None, *judgement.key


def _shown(waiver: Waiver, outcome: Outcome) -> Waiver:
    """A waiver for reports: people may write into it what the plan keeps secret."""
    return replace(
        waiver, reason=outcome.redacted(waiver.reason), owner=outcome.redacted(waiver.owner)
    )
