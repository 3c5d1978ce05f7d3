"""Runs a pack over a platform: every rule, every address, one verdict each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policyscan.engine.contract import PackRule
from policyscan.engine.gate import GATE, PLAN_ADDRESS, gate_error, is_planned, plan_warnings
from policyscan.engine.outcome import CheckovSays, Judgement, Outcome
from policyscan.engine.redact import redaction
from policyscan.engine.settings import Settings
from policyscan.errors import PolicyscanError, crash_site
from policyscan.graph import ResourceGraph, locate
from policyscan.plan.attributes import has_true
from policyscan.rule import Certainty, Finding, Parameters, Platform, Rule, Step, Verdict

if TYPE_CHECKING:
    from policyscan.source import Span

_STANDING = {("no-op",), ("read",)}


def judge(graph: ResourceGraph, pack: tuple[PackRule, ...], settings: Settings) -> Outcome:
    """Run the chosen rules. A rule that crashes is an error verdict and an error of the scan."""
    platform = Platform(graph)
    plan = platform.plan
    errors = [error] if (error := gate_error(plan)) else []
    judgements: list[Judgement] = []
    secrets = redaction(plan)
    chosen = settings.chosen(pack)
    for each in (GATE, *(chosen if is_planned(plan) else ())):
        findings, problem = _run(each, platform, settings.parameters(each.rule))
        judgements.extend(
            judgement(each.rule, settings.weighed(each.rule, finding), platform)
            for finding in findings
        )
        if problem:
            errors.append(problem)
    judgements = [replace(each, finding=secrets.finding(each.finding)) for each in judgements]
    judgements.sort(key=lambda one: (one.rule.id, one.finding.address))
    return Outcome(
        platform,
        tuple(judgements),
        tuple(map(secrets.text, errors)),
        tuple(map(secrets.text, plan_warnings(plan))),
        redaction=secrets,
    )


def _run(
    rule: PackRule, platform: Platform, parameters: Parameters
) -> tuple[tuple[Finding, ...], str]:
    found: dict[str, Finding] = {}
    try:
        for finding in rule.check(platform, parameters):
            if finding.address in found:
                return _crash(rule, f"it gave two verdicts on {finding.address}")
            found[finding.address] = finding
    except PolicyscanError:
        # Broken source shows when a rule first looks at it; that is the input's fault.
        raise
    except Exception as problem:  # noqa: BLE001 - the one place that keeps a rule from hiding itself
        return _crash(rule, crash_site(problem))
    return tuple(found.values()), ""


def _crash(rule: PackRule, why: str) -> tuple[tuple[Finding, ...], str]:
    message = f"{rule.rule.id} {rule.rule.name} crashed and judged nothing: {why}"
    crash = Finding(PLAN_ADDRESS, Verdict.ERROR, message, Certainty.PROVEN)
    return (crash,), f"{message} ({rule.path.name})"


def judgement(
    rule: Rule, finding: Finding, platform: Platform, checkov: CheckovSays | None = None
) -> Judgement:
    """A finding with where in the source it stands, and whether the plan brings it."""
    span, *steps = (
        _span(finding, step, leads_to, platform.graph)
        for step, leads_to in (finding.decisive, *finding.leads)
    )
    resource = platform.graph.resource(finding.address)
    if resource is None:
        return Judgement(rule, finding, steps=tuple(steps), checkov=checkov)
    is_standing = resource.actions in _STANDING and not resource.is_deferred
    is_secret = has_true(resource.before_sensitive) or has_true(resource.after_sensitive)
    return Judgement(rule, finding, not is_standing, span, tuple(steps), is_secret, checkov=checkov)


def _span(finding: Finding, step: Step, leads_to: str, graph: ResourceGraph) -> Span | None:
    resource = graph.resource(step.address)
    if resource is None:
        return None
    # To read the inside of every block would take longer than all the rules.
    is_exact = finding.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
    return locate(graph.written, resource, step.attribute if is_exact else "", leads_to)
