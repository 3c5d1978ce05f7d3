"""What a policy asks for, as a tree of conditions."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from policyscan.engine.policy_language.jsonpath import Path
from policyscan.engine.policy_language.operators import Operator
from policyscan.rule import Resource


def type_of(resource: Resource) -> str:
    """The type as policies name it: `aws_x`, or `data.aws_x` of a data source."""
    return f"data.{resource.type}" if resource.mode == "data" else resource.type


class Types(Struct, frozen=True):
    """Which resources a condition is about: named types, all of a provider, or what has tags."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    is_all: bool = False
    is_taggable: bool = False

    def cover(self, resource: Resource) -> bool:
        """Whether a resource is of these types."""
        if not (self.is_all or self.is_taggable):
            return type_of(resource) in self.names
        if resource.mode == "data" or not resource.type.startswith(self.prefixes or ""):
            return False
        return self.is_all or "tags" in {**(resource.after or {}), **_marks(resource)}

    def __str__(self) -> str:
        """As a message says it."""
        if self.is_all or self.is_taggable:
            return "resource with tags" if self.is_taggable else "resource"
        return " or ".join(self.names) if len(self.names) <= _MOST_NAMED else "resource of the kind"


_MOST_NAMED = 3


def _marks(resource: Resource) -> dict[str, Any]:
    return resource.after_unknown if isinstance(resource.after_unknown, dict) else {}


class Attribute(Struct, frozen=True):
    """An attribute of a resource, compared with a value; `json_path` when it is one."""

    types: Types
    attribute: str
    operator: Operator
    expected: Any = None
    json_path: Path | None = None


class Link(StrEnum):
    """What a connection condition asks for."""

    EXISTS = "exists"
    ONE_EXISTS = "one_exists"
    NOT_EXISTS = "not_exists"


class Connection(Struct, frozen=True):
    """Whether resources of two groups of types are connected, whichever names the other."""

    types: Types
    connected: Types
    link: Link


class Filter(Struct, frozen=True):
    """What is judged at all: resources whose attribute has one of the values."""

    types: Types
    attribute: str
    values: tuple[Any, ...]


class Allowed(Struct, frozen=True):
    """Resource types that alone may be there, or that must not."""

    types: Types
    is_denied: bool


class Every(Struct, frozen=True):
    """All parts hold: `and`."""

    parts: tuple[Condition, ...]


class Some(Struct, frozen=True):
    """One part holds at least: `or`."""

    parts: tuple[Condition, ...]


class Opposite(Struct, frozen=True):
    """The part does not hold: `not`."""

    part: Condition


Condition = Attribute | Connection | Filter | Allowed | Every | Some | Opposite


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions right below one."""
    match condition:
        case Every(parts=parts) | Some(parts=parts):
            return parts
        case Opposite(part=part):
            return (part,)
        case _:
            return ()


def has_connection(condition: Condition) -> bool:
    """Whether a connection stands anywhere in it."""
    return isinstance(condition, Connection) or any(map(has_connection, parts_of(condition)))


def groups_of(condition: Condition) -> tuple[Types, ...]:
    """The types its conditions are about, filters and connected resources left out."""
    match condition:
        case Attribute(types=types) | Connection(types=types) | Allowed(types=types):
            return (types,)
        case _:
            return tuple(types for part in parts_of(condition) for types in groups_of(part))
