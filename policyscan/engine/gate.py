"""PS001, the gate before all rules: whether a plan can be judged, and why nothing may be."""

from __future__ import annotations

from policyscan.plan import Plan, PlanKind, kind_of
from policyscan.rule import Finding, Rule, Severity, Verdict

PLAN_ADDRESS = "(plan)"
PLAN_GATE = Rule(
    id="PS001",
    name="plan-inconclusive",
    group="GATE",
    severity=Severity.CRITICAL,
    title="The plan is complete and free of errors",
    types=(),
)
"""What an errored or partial plan does not hold cannot be judged."""

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


def gate(plan: Plan) -> Finding:
    """The verdict of PS001 on a plan."""
    if error := gate_error(plan):
        return Finding(PLAN_ADDRESS, Verdict.ERROR, error)
    if not is_planned(plan):
        return Finding(PLAN_ADDRESS, Verdict.NA, nothing_judged(plan))
    return Finding(PLAN_ADDRESS, Verdict.PASS, "the plan is complete")


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
    return tuple(found)


def named(addresses: tuple[str, ...]) -> str:
    """The first few addresses, and how many more there are."""
    shown = ", ".join(addresses[:_MOST_NAMED])
    more = len(addresses) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
