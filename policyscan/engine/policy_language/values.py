"""The values a policy's attribute finds in a planned resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from policyscan.engine.policy_language.jsonpath import (
    Comparison,
    Matching,
    Member,
    Members,
    Name,
    Path,
)
from policyscan.plan.attributes import MISSING, child, is_marked, mark_of, parse_path
from policyscan.rule import Resource, Template, Unknown, decode_json

_WILD: Final = re.compile(r"\S+\.\*")
_TAGS: Final = "tags"


class Spot(Struct, frozen=True):
    """A value in a resource; `path` is where, as Terraform writes it.

    Unknown where only apply will tell, with Unknown for such parts of a list or map.
    `is_document`: it stands in a JSON text. `is_raw`: texts are kept as they are. `is_short`: it is
    not known, and the value asked for would stand inside it.
    """

    path: str
    value: Any
    is_document: bool = False
    is_raw: bool = False
    is_short: bool = False

    @property
    def settled(self) -> Any:
        """The value as Checkov compares it: a block of which there is one is no list."""
        return _settled(self.value, self.is_document, self.is_raw)


class Values:
    """What a resource will hold after this plan, found by a policy's attribute."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def find(self, attribute: str) -> tuple[Spot, ...]:
        """The values at a dotted path, `*` for every member; none when nothing is there."""
        if not _WILD.match(attribute):
            return tuple(self._named([self._root], attribute.split(".")))
        spots = [self._root]
        names: list[str] = []
        for part in attribute.split("."):
            if part != "*":
                names.append(part)
                continue
            spots = list(self._named(spots, names))
            names = []
            members = [inner for spot in spots for inner in _members(spot)]
            spots = [*spots, *members] if attribute.endswith(".*") else members
        return tuple(self._named(spots, names))

    def follow(self, path: Path) -> tuple[Spot, ...]:
        """The values at a JSONPath."""
        spots = [self._root]
        for step in path:
            match step:
                case Name(text=text, is_deep=True):
                    spots = [found for spot in spots for found in self._deep(spot, text)]
                case Name(text=text):
                    spots = [found for spot in spots for found in self._child(spot, text)]
                case Members(first=first, end=end):
                    spots = [one for spot in spots for one in _members(spot)[first:end]]
                case Member(index=index):
                    found = (_members(spot) for spot in spots)
                    spots = [m[index] for m in found if -len(m) <= index < len(m)]
                case Matching(comparisons=comparisons):
                    spots = [
                        kept
                        for spot in spots
                        for one in _members(spot)
                        for kept in self._matching(one, comparisons)
                    ]
        return tuple(spots)

    def is_sensitive(self, spot: Spot) -> bool:
        """Whether a value must not be shown."""
        return is_marked(self._resource.after_sensitive, parse_path(spot.path))

    @cached_property
    def _root(self) -> Spot:
        known = dict(self._resource.after or {})
        marks = self._resource.after_unknown
        names = {*known, *(marks if isinstance(marks, dict) else {})}
        merged = {
            name: _merged(known.get(name), mark_of(marks, name), name, self._resource)
            for name in sorted(names)
        }
        return Spot("", merged)

    def _named(self, spots: list[Spot], names: list[str]) -> Iterator[Spot]:
        if not names:
            yield from spots
            return
        for spot in spots:
            if isinstance(_opened(spot).value, Unknown):
                yield replace(spot, is_short=True)
                continue
            # A key may have dots of its own, as those of Kubernetes tags do.
            for size in range(len(names), 0, -1):
                found = self._child(spot, ".".join(names[:size]))
                if found:
                    yield from self._named(found, names[size:])
                    break

    def _child(self, spot: Spot, name: str) -> list[Spot]:
        spot = _opened(spot)
        match spot.value:
            case Unknown():
                return [replace(spot, is_short=True)]
            case dict() as entries if name in entries:
                is_raw = spot.is_raw or spot.path == _TAGS
                path = f"{spot.path}.{name}" if spot.path else name
                path = path if re.fullmatch(r"[\w-]+", name) else f'{spot.path}["{name}"]'
                return [Spot(path, entries[name], spot.is_document, is_raw)]
            case list() as members if name.isdecimal() and int(name) < len(members):
                return [_members(spot)[int(name)]]
            case [dict()]:
                return self._child(_members(spot)[0], name)
            case _:
                return []

    def _deep(self, spot: Spot, name: str) -> Iterator[Spot]:
        spot = _opened(spot)
        match spot.value:
            case Unknown():
                yield replace(spot, is_short=True)
            case dict() as entries:
                yield from self._child(spot, name) if name in entries else ()
                for inner in entries:
                    for found in self._child(spot, inner):
                        yield from self._deep(found, name)
            case list():
                for found in _members(spot):
                    yield from self._deep(found, name)

    def _matching(self, spot: Spot, comparisons: tuple[Comparison, ...]) -> Iterator[Spot]:
        answers = [self._compared(spot, one) for one in comparisons]
        if all(answers):
            yield spot
        elif False not in answers:
            yield replace(spot, value=Unknown(), is_short=True)

    def _compared(self, spot: Spot, comparison: Comparison) -> bool | None:
        found = [spot]
        for name in comparison.names:
            found = [inner for one in found for inner in self._child(one, name)]
        values = [one.settled for one in found]
        if any(isinstance(value, Unknown) for value in values):
            return None
        return any(_is_so(value, comparison.sign, comparison.value) for value in values)


def _is_so(actual: Any, sign: str, wanted: Any) -> bool:
    try:
        if isinstance(wanted, int) and not isinstance(wanted, bool):
            actual = int(actual)
        match sign:
            case "":
                return True
            case "=":
                return bool(actual == wanted)
            case "!=":
                return bool(actual != wanted)
            case "=~":
                return re.search(str(wanted), str(actual)) is not None
            case "<":
                return bool(actual < wanted)
            case "<=":
                return bool(actual <= wanted)
            case ">":
                return bool(actual > wanted)
            case _:
                return bool(actual >= wanted)
    except (TypeError, ValueError):
        return False


def _members(spot: Spot) -> list[Spot]:
    """The members of a list; a block or value that stands alone is a list of itself."""
    spot = _opened(spot)
    if not isinstance(spot.value, list):
        is_short = isinstance(spot.value, Unknown)
        return [] if spot.value is None else [replace(spot, is_short=is_short)]
    return [
        replace(spot, path=f"{spot.path}[{index}]", value=value, is_raw=not isinstance(value, dict))
        for index, value in enumerate(spot.value)
    ]


def _opened(spot: Spot) -> Spot:
    """The document in a JSON text, for who asks for a part of it."""
    text = spot.value.template if isinstance(spot.value, Unknown) else spot.value
    if not isinstance(text, str | Template) or spot.is_document:
        return spot
    try:
        document = decode_json(text)
    except ValueError:
        return spot
    is_document = isinstance(document, dict | list)
    return replace(spot, value=_known(document), is_document=True) if is_document else spot


def _known(document: Any) -> Any:
    """A document with Unknown in the place of templates."""
    match document:
        case dict():
            return {name: _known(value) for name, value in document.items()}
        case list():
            return [_known(value) for value in document]
        case Template():
            return Unknown(template=document)
        case _:
            return document


def _merged(value: Any, mark: Any, path: str, resource: Resource) -> Any:
    """A value with Unknown in the place of what is not known and somebody wrote."""
    if mark is True:
        template = value if isinstance(value, Template) else None
        return Unknown(template=template) if resource.is_written(path) else None
    if isinstance(value, dict) or isinstance(mark, dict):
        known = value if isinstance(value, dict) else {}
        names = {*known, *(mark if isinstance(mark, dict) else {})}
        return {
            name: _merged(known.get(name), mark_of(mark, name), f"{path}.{name}", resource)
            for name in sorted(names)
        }
    if isinstance(value, list) or isinstance(mark, list):
        known_members = value if isinstance(value, list) else []
        size = max(len(known_members), len(mark) if isinstance(mark, list) else 0)
        return [
            _merged(_present(child(known_members, i)), mark_of(mark, i), f"{path}[{i}]", resource)
            for i in range(size)
        ]
    return value


def _present(value: Any) -> Any:
    return None if value is MISSING else value


def _settled(value: Any, is_document: bool, is_raw: bool) -> Any:  # noqa: FBT001 - two of a kind
    match value:
        case str() if not (is_document or is_raw):
            return {"true": True, "false": False}.get(value.lower(), value)
        case dict():
            return {name: _settled(part, is_document, is_raw) for name, part in value.items()}
        case [single] if is_document or isinstance(single, dict):
            return _settled(single, is_document, is_raw)
        case list():
            return [_settled(part, is_document, not isinstance(part, dict)) for part in value]
        case _:
            return value
