"""Verdicts that rest on answers somebody made up: they prove nothing, and fail nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policyscan.graph.made_up import MadeUp
from policyscan.rule import Certainty, Finding, Level, Note, Verdict

if TYPE_CHECKING:
    from policyscan.engine.outcome import Judgement, Outcome


def without_guesses(outcome: Outcome) -> Outcome:
    """The outcome of a plan made offline, none of its verdicts surer than what it rests on.

    A failure of ours whose evidence holds a made-up value is unknown: a real answer may mend it. A
    check does not say what it read, so that its failures stay, and are inferred.
    """
    graph = outcome.platform.graph
    if not graph.plan.offline.stand_ins:
        return outcome
    made_up = MadeUp(graph)
    checkov = outcome.checkov
    return replace(
        outcome,
        judgements=tuple(_weighed(each, made_up) for each in outcome.judgements),
        checkov=replace(
            checkov, judgements=tuple(_weighed(each, made_up) for each in checkov.judgements)
        ),
    )


def _weighed(judgement: Judgement, made_up: MadeUp) -> Judgement:
    finding = judgement.finding
    source = _rests_on(finding, made_up)
    if not source:
        return judgement
    if finding.verdict is Verdict.FAIL and judgement.checkov is None:
        return replace(judgement, finding=_open(finding, source))
    note = Note(Level.INFO, f"rests on {source}, whose answer is made up: {_MEND}")
    weaker = replace(finding, certainty=Certainty.INFERRED, notes=(*finding.notes, note))
    return replace(judgement, finding=weaker)


_MEND = "give the real one with --data"


def _rests_on(finding: Finding, made_up: MadeUp) -> str:
    """The data source a verdict rests on, "" when on none.

    A failure names what it saw. That nothing is wrong takes more than a verdict names, so it is
    looked for in all that its resources take values from.
    """
    if finding.verdict is Verdict.NA:
        return ""
    own, _ = finding.decisive
    if finding.verdict is Verdict.FAIL:
        seen = (made_up.below(step.address, step.attribute) for step in (own, *finding.path))
        return next(filter(None, seen), "")
    return made_up.beneath((own.address, *(step.address for step in finding.path)))


def _open(finding: Finding, source: str) -> Finding:
    """A failure, as what it is worth: a question."""
    return replace(
        finding,
        verdict=Verdict.UNKNOWN,
        certainty=Certainty.INFERRED,
        message=f"with the made-up answer of {source}: {finding.message}; {_MEND}",
        fix="",
        snippet="",
        symptom="",
        strikes=None,
    )
