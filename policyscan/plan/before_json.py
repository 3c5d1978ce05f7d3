"""The world before a plan as plan JSON, for programs that read nothing else."""

from __future__ import annotations

import json
from typing import Any

_Json = dict[str, Any]


def json_before(content: bytes) -> bytes | None:
    """Plan JSON that leaves everything as it stood; None where nothing managed did.

    `content` is plan JSON as Terraform writes it. The state in it is the one after refresh, where
    what moved stands at its new address already. The configuration is that of now, as for
    `world_before`.
    """
    document = json.loads(content)
    values = (document.get("prior_state") or {}).get("values") or {}
    changes = [
        _standing(each)
        for each in document.get("resource_changes") or ()
        if each.get("mode") == "managed"
        and each.get("change", {}).get("before") is not None
        and "deposed" not in each
    ]
    if not changes or "root_module" not in values:
        return None
    kept = {each["address"] for each in changes}
    document["planned_values"] = {"root_module": _only(values["root_module"], kept)}
    document["resource_changes"] = changes
    for unread in ("prior_state", "resource_drift", "relevant_attributes", "output_changes"):
        document.pop(unread, None)
    return json.dumps(document).encode()


def _standing(change: _Json) -> _Json:
    """A change that changes nothing."""
    was = change["change"]
    stays = {
        "actions": ["no-op"],
        "before": was["before"],
        "after": was["before"],
        "after_unknown": {},
        "before_sensitive": was.get("before_sensitive", {}),
        "after_sensitive": was.get("before_sensitive", {}),
    }
    return {**change, "change": stays}


def _only(module: _Json, kept: set[str]) -> _Json:
    """A module of the state with these instances alone."""
    resources = [each for each in module.get("resources", ()) if each["address"] in kept]
    children = [_only(each, kept) for each in module.get("child_modules", ())]
    return {**module, "resources": resources, "child_modules": children}
