"""Runs a pack over a platform: every rule, every address, one verdict each."""

from __future__ import annotations

from msgspec.structs import replace

from policyscan.engine.contract import PackRule
from policyscan.engine.gate import GATE, gate_error, is_planned, plan_warnings
from policyscan.engine.outcome import Judgement, Outcome
from policyscan.engine.places import Places
from policyscan.engine.redact import Redaction, redaction
from policyscan.engine.run import run
from policyscan.engine.settings import Settings
from policyscan.engine.standing import Before
from policyscan.graph import ResourceGraph
from policyscan.rule import Platform


def judge(
    graph: ResourceGraph,
    pack: tuple[PackRule, ...],
    settings: Settings,
    before: Before | None = None,
) -> Outcome:
    """Run the chosen rules. A rule that crashes is an error verdict and an error of the scan.

    What is new, and what the plan mends, is told when `before` is given, all is new otherwise.
    """
    platform = Platform(graph)
    plan = platform.plan
    errors = [error] if (error := gate_error(plan)) else []
    judgements: list[Judgement] = []
    secrets = redaction(plan)
    places = Places(graph)
    chosen = settings.chosen(pack)
    for each in (GATE, *(chosen if is_planned(plan) else ())):
        findings, problem = run(each, platform, settings.parameters(each.rule))
        judgements.extend(
            places.judgement(each.rule, settings.weighed(each.rule, finding))
            for finding in findings
        )
        if problem:
            errors.append(problem)
    fixed: list[Judgement] = []
    warnings = [*plan_warnings(plan)]
    if before is not None:
        judgements = before.marked(judgements, graph)
        # Where not all is judged now, nobody knows what is mended.
        fixed += before.fixed(judgements, graph) if not errors else ()
        warnings += before.warnings
    return Outcome(
        platform,
        _told(judgements, secrets),
        tuple(map(secrets.text, errors)),
        tuple(map(secrets.text, warnings)),
        redaction=secrets,
        fixed=_told(fixed, secrets),
        changed_only=settings.changed_only,
    )


def _told(judgements: list[Judgement], secrets: Redaction) -> tuple[Judgement, ...]:
    """Without what is secret, in order of rule and address."""
    told = (without_secrets(each, secrets) for each in judgements)
    return tuple(sorted(told, key=lambda one: (one.rule.id, one.finding.address)))


def without_secrets(judgement: Judgement, secrets: Redaction) -> Judgement:
    """A judgement that tells nothing secret; the very same where it has nothing to hide."""
    shown = secrets.finding(judgement.finding)
    return judgement if shown is judgement.finding else replace(judgement, finding=shown)
