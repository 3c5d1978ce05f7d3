"""Values as Terraform core sends them: MessagePack, where an unknown is an extension value.

A decoded value is plain Python: dict for objects and maps, list for lists, sets and tuples.
"""

from __future__ import annotations

import json
from typing import Any

import msgpack

UNKNOWN = msgpack.ExtType(0, b"\x00")
"""A value known after apply, with nothing more to say about it."""


def is_unknown(value: Any) -> bool:
    """Core may refine an unknown ("not null"): every extension value is one."""
    return isinstance(value, msgpack.ExtType)


def is_wholly_known(value: Any) -> bool:
    """No unknown at any depth."""
    if isinstance(value, dict):
        return all(is_wholly_known(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_wholly_known(inner) for inner in value)
    return not is_unknown(value)


def decode(content: bytes) -> Any:
    """The value in a DynamicValue; no content is null."""
    return msgpack.unpackb(content, raw=False, strict_map_key=False) if content else None


def encode(value: Any) -> bytes:
    """The `msgpack` of a DynamicValue."""
    encoded: bytes = msgpack.packb(value, use_bin_type=True)
    return encoded


def type_of(value: Any) -> Any:
    """The cty type of a JSON value, in its JSON form."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return ["tuple", [type_of(each) for each in value]]
        case dict():
            return ["object", {name: type_of(inner) for name, inner in value.items()}]
        case _:
            return "dynamic"


def with_type(value: Any) -> list[Any]:
    """A JSON value for an attribute of any type, which is told with it."""
    return [json.dumps(type_of(value)).encode(), value]
