"""Runs one rule over a platform, and keeps what crashes from hiding itself."""

from __future__ import annotations

from policyscan.engine.contract import PackRule
from policyscan.engine.gate import PLAN_ADDRESS
from policyscan.errors import PolicyscanError, crash_site
from policyscan.rule import Certainty, Finding, Parameters, Platform, Verdict


def run(
    rule: PackRule, platform: Platform, parameters: Parameters
) -> tuple[tuple[Finding, ...], str]:
    """Its findings, one for each address, and what went wrong, "" when nothing did.

    A rule that crashes gives one finding, an error on the plan.
    """
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
