"""Bytes -> characters -> the JSON object among them, or what breaks it and at which byte."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.plan import lookalike
from policyscan.plan.shape import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

DEEPEST: Final = 256
"""Levels of nesting. Plans of real configurations have some 20; readers descend by recursion."""

_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

# An object at the start of a line, perhaps behind a colour reset or a byte order mark.
_JSON_LINE: Final = re.compile(r'^\ufeff?(?:\x1b\[[0-9;]*m)*(\{)(?=\s*["}])', re.MULTILINE)
_PLAN_OPENING: Final = re.compile(r'\{\s*"format_version"')
# A line of a log never starts as one of JSON does, `[command]` and `::debug::` apart.
_LOG_LINE: Final = re.compile(r'\s*(?:\Z|::|\[(?!true|false|null)[A-Za-z]+\]|[^\s\x00{}\[\]",:])')
_END_OF_JSON_LINE: Final = re.compile(r"(?:\s++|\x1b\[[0-9;]*m)*+(?:\Z|::)")
# What is left of the last token when a file ends inside a number, true, false or null.
_CUT_TOKEN: Final = re.compile(r"-|\.|[eE][+-]?|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?")
_CUT_ESCAPE: Final = re.compile(r"\\?u[0-9a-fA-F]{0,4}")
# Each escape in turn; the group is half of a pair, which no character stands for.
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
)


class NotAPlanError(Exception):
    """What is wrong and what to do, still without the name of the file."""


class Text(Struct, frozen=True):
    """The characters of a file, and how they came from its bytes."""

    characters: str
    codec: str
    mark_length: int

    def byte_at(self, position: int) -> int:
        """Byte offset in the file of a character position."""
        return self.mark_length + len(self.characters[:position].encode(self.codec))


def read_text(content: bytes) -> Text:
    """UTF-8 or UTF-16, with or without a byte order mark.

    Raises NotAPlanError: another encoding, cut off inside a character, nothing but white space.
    """
    mark, codec = next(
        ((mark, codec) for mark, codec in _BYTE_ORDER_MARKS if content.startswith(mark)),
        (b"", _unmarked_codec(content)),
    )
    try:
        characters = content[len(mark) :].decode(codec)
    except UnicodeDecodeError as error:
        if error.reason in ("unexpected end of data", "truncated data"):
            raise _cut_off(len(content)) from None
        position = len(mark) + error.start
        raise NotAPlanError(
            f"not a text: byte {position} is no {codec.upper()}; {lookalike.EXPORT}"
        ) from None
    if not characters.strip():
        what = "only white space" if content else "an empty file"
        raise NotAPlanError(f"{what}, not plan JSON; {lookalike.EXPORT}")
    return Text(characters, codec, len(mark))


def find_object(text: Text) -> int:
    """Position of the brace the document opens with, behind log lines if there are any.

    Raises NotAPlanError: a JSON value of another kind, or no JSON at all.
    """
    characters = text.characters
    first = len(characters) - len(characters.lstrip())
    if characters[first] == "{":
        return first
    _refuse_other_json(characters, first)
    line = _JSON_LINE.search(characters)
    if line and all(map(_LOG_LINE.match, characters[: line.start()].split("\n"))):
        return line.start(1)
    raise NotAPlanError(
        lookalike.of_text(characters)
        or f"not JSON: no line starts a JSON object; {lookalike.EXPORT}"
    )


def parse_object(text: Text, start: int) -> tuple[dict[str, Any], int]:
    """Parse the object that opens at `start`; also the position behind it.

    Raises NotAPlanError: cut off, malformed, a key given twice, or nested deeper than `DEEPEST`.
    """
    try:
        document, end = _DECODER.raw_decode(text.characters, start)
    except json.JSONDecodeError as error:
        raise _broken(text, start, error) from None
    except RecursionError:
        raise _too_deep() from None
    except _RepeatedKeyError:
        raise NotAPlanError(
            f"{_repeated_key(text, start)} is given twice, and nothing says which one counts; "
            f"{lookalike.EXPORT}"
        ) from None
    except ValueError:
        # Python reads no integer of more than 4300 digits.
        raise _too_long() from None
    _check_surrogates(text, start, end)
    _check_depth(document)
    return document, end


def check_rest(text: Text, end: int) -> None:
    """Let log lines follow the JSON, and nothing else.

    Raises NotAPlanError: a second document, a bracket too many, other leftovers.
    """
    rest = text.characters[end:]
    if not rest.strip():
        return
    same_line, *lines = rest.split("\n")
    if not (_END_OF_JSON_LINE.match(same_line) and all(map(_LOG_LINE.match, lines))):
        position = text.byte_at(end)
        raise NotAPlanError(
            f"the JSON ends at byte {position}, yet more than log lines follows; {lookalike.EXPORT}"
        )


def _unmarked_codec(content: bytes) -> str:
    """JSON and log lines start with ASCII, so a zero byte tells UTF-16 and its order."""
    if content[:1] == b"\x00":
        return "utf-16-be"
    return "utf-16-le" if content[1:2] == b"\x00" else "utf-8"


class _RepeatedKeyError(Exception):
    """An object gives a key twice: readers of JSON disagree on which one counts."""


def _refuse_constant(_constant: str) -> NoReturn:
    # Python would read NaN and Infinity; JSON has neither, and no report could print them.
    raise NotAPlanError(f"not valid JSON: it holds NaN or Infinity; {lookalike.EXPORT}")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _too_long()
    return number


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(members)
    if len(mapping) != len(members):
        raise _RepeatedKeyError
    return mapping


_DECODER: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_object
)


def check_keys(text: str) -> None:
    """Refuse a key given twice in a JSON text.

    Raises ValueError: it is, without saying which.
    """
    try:
        _DECODER.decode(text)
    except _RepeatedKeyError:
        raise ValueError from None


class _Members(list[tuple[str, Any]]):
    """An object as it is written, told apart from a list."""


def _repeated_key(text: Text, start: int) -> str:
    """The JSON path of the first key that its object gives twice."""
    decoder = json.JSONDecoder(object_pairs_hook=_Members)
    try:
        document, _ = decoder.raw_decode(text.characters, start)
    except (ValueError, RecursionError):
        # What comes behind it is broken besides.
        return "a key"
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while pending:
        path, value = pending.pop()
        seen: set[str | int] = set()
        below = []
        for step, member in _steps(value):
            if step in seen:
                return shown_path((*path, step))
            seen.add(step)
            if isinstance(member, list):
                below.append(((*path, step), member))
        pending.extend(reversed(below))
    raise AssertionError("the parser saw a key twice that is not there twice")


def _steps(value: _Members | list[Any]) -> Iterator[tuple[str | int, Any]]:
    return iter(value) if isinstance(value, _Members) else enumerate(value)


def _check_depth(document: dict[str, Any]) -> None:
    """Refuse what readers, which descend by recursion, could not come to the end of."""
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [
            member
            for parent in level
            for member in (parent.values() if type(parent) is dict else parent)
            if type(member) is dict or type(member) is list
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> NotAPlanError:
    return NotAPlanError(f"JSON nested too deeply for a plan; {lookalike.EXPORT}")


def _too_long() -> NotAPlanError:
    return NotAPlanError(f"a number too long for a plan; {lookalike.EXPORT}")


def _refuse_other_json(characters: str, first: int) -> None:
    """Raise when the whole text is one JSON value that is no object."""
    try:
        value, end = _DECODER.raw_decode(characters, first)
    except (ValueError, RecursionError, NotAPlanError, _RepeatedKeyError):
        return
    if characters[end:].strip():
        return
    if isinstance(value, list):
        raise NotAPlanError(lookalike.of_array(value))
    raise NotAPlanError(f"a single JSON value, not plan JSON; {lookalike.EXPORT}")


def _broken(text: Text, start: int, error: json.JSONDecodeError) -> NotAPlanError:
    characters = text.characters
    # Text for people may quote JSON; then it is the text that was given by mistake.
    if characters[:start].strip() and not _PLAN_OPENING.match(characters, start):
        kind = lookalike.of_text(characters)
        if kind:
            return NotAPlanError(kind)
    rest = characters[error.pos :].strip()
    if (
        not rest
        or error.msg.startswith("Unterminated string")
        or (error.msg.startswith("Invalid \\u") and _CUT_ESCAPE.fullmatch(rest))
        or _CUT_TOKEN.fullmatch(rest)
    ):
        return _cut_off(text.byte_at(len(characters)))
    return NotAPlanError(
        f"not valid JSON at byte {text.byte_at(error.pos)} (line {error.lineno}); "
        f"{lookalike.EXPORT}"
    )


def _cut_off(length: int) -> NotAPlanError:
    return NotAPlanError(
        f"cut off: the file ends at byte {length} in the middle of the JSON; write it again "
        "and see whether the disk was full or the command died"
    )


def _check_surrogates(text: Text, start: int, end: int) -> None:
    r"""Refuse "\ud800" alone: the string it makes cannot be printed in any encoding."""
    characters = text.characters
    if "\\ud" not in characters and "\\uD" not in characters:
        return
    for escape in _ESCAPE.finditer(characters, start, end):
        if escape[1]:
            position = text.byte_at(escape.start())
            raise NotAPlanError(
                f"half a character (a lone surrogate) at byte {position}; {lookalike.EXPORT}"
            )
