"""Values in the shape that a data source's schema gives them."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from policyscan.planner.schema import Block

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ANY = "dynamic"
"""The cty type of what may be of any."""


def complete(block: Block, config: dict[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """An object of `block`'s shape: what configuration says, else the answer, else null."""
    attributes = {
        name: fitted(answer.get(name), attribute.type) if config.get(name) is None else config[name]
        for name, attribute in block.attributes.items()
    }
    return attributes | {name: config.get(name) for name in block.block_types}


def fitted(value: Any, kind: Any) -> Any:
    """A value in the shape of a cty type: a resource's attribute may differ from its twin's here.

    Members an object lacks are null, those it has too many are dropped.
    """
    match kind:
        case ["list" | "set", element] if isinstance(value, list):
            return [fitted(each, element) for each in value]
        case ["map", element] if isinstance(value, dict):
            return {key: fitted(each, element) for key, each in value.items()}
        case ["object", members] if isinstance(value, dict):
            return {name: fitted(value.get(name), inner) for name, inner in members.items()}
        case "string" if isinstance(value, str | int | float):
            return str(value).lower() if isinstance(value, bool) else str(value)
        case "number" if isinstance(value, str) and _NUMBER.fullmatch(value):
            return float(value) if "." in value else int(value)
        case "bool" if value in ("true", "false"):
            return value == "true"
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case "bool" if isinstance(value, bool):
            return value
        case _:
            return None


def misfit(value: Any, kind: Any) -> str:
    """Why a value is not of a cty type, "" when it is; null is of any. No value is quoted.

    Example: misfit(["a", 1], ["list", "string"]) is "in 1, takes a text; write it in quotes".
    """
    if value is None or kind == ANY:
        return ""
    match kind:
        case ["list" | "set", element]:
            members = dict(enumerate(value)) if isinstance(value, list) else None
            return _misfit_within(members, lambda _: element, "takes a list")
        case ["map", element]:
            members = value if isinstance(value, dict) else None
            return _misfit_within(members, lambda _: element, "takes a map")
        case ["object", kinds]:
            members = value if isinstance(value, dict) else None
            if unknown := sorted(map(str, (members or {}).keys() - kinds.keys())):
                return f"has no {unknown[0]}{did_you_mean(unknown[0], kinds)}"
            return _misfit_within(members, kinds.get, f"takes a map of {', '.join(sorted(kinds))}")
        case _:
            return _misfit_scalar(value, kind)


def _misfit_within(
    members: Mapping[Any, Any] | None, kind_of: Callable[[Any], Any], otherwise: str
) -> str:
    if members is None:
        return otherwise
    for name, inner in members.items():
        if wrong := misfit(inner, kind_of(name)):
            return f"in {name}, {wrong}"
    return ""


def _misfit_scalar(value: Any, kind: str) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "string" if isinstance(value, int | float):
            # YAML reads 0123 as 83, and `no` as false.
            return "takes a text; write it in quotes"
        case "string":
            return "" if isinstance(value, str) else "takes a text"
        case "bool":
            return "" if isinstance(value, bool) else "takes true or false"
        case _:
            return "" if is_number else "takes a number"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that is likeliest meant, as the end of a message; "" when none is near."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
