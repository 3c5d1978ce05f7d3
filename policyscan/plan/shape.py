"""What the parts of a plan document must be, and where in it one is not.

A kind is a function that looks at a value and raises `Mismatch`; the kinds around it add their
step to the JSON path as the error passes through them, so that right documents pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from policyscan.errors import PlanError

Kind = Callable[[Any], None]

_NAMES: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}
_FOUND = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}

_HOLDS_VALUES = frozenset(
    {
        *("after", "after_identity", "after_sensitive", "after_unknown"),
        *("before", "before_identity", "before_sensitive"),
        *("constant_value", "default", "sensitive_values", "value", "values"),
    }
)
"""Below these keys a plan holds what users wrote, so that even a key may be a secret."""

_STATE = ".prior_state.values"
_LONGEST_STEP = 60


class Mismatch(Exception):  # noqa: N818 - caught here, and never an error of its own
    """A value is not of its kind; `path` leads to it, its last step first."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str | int] = []


def shown_path(path: Iterable[str | int]) -> str:
    """A JSON path, cut where values begin. Example: `resource_changes[3].change.actions`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier() and len(step) <= _LONGEST_STEP:
            text += f".{step}"
        else:
            text += f"[{step[:_LONGEST_STEP]!a}]"
        if step in _HOLDS_VALUES and text != _STATE:
            break
    return text.removeprefix(".") or "the document"


def found(value: Any) -> str:
    """What a value is, without the value itself."""
    return "null" if value is None else _FOUND.get(type(value), "a number")


def anything(_value: Any) -> None:
    """Any value."""


def text(value: Any) -> None:
    """A string."""
    if type(value) is not str:
        raise Mismatch(f"{found(value)}, not a string")


def truth(value: Any) -> None:
    """True or false."""
    if type(value) is not bool:
        raise Mismatch(f"{found(value)}, not true or false")


def step(value: Any) -> None:
    """A name or an index: an instance key, or a step of an attribute path."""
    if type(value) is not str and type(value) is not int:
        raise Mismatch(f"{found(value)}, neither a string nor a whole number")


def mapping(value: Any) -> None:
    """An object of any content."""
    if type(value) is not dict:
        raise Mismatch(f"{found(value)}, not an object")


def marks(value: Any) -> None:
    """A tree that marks parts of a value: true, false, or objects and lists of them."""
    parts: Iterable[Any] = ()
    if type(value) is dict:
        parts = value.values()
    elif type(value) is list:
        parts = value
    elif value is not None and type(value) is not bool:
        raise Mismatch(f"{found(value)}, not true, false or a tree of them")
    for part in parts:
        if part is not True and part is not False:
            marks(part)


def words(*known: str) -> Kind:
    """One of a closed set of words."""

    def check(value: Any) -> None:
        text(value)
        if value not in known:
            raise Mismatch(f"none of {', '.join(known)}")

    return check


def list_of(kind: Kind, *, may_be_empty: bool = True) -> Kind:
    """A list with members of a kind."""

    def check(value: Any) -> None:
        if type(value) is not list:
            raise Mismatch(f"{found(value)}, not a list")
        if not value and not may_be_empty:
            raise Mismatch("empty")
        index = 0
        try:
            for index, member in enumerate(value):  # noqa: B007 - the handler names it
                kind(member)
        except Mismatch as mismatch:
            mismatch.path.append(index)
            raise

    return check


def map_of(kind: Kind) -> Kind:
    """An object with members of a kind, whatever their names."""

    def check(value: Any) -> None:
        mapping(value)
        name = ""
        try:
            for name, member in value.items():  # noqa: B007 - the handler names it
                kind(member)
        except Mismatch as mismatch:
            mismatch.path.append(name)
            raise

    return check


def fields(required: dict[str, Kind] | None = None, /, **optional: Kind) -> Kind:
    """An object with known fields; others are let through, and an optional one may be null."""
    needed = required or {}
    kinds = {**needed, **optional}

    def check(value: Any) -> None:
        mapping(value)
        name = ""
        try:
            for name, kind in kinds.items():
                member = value.get(name)
                if member is not None:
                    kind(member)
                elif name in needed:
                    raise Mismatch("null" if name in value else "missing")  # noqa: TRY301
        except Mismatch as mismatch:
            mismatch.path.append(name)
            raise

    return check


class Shape(Struct, frozen=True):
    """The checks for one document; `name` is how messages call it."""

    name: str

    def require(self, value: Any, kind: Kind) -> None:
        """Check the whole document. Raises PlanError: a part of it is not of its kind."""
        try:
            kind(value)
        except Mismatch as mismatch:
            raise self.error(shown_path(reversed(mismatch.path)), mismatch.what) from None

    def error(self, where: str, what: str) -> PlanError:
        """The refusal of what stands at a JSON path."""
        return PlanError(
            f"{self.name}: {where} is {what}: no plan Terraform wrote; make it again with "
            "`terraform show -json`"
        )

    def check(self, value: Any, kind: type, where: str) -> Any:
        """The value. Raises PlanError: it is not of the kind."""
        if isinstance(value, kind):
            return value
        raise self.error(where, f"{found(value)}, not {_NAMES[kind]}")

    def objects(self, value: Any, where: str) -> list[dict[str, Any]]:
        """A list of objects. Raises PlanError: it is none."""
        self.check(value, list, where)
        return [self.check(each, dict, f"{where}[{i}]") for i, each in enumerate(value)]
