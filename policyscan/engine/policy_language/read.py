"""Reads the definition of a policy into conditions, and tells all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from policyscan.engine.contract import Problem
from policyscan.engine.policy_language.conditions import (
    Allowed,
    Attribute,
    Condition,
    Connection,
    Every,
    Filter,
    Link,
    Opposite,
    Some,
    Types,
)
from policyscan.engine.policy_language.jsonpath import PathError, parse_json_path
from policyscan.engine.policy_language.operators import (
    OPERATORS,
    Takes,
    networks_of,
    range_of,
)
from policyscan.engine.policy_language.written import Written

PREFIXES: Final = {"aws": "aws_", "azure": "azurerm_", "gcp": "google_"}
"""How the resource types of the providers begin that a policy's scope may name."""

_JSONPATH: Final = "jsonpath_"
_LOGIC: Final = ("and", "or", "not")


class DefinitionReader(Struct):
    """Reads one policy; `problems` grows as it goes on."""

    path: Path
    prefixes: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    def read(self, written: Written) -> Condition | None:
        """The condition that a map stands for; None when it is wrong."""
        entries = written.entries
        if not entries:
            self._wrong(written, "a condition is a map with cond_type, or and, or, not")
            return None
        if logic := [name for name in _LOGIC if name in entries]:
            return self._joined(logic[0], entries[logic[0]])
        kind = entries.get("cond_type")
        readers: dict[str, Callable[[Written], Condition | None]] = {
            "attribute": self._attribute,
            "connection": self._connection,
            "filter": self._filter,
            "resource": self._allowed,
        }
        if kind is None:
            self._wrong(written, f"cond_type is missing: one of {', '.join(readers)}")
            return None
        if kind.value not in readers:
            self._unknown(kind, "cond_type", readers)
            return None
        return readers[kind.value](written)

    def _joined(self, logic: str, written: Written) -> Condition | None:
        if not written.members:
            self._wrong(written, f"{logic} holds no condition")
            return None
        parts = tuple(part for one in written.members if (part := self.read(one)) is not None)
        if logic != "not":
            return (Every if logic == "and" else Some)(parts) if parts else None
        if len(written.members) > 1:
            self._wrong(written, "not holds one condition, not several: join them by and")
            return None
        return Opposite(parts[0]) if parts else None

    def _attribute(self, written: Written) -> Condition | None:
        types = self._types(written, "resource_types")
        attribute = self._text(written, "attribute")
        name = self._text(written, "operator") or ""
        operator = OPERATORS.get(name.removeprefix(_JSONPATH))
        if name and operator is None:
            self._unknown(written.entries["operator"], "operator", OPERATORS)
        if operator is None:
            return None
        expected = self._value(written, name, operator.takes)
        path = None
        if attribute and name.startswith(_JSONPATH):
            try:
                path = parse_json_path(attribute)
            except PathError as problem:
                self._wrong(written.entries["attribute"], f"JSONPath {problem}")
        if types is None or attribute is None:
            return None
        return Attribute(types, attribute, operator, expected, path)

    def _value(self, written: Written, name: str, takes: Takes) -> Any:
        expected = written.entries.get("value")
        if takes is Takes.NOTHING:
            return None
        if expected is None:
            self._wrong(written, f"value is missing: {name} takes {takes.value}")
            return None
        if why := _misfit(takes, expected.plain):
            self._wrong(expected, f"{name} takes {takes.value}, not {why}")
        return expected.plain

    def _connection(self, written: Written) -> Condition | None:
        types = self._types(written, "resource_types")
        connected = self._types(written, "connected_resource_types")
        name = self._operator(written, "connection", tuple(Link))
        if types is None or connected is None or name is None:
            return None
        return Connection(types, connected, Link(name))

    def _filter(self, written: Written) -> Condition | None:
        attribute = self._text(written, "attribute")
        name = self._operator(written, "filter", ("within",))
        values = written.entries.get("value")
        if values is None:
            self._wrong(written, "value is missing: a filter takes a list of values")
        if attribute is None or name is None or values is None:
            return None
        return Filter(Types(), attribute, tuple(one.plain for one in values.members))

    def _allowed(self, written: Written) -> Condition | None:
        types = self._types(written, "resource_types")
        name = self._operator(written, "resource", ("exists", "not_exists"))
        if types is None or name is None:
            return None
        return Allowed(types, is_denied=name == "not_exists")

    def _operator(self, written: Written, kind: str, known: tuple[str, ...]) -> str | None:
        name = self._text(written, "operator")
        if name is None or name in known:
            return name
        self._unknown(written.entries["operator"], f"operator of a {kind}", known)
        return None

    def _types(self, written: Written, key: str) -> Types | None:
        found = written.entries.get(key)
        if found is None or found.value in ((), None):
            if key == "resource_types" and written.entries.get("cond_type"):
                return Types(prefixes=self.prefixes, is_all=True)
            self._wrong(written, f"{key} is missing: a list such as [aws_s3_bucket], or all")
            return None
        names = [one.value for one in found.members]
        for one in found.members:
            if not isinstance(one.value, str) or not re.fullmatch(r"\S+", one.value):
                self._wrong(one, f"{one.plain!r} is no resource type, such as aws_s3_bucket")
                return None
        match names[0].lower():
            case "all":
                return Types(prefixes=self.prefixes, is_all=True)
            case "taggable":
                return Types(prefixes=self.prefixes, is_taggable=True)
        return Types(tuple(names))

    def _text(self, written: Written, key: str) -> str | None:
        found = written.entries.get(key)
        if found is None:
            self._wrong(written, f"{key} is missing")
            return None
        if not isinstance(found.value, str) or not found.value:
            self._wrong(found, f"{key} is {found.plain!r}, not a text")
            return None
        return found.value

    def _unknown(self, written: Written, what: str, known: Iterable[str]) -> None:
        names = [*map(str, known)]
        value = str(written.plain)
        close = get_close_matches(value.removeprefix(_JSONPATH), names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
        self._wrong(written, f"{value!r} is no {what}; {hint}")

    def _wrong(self, written: Written, text: str) -> None:
        self.problems.append(Problem(self.path, written.line, text))


def _misfit(takes: Takes, value: Any) -> str:
    """What is wrong with a policy's value, "" when it is right."""
    return next(_misfits(takes, value), "")


def _misfits(takes: Takes, value: Any) -> Iterator[str]:
    match takes:
        case Takes.TEXT if isinstance(value, list | dict):
            yield repr(value)
        case Takes.NUMBER if not re.fullmatch(r"-?\d+", str(value)):
            yield repr(value)
        case Takes.LIST if isinstance(value, dict):
            yield repr(value)
        case Takes.NETWORKS if networks_of(value) is None:
            yield repr(value)
        case Takes.RANGE:
            parts = value if isinstance(value, list) else [value]
            yield from (repr(part) for part in parts if range_of(part) is None)
        case Takes.PATTERN:
            try:
                re.compile(str(value))
            except re.error as problem:
                yield f"{value!r}: {problem}"
