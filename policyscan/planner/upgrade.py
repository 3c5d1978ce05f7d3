"""An object of a state that another version of the provider made, as this one would refresh it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.planner.change import as_sdk_holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.schema import Block, TypeHints

_ARN_REGION = 3


def upgraded(
    block: Block, hints: TypeHints, values: Mapping[str, Any], region: str
) -> dict[str, Any]:
    """The whole object: what `values` lacks is what holds where nobody configures it.

    region: that of the provider; an object that has an ARN says itself where it is.
    """
    found = _filled(block, hints.of(values), values, "")
    if "region" in block.attributes and values.get("region") is None:
        found["region"] = _region(values) or region
    if "tags_all" in block.attributes and values.get("tags_all") is None:
        # Versions that had no default tags saw all of them as `tags`.
        found["tags_all"] = values.get("tags") or {}
    return found


def _filled(block: Block, hints: TypeHints, values: Mapping[str, Any], path: str) -> dict[str, Any]:
    found = {
        name: as_sdk_holds(values[name], attribute.type)
        if name in values
        else hints.defaults.get(path + name)
        for name, attribute in block.attributes.items()
    }
    for name, nested in block.block_types.items():
        inside = values.get(name)
        if isinstance(inside, list):
            found[name] = [_filled(nested.block, hints, each, f"{path}{name}.") for each in inside]
        elif isinstance(inside, dict):
            found[name] = _filled(nested.block, hints, inside, f"{path}{name}.")
        else:
            found[name] = [] if nested.nesting in {"list", "set"} else None
    return found


def _region(values: Mapping[str, Any]) -> str:
    parts = str(values.get("arn") or "").split(":")
    return parts[_ARN_REGION] if len(parts) > _ARN_REGION else ""
