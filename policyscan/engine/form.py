"""What a configuration file may hold: one description, read as checks and as JSON Schema."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol

from msgspec import Struct, field

from policyscan.errors import ConfigError
from policyscan.rule import Parameter
from policyscan.rule.parameter import shown

NOTHING: Final = r"(?!)"
"""A pattern of nothing."""
_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


class Flaw(Struct, frozen=True):
    """What is wrong with the value that `path` leads to, in words that follow its name."""

    path: tuple[str, ...]
    text: str


class Form(Protocol):
    """The form of one value."""

    def flaws(self, value: object) -> Iterator[Flaw]:
        """Everything that is wrong with a value."""
        ...

    @property
    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""
        ...


class Text(Struct, frozen=True):
    """A text; `what` says what it means."""

    what: str
    may_be_blank: bool = True

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is none, or says nothing."""
        if not isinstance(value, str):
            yield Flaw((), f"{shown(value)} is not a text")
        elif not (self.may_be_blank or value.strip()):
            yield Flaw((), "says nothing")

    @property
    def schema(self) -> dict[str, Any]:
        """A string."""
        blank = {} if self.may_be_blank else {"pattern": r"\S"}
        return {"description": self.what, "type": "string", **blank}


class Day(Struct, frozen=True):
    """A date of the calendar, as ISO 8601 writes it."""

    what: str

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is none."""
        if day_of(value) is None:
            yield Flaw((), f"{shown(value)} is no date, such as 2027-01-31")

    @property
    def schema(self) -> dict[str, Any]:
        """A string such as `2027-01-31`."""
        return {
            "description": self.what,
            "type": "string",
            "format": "date",
            "pattern": _DAY.pattern,
        }


def day_of(value: object) -> date | None:
    """The date that a text such as `2027-01-31` is."""
    try:
        return date.fromisoformat(str(value)) if _DAY.match(str(value)) else None
    except ValueError:
        return None


class Texts(Struct, frozen=True):
    """A list of texts; `example` is one of them."""

    what: str
    example: str

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is no list, or something else is in it."""
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            yield Flaw((), f"{shown(value)} is not a list of texts, such as [{self.example}]")

    @property
    def schema(self) -> dict[str, Any]:
        """An array of strings."""
        return {"description": self.what, "type": "array", "items": {"type": "string"}}


class Switch(Struct, frozen=True):
    """Yes or no."""

    what: str

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is neither."""
        if not isinstance(value, bool):
            yield Flaw((), f"{shown(value)} is not one of true, false")

    @property
    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"description": self.what, "type": "boolean"}


class Amount(Struct, frozen=True):
    """A number above nothing."""

    what: str

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is none."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
            return
        yield Flaw((), f"{shown(value)} is not a number above 0")

    @property
    def schema(self) -> dict[str, Any]:
        """A number."""
        return {"description": self.what, "type": "number", "exclusiveMinimum": 0}


class Word(Struct, frozen=True):
    """One of a few words."""

    what: str
    words: tuple[str, ...]

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is none of them."""
        if value not in self.words:
            yield Flaw((), f"{shown(value)} is not one of {', '.join(self.words)}")

    @property
    def schema(self) -> dict[str, Any]:
        """An enumeration."""
        return {"description": self.what, "enum": list(self.words)}


class Truth(Struct, frozen=True):
    """True or false."""

    what: str

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is neither."""
        if not isinstance(value, bool):
            yield Flaw((), f"{shown(value)} is neither true nor false")

    @property
    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"description": self.what, "type": "boolean"}


class Names(Struct, frozen=True):
    """A list of names that are known, or patterns that one of them matches.

    `refused` says of names that may not stand here why. `foreign` is what names of others look
    like, of which nobody knows here whether there are any.
    """

    what: str
    known: tuple[str, ...]
    refused: Mapping[str, str]
    foreign: str = NOTHING

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is no list, or names something unknown."""
        if not isinstance(value, list | tuple):
            yield Flaw((), f"{shown(value)} is not a list, such as [{self.known[0]}]")
            return
        for name in value:
            if str(name) in self.refused:
                yield Flaw((), f"{name}: {self.refused[str(name)]}")
            elif not (
                any(fnmatchcase(each, str(name)) for each in self.known)
                or re.match(self.foreign, str(name))
            ):
                yield Flaw((), f"no rule or group is called {name!r}{hint(name, self.known)}")

    @property
    def schema(self) -> dict[str, Any]:
        """A known name, or anything that is a pattern."""
        patterns = [r"[*?\[]", *([self.foreign] if self.foreign != NOTHING else [])]
        one = {
            "anyOf": [
                {"enum": list(self.known)},
                *({"type": "string", "pattern": each} for each in patterns),
            ]
        }
        return {"description": self.what, "type": "array", "items": one}


class Value(Struct, frozen=True):
    """What a parameter may be set to."""

    parameter: Parameter

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is of another kind, or out of range."""
        try:
            self.parameter.checked(value)
        except ConfigError as problem:
            yield Flaw((), str(problem))

    @property
    def schema(self) -> dict[str, Any]:
        """The parameter's."""
        return self.parameter.schema


class Named(Struct, frozen=True):
    """A map with keys that nobody can know beforehand; `each` is the form of its values."""

    what: str
    each: Form

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is no map, or what is wrong below a key."""
        if not isinstance(value, dict):
            yield Flaw((), f"{shown(value)} is not a map")
            return
        for key, below in value.items():
            for flaw in self.each.flaws(below):
                yield Flaw((str(key), *flaw.path), flaw.text)

    @property
    def schema(self) -> dict[str, Any]:
        """An object of any properties."""
        return {
            "description": self.what,
            "type": "object",
            "additionalProperties": self.each.schema,
        }


class Table(Struct, frozen=True):
    """A map whose keys are known; `kind` is what a key is called.

    `remarks` says of keys that are likely, but none, what to know of them. `needed` are the keys
    that have to be there.
    """

    what: str
    fields: Mapping[str, Form]
    kind: str = "key"
    remarks: Mapping[str, str] = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is no map, has an unknown key, or what is wrong below a known one."""
        if not isinstance(value, dict):
            yield Flaw((), f"{shown(value)} is not a map of {self._listed}")
            return
        for key, below in value.items():
            if key not in self.fields:
                yield Flaw((str(key),), f"no {self.kind} is called so{self._hint(key)}")
                continue
            for flaw in self.fields[key].flaws(below):
                yield Flaw((key, *flaw.path), flaw.text)
        for key in self.needed:
            if key not in value:
                yield Flaw((), f"gives no {key}")

    @property
    def schema(self) -> dict[str, Any]:
        """An object without other properties."""
        return {
            "description": self.what,
            "type": "object",
            "properties": {key: form.schema for key, form in self.fields.items()},
            "additionalProperties": False,
            **({"required": list(self.needed)} if self.needed else {}),
        }

    @property
    def _listed(self) -> str:
        few = list(self.fields)[:6]
        return ", ".join(few) + (", ..." if len(self.fields) > len(few) else "")

    def _hint(self, key: object) -> str:
        if key in self.remarks:
            return f"; {self.remarks[str(key)]}"
        return hint(key, self.fields) or (f"; there is {self._listed}" if self.fields else "")


class Items(Struct, frozen=True):
    """A list of values of one form."""

    what: str
    each: Form

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is no list, or what is wrong with one of its values."""
        if not isinstance(value, list):
            yield Flaw((), f"{shown(value)} is not a list")
            return
        for number, below in enumerate(value):
            for flaw in self.each.flaws(below):
                yield Flaw((str(number), *flaw.path), flaw.text)

    @property
    def schema(self) -> dict[str, Any]:
        """An array."""
        return {"description": self.what, "type": "array", "items": self.each.schema}


def hint(name: object, known: Iterable[str]) -> str:
    """The known name that is likeliest meant, as the end of a message; "" when none is near."""
    import difflib  # noqa: PLC0415 - only what is wrong has to be told what it may mean

    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
