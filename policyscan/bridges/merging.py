"""What Checkov found -> judgements beside our own, in one outcome."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from msgspec.structs import replace

from policyscan.bridges.running import CheckovOutcome, CheckovResult
from policyscan.engine import (
    CHECKOV,
    CheckovReport,
    CheckovSays,
    CheckovSettings,
    CheckovState,
    Judgement,
    Outcome,
    Places,
    Settings,
    beside,
    is_changed,
    without_secrets,
)
from policyscan.plan import PlanKind, kind_of
from policyscan.rule import Finding, Rule, Verdict

POLICY_INDEX: Final = "https://www.checkov.io/5.Policy%20Index/terraform.html"
"""Lists its checks. A page for each by itself only its platform has, which is not asked."""

_VERDICTS: Final = {"pass": Verdict.PASS, "fail": Verdict.FAIL, "skipped": Verdict.NA}


def merged(outcome: Outcome, said: CheckovOutcome, edges: str, settings: Settings) -> Outcome:
    """Our outcome with what Checkov says of the same plan; what it could not judge is an error."""
    places = Places(outcome.platform.graph)
    judged = [
        places.judgement(
            _rule(each, settings.checkov),
            Finding(each.address, _verdict(each.verdict), each.name),
            _says(each),
        )
        for each in said.results
    ]
    # Only now: where something stands is looked up by the address as it is.
    judged = [
        without_secrets(replace(each, is_new=_may_be_new(each, outcome)), outcome.redaction)
        for each in judged
    ]
    report = CheckovReport(
        CheckovState.RAN,
        said.version,
        edges,
        beside(judged, outcome.judgements, settings),
        outcome.redacted(said.note or ""),
    )
    unheard = (
        f"--checkov-check {pattern}: no such check said anything of this plan"
        for pattern in settings.checkov.check
        if not any(fnmatchcase(each.check, pattern) for each in said.results)
    )
    errors = (f"{each}; --checkov-skip leaves a check out" for each in said.errors)
    return replace(
        outcome,
        checkov=report,
        errors=(*outcome.errors, *map(outcome.redacted, errors)),
        warnings=(*outcome.warnings, *unheard),
    )


def _may_be_new(judgement: Judgement, outcome: Outcome) -> bool:
    """Whether the plan changes what a verdict may rest on: its resource, or what a policy joins.

    Those whose ids start with CKV_ look at one resource alone.
    """
    graph = outcome.platform.graph
    if kind_of(graph.plan) is PlanKind.NO_CHANGES:
        return False
    return is_changed(graph, judgement.finding.address) or (
        judgement.verdict is Verdict.FAIL and not judgement.rule.id.startswith("CKV_")
    )


def open_questions(outcome: Outcome) -> tuple[str, ...]:
    """The checks of failures that may be new and may have been there before.

    Only to have asked Checkov about the world before tells.
    """
    graph = outcome.platform.graph
    found = set()
    for each in outcome.checkov.judgements:
        if each.verdict is Verdict.FAIL and each.is_new and each.shared is None:
            resource = graph.resource(each.finding.address)
            if resource is not None and resource.before is not None:
                found.add(each.rule.id)
    return tuple(sorted(found))


def told_standing(outcome: Outcome, before: CheckovOutcome) -> Outcome:
    """The outcome with what Checkov found before the plan as well marked as standing."""
    address = outcome.redaction.address
    stood = {(one.check, address(one.address)) for one in before.results if one.verdict == "fail"}
    judged = tuple(
        replace(each, is_new=False) if each.key in stood and each.shared is None else each
        for each in outcome.checkov.judgements
    )
    return replace(outcome, checkov=replace(outcome.checkov, judgements=judged))


def failed(outcome: Outcome, why: str) -> Outcome:
    """Our outcome where Checkov found nothing, because it crashed or took too long."""
    return replace(
        outcome,
        checkov=CheckovReport(CheckovState.FAILED),
        errors=(*outcome.errors, outcome.redacted(why)),
    )


def _rule(result: CheckovResult, settings: CheckovSettings) -> Rule:
    severity = settings.severity_of(result.check, result.severity)
    return Rule(result.check, result.name, CHECKOV, severity, result.name, ())


def _verdict(word: str | None) -> Verdict:
    return Verdict.NA if word is None else _VERDICTS[word]


def _says(result: CheckovResult) -> CheckovSays:
    page = result.guideline or (POLICY_INDEX if result.check.startswith("CKV") else "")
    return CheckovSays(None if result.stock is None else _verdict(result.stock), page)
