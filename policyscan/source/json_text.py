"""JSON whose every value knows where it stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.source.model import Deferred
from policyscan.source.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyscan.source.model import Expression, Span
    from policyscan.source.text import Text

_SPACE: Final = re.compile(r"[\s,:]*")
_DECODER: Final = json.JSONDecoder()


class Json(Struct, frozen=True):
    """A JSON value with its place: members of an object as pairs, elements of an array.

    `key` is where the name of a member starts, and the start of any other value.
    """

    text: Text
    key: int
    start: int
    end: int
    value: Any

    @property
    def span(self) -> Span:
        """Where the value stands."""
        return self.text.span(self.start, self.end)

    @property
    def whole(self) -> Span:
        """Where the value and its name stand."""
        return self.text.span(self.key, self.end)

    @property
    def head(self) -> Span:
        """Where an object opens: its name and the brace."""
        return self.text.span(self.key, self.start + 1)

    @property
    def parts(self) -> tuple[tuple[str | int, Json], ...]:
        """The members of an object, the elements of an array, nothing of anything else."""
        if self.pairs is not None:
            return self.pairs
        return tuple(enumerate(self.value)) if isinstance(self.value, tuple) else ()

    @property
    def pairs(self) -> tuple[tuple[str, Json], ...] | None:
        """The members of an object, None for anything else."""
        return self.value if self.text.content[self.start] == "{" else None

    @property
    def objects(self) -> tuple[Json, ...]:
        """The object itself, or the objects of the array, or nothing."""
        if self.pairs is not None:
            return (self,)
        is_array = self.text.content[self.start] == "["
        return tuple(each for each in self.value if each.pairs is not None) if is_array else ()


def read_json(text: Text) -> Json:
    """Read a whole text. Raises SourceError: it is not JSON."""
    try:
        json.loads(text.content)
    except json.JSONDecodeError as error:
        raise text.error(error.pos, f"is not JSON: {error.msg}; correct it") from error
    except ValueError as error:
        raise text.error(0, "holds a number too long to read; write it as a string") from error
    start = _skip(text, 0)
    return _value(text, start, start)


def _skip(text: Text, position: int) -> int:
    match = _SPACE.match(text.content, position)
    return position if match is None else match.end()


def _value(text: Text, key: int, start: int) -> Json:
    """The value at a position of a text that is known to be JSON."""
    if text.content[start] == "[":
        elements: list[Json] = []
        position = _skip(text, start + 1)
        while text.content[position] != "]":
            elements.append(_value(text, position, position))
            position = _skip(text, elements[-1].end)
        return Json(text, key, start, position + 1, tuple(elements))
    if text.content[start] == "{":
        pairs: list[tuple[str, Json]] = []
        position = _skip(text, start + 1)
        while text.content[position] != "}":
            name, end = _DECODER.raw_decode(text.content, position)
            pairs.append((name, _value(text, position, _skip(text, end))))
            position = _skip(text, pairs[-1][1].end)
        return Json(text, key, start, position + 1, tuple(pairs))
    value, end = _DECODER.raw_decode(text.content, start)
    return Json(text, key, start, end, value)


def json_place(node: Json, described: Expression, describe: Callable[[Json], Expression]) -> Place:
    """Where a value stands, and everything in it once it is asked for."""
    inside = Deferred(
        lambda: {name: json_place(part, describe(part), describe) for name, part in node.parts}
    )
    return Place(node.whole, node.whole, inside, described)
