"""Completes a recovered schema by an older one that a real provider printed.

The bindings do not carry what is sensitive, how many of a block there may be beyond one, and the
blocks their generator gave up on. `terraform providers schema -json` does, of the version at hand.
"""

from __future__ import annotations

from typing import Any

from policyscan.planner.schema import GROUPS
from policyscan.planner.schema.waf import restore_statements

_KEPT = ("block_types", "max_items", "min_items", "nesting_mode")
_FLAGS = ("computed", "optional", "required", "sensitive", "type", "write_only")


def complete(provider: dict[str, Any], older: dict[str, Any]) -> None:
    """Complete `provider` in place; both are one provider's part of a schema document."""
    restore_statements(provider["resource_schemas"], _plain(older["resource_schemas"]))
    for group in GROUPS:
        for name in provider.get(group, {}).keys() & older.get(group, {}).keys():
            _block(provider[group][name]["block"], _plain(older[group][name])["block"])


def _block(block: dict[str, Any], older: dict[str, Any]) -> None:
    was_blocks = older.get("block_types", {})
    for name, attribute in list(block.get("attributes", {}).items()):
        if attribute["type"] == "dynamic" and name in was_blocks:
            del block["attributes"][name]
            block.setdefault("block_types", {})[name] = was_blocks[name]
        elif older.get("attributes", {}).get(name, {}).get("sensitive"):
            attribute["sensitive"] = True
    for name, nested in block.get("block_types", {}).items():
        if name in was_blocks and was_blocks[name]["nesting_mode"] == nested["nesting_mode"]:
            _limits(nested, was_blocks[name])
            _block(nested["block"], was_blocks[name]["block"])


def _limits(nested: dict[str, Any], older: dict[str, Any]) -> None:
    """Adopt limits above one: those up to one the bindings tell, and they are newer."""
    for limit in ("max_items", "min_items"):
        if older.get(limit, 0) > 1:
            nested[limit] = older[limit]


def _plain(value: Any) -> Any:
    """A part of a schema document without descriptions, deprecations and versions."""
    if not isinstance(value, dict):
        return value
    if "block" in value:
        return {name: value[name] for name in _KEPT if name in value} | {
            "block": _plain_body(value["block"])
        }
    return {name: _plain(each) for name, each in value.items()}


def _plain_body(block: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {flag: attribute[flag] for flag in _FLAGS if attribute.get(flag)}
        for name, attribute in block.get("attributes", {}).items()
    }
    block_types = {name: _plain(nested) for name, nested in block.get("block_types", {}).items()}
    both = {"attributes": attributes, "block_types": block_types}
    return {name: members for name, members in both.items() if members}
