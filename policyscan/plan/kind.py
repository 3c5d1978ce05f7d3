"""What sort of plan a plan is: what it was asked to do, and how far it came."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyscan.plan.model import Plan


class PlanKind(StrEnum):
    """The sorts of plans; of several that fit, the first counts."""

    ERRORED = "errored"
    """Planning ended with an error: the plan holds what was planned until then."""
    INCOMPLETE = "incomplete"
    """Only a part was asked for (`-target`), or changes were deferred."""
    REFRESH_ONLY = "refresh-only"
    """Nothing but the state changes (`-refresh-only`): the configuration was not planned."""
    EMPTY = "empty"
    """No resource at all; perhaps outputs."""
    DESTROY = "destroy"
    """Every managed resource goes, and at least one is destroyed."""
    NO_CHANGES = "no-changes"
    """Every resource stays as it is."""
    CHANGES = "changes"
    """Any other."""


def kind_of(plan: Plan) -> PlanKind:
    """The sort of a plan. Terraform does not write the mode down: what a plan lists tells it."""
    managed = [each for each in plan.resources if each.mode == "managed"]
    if plan.is_errored:
        return PlanKind.ERRORED
    if not plan.is_complete:
        return PlanKind.INCOMPLETE
    if plan.is_refresh_only:
        return PlanKind.REFRESH_ONLY
    if not plan.resources:
        return PlanKind.EMPTY
    if any("delete" in each.actions for each in managed) and all(r.is_deleted for r in managed):
        return PlanKind.DESTROY
    if all(each.actions in {("no-op",), ("read",)} for each in plan.resources):
        return PlanKind.NO_CHANGES
    return PlanKind.CHANGES
