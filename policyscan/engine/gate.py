"""A plan must be whole before anything in it can be judged.

Planning that ended with an error, `-target` and deferred changes leave a part of a plan. What the
part lacks nobody can judge, so the plan is not clean whatever the other rules say: its exit code is
2. Their verdicts on the part are shown.

## Why
A security group that the error kept out of the plan looks like one that was never needed.

## Fix
Mend what the error names and plan again; plan without `-target`.

    terraform plan -out tfplan && terraform show -json tfplan > plan.json

This rule judges the plan and no resource: its address is `(plan)`, and its verdict `pass`, `error`
or `na`. It runs before all others, with every pack, and can be neither selected nor ignored. A
refresh-only plan, and one without resources, is `na`: there is nothing to judge, and the exit code
is 3.

## When unknown
Never: a plan says itself whether it is whole. Terraform before 1.9 may not write down that a plan
was targeted; this rule takes that for a whole one.

## Source
Terraform, JSON Output Format, "Plan Representation": `errored`, `complete` and `checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from policyscan.engine.contract import PackRule
from policyscan.plan import Offline, Plan, PlanKind, kind_of
from policyscan.rule import Finding, Parameters, Platform, Rule, Severity, Verdict

PLAN_ADDRESS = "(plan)"
_MOST_NAMED = 5


def gate_error(plan: Plan) -> str:
    """Why a plan is only a part, "" when it is whole."""
    match kind_of(plan):
        case PlanKind.ERRORED:
            cause = f" ({named(plan.failed_checks)} failed)" if plan.failed_checks else ""
            return (
                f"{plan.name}: planning ended with an error{cause}, so this plan is only a part: "
                "mend it and plan again"
            )
        case PlanKind.INCOMPLETE:
            return (
                f"{plan.name}: this plan is incomplete (targeted, or with deferred changes): plan "
                "without -target"
            )
    return ""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict, on the plan."""
    plan = platform.plan
    if error := gate_error(plan):
        yield Finding(PLAN_ADDRESS, Verdict.ERROR, error)
    elif not is_planned(plan):
        yield Finding(PLAN_ADDRESS, Verdict.NA, nothing_judged(plan))
    else:
        yield Finding(PLAN_ADDRESS, Verdict.PASS, "the plan is complete")


GATE = PackRule(
    Rule(
        id="PS001",
        name="plan-inconclusive",
        group="GATE",
        severity=Severity.CRITICAL,
        title="The plan is complete and free of errors",
        types=(),
    ),
    check,
    (__doc__ or "").strip(),
    Path(__file__),
)
"""The rule that goes before every pack."""

ALWAYS = dict.fromkeys(
    (GATE.rule.id, GATE.rule.name, GATE.rule.group),
    f"{GATE.rule.id} runs always and can be neither selected nor ignored",
)
"""Its names, and why nobody can choose by them."""


def is_planned(plan: Plan) -> bool:
    """Whether a plan tells what its configuration comes to, so that rules can speak about it.

    A refresh-only plan holds the state beside a configuration that was not planned: a verdict
    made of both would be one on neither.
    """
    return kind_of(plan) not in {PlanKind.REFRESH_ONLY, PlanKind.EMPTY}


def nothing_judged(plan: Plan) -> str:
    """Why a whole plan got no verdict, in words for its report."""
    size = f"{len(plan.resources)} resource{'' if len(plan.resources) == 1 else 's'}"
    match kind_of(plan):
        case PlanKind.REFRESH_ONLY:
            return (
                "a refresh-only plan changes nothing but the state: plan without -refresh-only to "
                "judge the configuration"
            )
        case PlanKind.EMPTY:
            besides = ", only outputs" if plan.changed_outputs else ""
            return f"the plan holds no resources{besides}"
        case PlanKind.DESTROY:
            return f"the plan destroys all it manages, and no rule judges any of its {size}"
    return f"no rule that was run judges any of the plan's {size}"


def plan_warnings(plan: Plan) -> tuple[str, ...]:
    """What to know about a plan that may still be judged."""
    found = list(plan.warnings)
    if plan.drifted:
        found.append(
            f"{len(plan.drifted)} resources changed outside Terraform ({named(plan.drifted)}): the "
            "plan starts from what they are now"
        )
    if plan.failed_checks and not plan.is_errored:
        failed = named(plan.failed_checks)
        found.append(f"conditions of which Terraform only warns failed: {failed}")
    return (*found, *offline_warnings(plan.offline))


def offline_warnings(offline: Offline) -> tuple[str, ...]:
    """What to know about a plan made offline: what nobody looked up, what is not known."""
    found = []
    if offline.stand_ins:
        found.append(
            f"the answers of {named(offline.stand_ins)} are stand-ins, made up offline: what rests "
            "on them is not proven; give what they find with --data"
        )
    if offline.imported:
        found.append(
            f"what {named(offline.imported)} import is taken to be as configured: nobody looked "
            "at what exists"
        )
    if offline.is_simulated:
        found.append(
            "what stands before this plan was applied in simulation: nobody looked at what exists"
        )
    if offline.schema_only:
        found.append(
            f"of {named(offline.schema_only)} only the schema is known offline: their defaults, "
            "and what replaces them, may differ"
        )
    return (*found, *offline.notes)


def named(addresses: tuple[str, ...]) -> str:
    """The first few addresses, and how many more there are."""
    shown = ", ".join(addresses[:_MOST_NAMED])
    more = len(addresses) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
