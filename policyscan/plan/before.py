"""The world before a plan, told as a plan that leaves everything as it is."""

from __future__ import annotations

from msgspec.structs import replace

from policyscan.plan.model import Plan, Resource


def world_before(plan: Plan) -> Plan | None:
    """What stood before a plan, None when it managed nothing yet.

    That is the state after refresh, from which the plan starts: what changed outside Terraform is
    in it. All values in a state are known. What moved stands at its new address already, so that
    its findings meet those after the plan; and what waits for what is as the state remembers it.
    The blocks are those of now: who wrote the state is not in the plan, and a known value is
    traced to a reference only where that one's own value shows in it. Deposed objects, which are
    only waiting to go, are left out: no rule speaks of them before they do.
    """
    standing = tuple(
        _as_it_was(each) for each in plan.resources if each.before is not None and not each.deposed
    )
    if not any(each.mode == "managed" for each in standing):
        return None
    return replace(
        plan, resources=standing, is_before=True, relevant_attributes=(), is_replayed=False
    )


def _as_it_was(resource: Resource) -> Resource:
    return replace(
        resource,
        actions=("read",) if resource.mode == "data" else ("no-op",),
        after=resource.before,
        after_unknown=False,
        after_sensitive=resource.before_sensitive,
        replace_paths=(),
        action_reason="",
    )
