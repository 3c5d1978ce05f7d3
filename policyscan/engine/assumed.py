"""Verdicts that rest on what somebody made up: they prove nothing, and answers fail nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from policyscan.engine.gate import PLAN_ADDRESS
from policyscan.graph.made_up import MadeUp
from policyscan.rule import Certainty, Finding, Level, Note, Step, Verdict

if TYPE_CHECKING:
    from policyscan.engine.outcome import Judgement, Outcome


def without_guesses(outcome: Outcome) -> Outcome:
    """The outcome of a plan made offline, none of its verdicts surer than what it rests on.

    A failure of ours whose evidence is a made-up value is unknown: a real answer may mend it. Where
    only something beside the evidence is made up, such as how many instances there are, it stays
    and is inferred. So does a failure of a check, which does not say what it read. A pass is
    inferred, too, where something only stands in a simulated apply, or as an import is configured.
    """
    graph = outcome.platform.graph
    offline = graph.plan.offline
    if not (offline.stand_ins or offline.imported or offline.is_simulated):
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
    if finding.verdict in {Verdict.NA, Verdict.ERROR} or finding.address == PLAN_ADDRESS:
        return judgement
    steps = _evidence(finding)
    if finding.verdict is Verdict.FAIL and judgement.checkov is None:
        seen = (made_up.within(step.address, step.attribute) for step in steps)
        if source := next(filter(None, seen), ""):
            return replace(judgement, finding=_open(finding, source))
    if source := _rests_on(finding, steps, made_up):
        rests = f"rests on {source}, whose answer is made up: {_MEND}"
    elif finding.verdict is Verdict.PASS and (
        standing := made_up.assumed(step.address for step in steps)
    ):
        rests = f"takes {standing} to stand as configured: nobody looked at what exists"
    else:
        return judgement
    return replace(judgement, finding=_weaker(finding, rests))


_MEND = "give the real one with --data"


def _evidence(finding: Finding) -> tuple[Step, ...]:
    """What a finding names of the plan, itself first."""
    return (finding.decisive[0], *finding.path)


def _rests_on(finding: Finding, steps: tuple[Step, ...], made_up: MadeUp) -> str:
    """The data source that something a verdict goes by rests on, "" when on none.

    A failure names what it saw. That nothing is wrong takes more than a verdict names, so it is
    looked for in all that its resources take values from.
    """
    if finding.verdict is Verdict.FAIL:
        seen = (made_up.below(step.address, step.attribute) for step in steps)
        return next(filter(None, seen), "")
    return made_up.beneath(step.address for step in steps)


def _weaker(finding: Finding, why: str) -> Finding:
    note = Note(Level.INFO, why)
    return replace(finding, certainty=Certainty.INFERRED, notes=(*finding.notes, note))


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
