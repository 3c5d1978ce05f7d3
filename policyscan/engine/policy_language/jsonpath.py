"""The JSONPath of `jsonpath_` operators, read into steps.

Example: `policy.Statement[?(@.Effect == Allow & @.Sid =~ '^x')].Action[*]`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<descend>\.\.)
    | (?P<filter>\[\s*\?\s*\(?)
    | (?P<close>\)?\s*\])
    | (?P<open>\[)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<compare>==|!=|<=|>=|=~|<|>|=)
    | (?P<dot>\.)
    | (?P<and>&&?)
    | (?P<slice>-?\d*:-?\d*)
    | (?P<number>-?\d+(?=\s*[\])&]))
    | (?P<star>\*)
    | (?P<name>[@$]|[^\s\[\]()&|=!<>~.,'"*:?`]+(?::[^\s\[\]()&|=!<>~.,'"*?`]+)*)
    )""",
    re.VERBOSE,
)

_NAMING: Final = ("name", "text", "number", "star")
"""Tokens that say which member is meant."""


class PathError(ValueError):
    """A path this language does not have; says where it stops being understood."""


class Name(Struct, frozen=True):
    """`.name`, or `..name` at any depth."""

    text: str
    is_deep: bool = False


class Members(Struct, frozen=True):
    """`[*]`, `.*` or `[1:3]`: members of a list."""

    first: int | None = None
    end: int | None = None


class Member(Struct, frozen=True):
    """`[0]`: one member of a list."""

    index: int


class Comparison(Struct, frozen=True):
    """`@.name == value` inside a filter; without a sign, that the name is there."""

    names: tuple[str, ...]
    sign: str = ""
    value: Any = None


class Matching(Struct, frozen=True):
    """`[?(...)]`: the members of a list that satisfy every comparison."""

    comparisons: tuple[Comparison, ...]


Path = tuple[Name | Members | Member | Matching, ...]


def parse_json_path(text: str) -> Path:
    """Example: `a[0].b` is (Name("a"), Member(0), Name("b")). Raises PathError."""
    return _Reader(text).path()


class _Reader:
    """Takes a path's tokens one by one."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0

    def path(self) -> Path:
        steps: list[Name | Members | Member | Matching] = []
        if self._text[:1] == "$":
            self._at = 1
        while self._at < len(self._text):
            steps.append(self._step(is_first=not steps))
        if not steps:
            raise PathError(f"{self._text!r} names nothing")
        return tuple(steps)

    def _step(self, *, is_first: bool) -> Name | Members | Member | Matching:
        kind, found = self._take("dot", "descend", "open", "filter", *(_NAMING if is_first else ()))
        match kind:
            case "open":
                return self._bracket()
            case "filter":
                return self._filter()
            case "dot" | "descend":
                is_deep = kind == "descend"
                kind, found = self._take(*_NAMING)
                if kind != "star":
                    return Name(_unquoted(found), is_deep)
        return Members() if kind == "star" else Name(_unquoted(found))

    def _bracket(self) -> Name | Members | Member:
        kind, token = self._take("star", "slice", "number", "text", "name")
        self._take("close")
        match kind:
            case "star":
                return Members()
            case "slice":
                first, _, end = token.partition(":")
                return Members(int(first) if first else None, int(end) if end else None)
            case "number":
                return Member(int(token))
            case _:
                return Name(_unquoted(token))

    def _filter(self) -> Matching:
        found = [self._comparison()]
        while self._take("and", "close")[0] == "and":
            found.append(self._comparison())
        return Matching(tuple(found))

    def _comparison(self) -> Comparison:
        names = []
        found = self._take("name", "text")[1]
        if found != "@":
            names.append(_unquoted(found))
        while self._next() == "dot":
            self._take("dot")
            names.append(_unquoted(self._take("name", "text")[1]))
        if self._next() != "compare":
            return Comparison(tuple(names))
        sign = self._take("compare")[1].replace("==", "=")
        return Comparison(tuple(names), sign, self._literal())

    def _literal(self) -> Any:
        """A text with or without quotes, a number, true or false."""
        kind, found = self._take("text", "name", "number")
        if kind == "text":
            return _unquoted(found)
        if kind == "number":
            return int(found)
        while self._next() == "dot":
            found += self._take("dot")[1] + self._take("name", "number")[1]
        return {"true": True, "false": False}.get(found.lower(), found)

    def _next(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        return (match.lastgroup or "") if match else ""

    def _take(self, *kinds: str) -> tuple[str, str]:
        match = _TOKEN.match(self._text, self._at)
        kind = match.lastgroup if match else None
        if match is None or kind is None or (kinds and kind not in kinds):
            raise self._error(self._text[self._at :])
        self._at = match.end()
        return kind, match[kind]

    def _error(self, rest: str) -> PathError:
        return PathError(f"{self._text!r} is not understood from {rest.strip()[:20]!r} on")


def _unquoted(token: str) -> str:
    return token[1:-1] if token[:1] in {"'", '"'} else token
