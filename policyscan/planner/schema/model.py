"""What a provider's schema says of its types, as `terraform providers schema -json` puts it."""

from __future__ import annotations

from collections.abc import Mapping  # msgspec resolves annotations at run time
from typing import Any, Literal

import msgspec

_PRIMITIVES = frozenset({"bool", "dynamic", "number", "string"})


class Attribute(msgspec.Struct, frozen=True, omit_defaults=True):
    """One argument or exported value of a block.

    `type` is cty's JSON form: "string", ["list", "string"], ["object", {"name": type}]. Where the
    attribute holds attributes, it is that of their values.
    """

    type: Any = None
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    nested_type: NestedAttributes | None = None

    def __post_init__(self) -> None:
        if self.nested_type is not None:
            msgspec.structs.force_setattr(self, "type", self.nested_type.type)
        elif not _is_type(self.type):
            raise ValueError("the type of an attribute is none of Terraform's")


class NestedAttributes(msgspec.Struct, frozen=True, rename={"nesting": "nesting_mode"}):
    """The attributes an attribute holds, once, or in each element of a collection."""

    attributes: Mapping[str, Attribute]
    nesting: Literal["single", "list", "set", "map"]

    @property
    def type(self) -> Any:
        """The type of the whole value."""
        members = ["object", {name: each.type for name, each in self.attributes.items()}]
        return members if self.nesting == "single" else [self.nesting, members]


class NestedBlock(
    msgspec.Struct, frozen=True, omit_defaults=True, rename={"nesting": "nesting_mode"}
):
    """A block type inside another block; `max_items` 0 means any number."""

    nesting: Literal["single", "list", "set", "map", "group"]
    block: Block
    min_items: int = 0
    max_items: int = 0


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """A body: its attributes and the block types it may hold, by name."""

    attributes: Mapping[str, Attribute] = {}
    block_types: Mapping[str, NestedBlock] = {}


class ProviderSchema(msgspec.Struct, frozen=True):
    """What one provider serves, cut down to the types asked for; `version` "" is not known."""

    address: str
    version: str
    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]
    ephemeral_resources: Mapping[str, Block] = {}


def _is_type(value: Any) -> bool:
    match value:
        case str():
            return value in _PRIMITIVES
        case ["list" | "set" | "map", element]:
            return _is_type(element)
        case ["tuple", [*elements]]:
            return all(map(_is_type, elements))
        case ["object", dict() as members] | ["object", dict() as members, _]:
            return all(map(_is_type, members.values()))
        case _:
            return False
