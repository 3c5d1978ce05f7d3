"""What a plan says of one attribute: known, unknown until apply, or not set."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from policyscan.plan.template import Template


class Known(Struct, frozen=True):
    """A value Terraform has decided; lists and maps inside it hold no unknown part."""

    value: Any
    is_sensitive: bool = False

    def __hash__(self) -> int:
        """Lists and maps have none of their own: those of one kind share one."""
        try:
            return hash(self.value)
        except TypeError:
            return hash(type(self.value).__name__)

    def __str__(self) -> str:
        """Text fit for a message: never the value of something marked sensitive."""
        return "(sensitive)" if self.is_sensitive else str(self.value)


class Unknown(Struct, frozen=True):
    """A value only apply will tell; `why` names what it waits for.

    `template`: the text it will be made of, where a replay shows it.
    """

    why: str = "known after apply"
    template: Template | None = None


class Absent(Struct, frozen=True):
    """Not set: null, or an optional attribute nobody gave that the provider will fill."""


ABSENT: Final = Absent()
UNKNOWN: Final = Unknown()
Value = Known | Unknown | Absent


def number_of(value: Value) -> int | float | None:
    """The number of a known value. None: no number, or not told."""
    match value:
        case Known(value=bool()):
            return None
        case Known(value=int() | float() as number):
            return number
        case _:
            return None


def text_of(value: Value) -> str | None:
    """The text to tell a value by: of a Template, names in braces stand for the missing parts.

    No part of it holds a slash that is not in the text itself. None: not a text, or not told.
    Example: "service/main/${random_pet.name.id}".
    """
    match value:
        case Known(value=str() as text):
            return text
        case Unknown(template=Template(is_derived=False) as template):
            return template.filled(lambda part: str(part).replace("/", "|"))
        case _:
            return None
