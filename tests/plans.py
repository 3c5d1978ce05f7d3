"""Tiny plans for tests: written as Python, read by the real reader."""

from __future__ import annotations

import json
from typing import Any

from policyscan.graph import ResourceGraph
from policyscan.plan import Plan, read_plan
from policyscan.plan.address import steps


def references(*names: str) -> dict[str, Any]:
    """An expression that refers to these, each followed by its prefixes as Terraform lists them."""
    listed: list[str] = []
    for name in names:
        listed.append(name)
        parts = name.split(".")
        shortest = 3 if parts[0] == "data" else 2
        listed += [".".join(parts[:size]) for size in range(len(parts) - 1, shortest - 1, -1)]
    return {"references": listed}


def constant(value: Any) -> dict[str, Any]:
    """An expression without references."""
    return {"constant_value": value}


def change(  # noqa: PLR0913 - one argument per field of a resource change
    address: str,
    *,
    actions: tuple[str, ...] = ("create",),
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    unknown: dict[str, Any] | None = None,
    sensitive: Any = False,
    **more: Any,
) -> dict[str, Any]:
    """One entry of `resource_changes`; type, name, key and module are read off the address."""
    parts = list(steps(address))
    module_end = 0
    position = 0
    while position < len(parts) and parts[position] == "module":
        position += 2
        if position < len(parts) and type(parts[position]) is not str:
            position += 1
        module_end = position
    rest = parts[module_end:]
    mode = "managed"
    if rest[0] == "data":
        mode, rest = "data", rest[1:]
    key = rest[2] if len(rest) > 2 else None
    marker = f"{'data.' if mode == 'data' else ''}{rest[0]}.{rest[1]}"
    module = address[: address.index(marker)].rstrip(".")
    entry: dict[str, Any] = {
        "address": address,
        "mode": mode,
        "type": str(rest[0]),
        "name": str(rest[1]),
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": list(actions),
            "before": before,
            "after": None if actions == ("delete",) else (after or {}),
            "after_unknown": unknown or {},
            "after_sensitive": sensitive,
        },
        **more,
    }
    if module:
        entry["module_address"] = module
    if key is not None:
        entry["index"] = key if isinstance(key, int) else str(key)
    return entry


def block(address: str, expressions: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One entry of a module's `resources`; the address is that inside the module."""
    mode, bare = ("data", address[5:]) if address.startswith("data.") else ("managed", address)
    kind, name = bare.split(".")
    return {
        "address": address,
        "mode": mode,
        "type": kind,
        "name": name,
        "expressions": expressions or {},
        **more,
    }


def document(
    changes: list[dict[str, Any]], root: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A whole plan document."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": changes,
        "configuration": {"root_module": root or {}},
        **more,
    }


def plan_of(changes: list[dict[str, Any]], root: dict[str, Any] | None = None, **more: Any) -> Plan:
    """The plan the real reader makes of it."""
    return read_plan(json.dumps(document(changes, root, **more)).encode(), "plan.json")


def graph_of(
    changes: list[dict[str, Any]], root: dict[str, Any] | None = None, **more: Any
) -> ResourceGraph:
    """The graph of it."""
    return ResourceGraph(plan_of(changes, root, **more))
