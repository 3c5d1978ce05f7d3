"""Parts of a JSON document decoded in C, with proof that no key in them is given twice.

The proof: written again, a part is what it was. A key of two that counted would be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from policyscan.plan.shape import Kind, anything
from policyscan.plan.text import DEEPEST, check_keys

Part = msgspec.Raw
"""A value still to be decoded: a view of the text it stands in."""

NULL: Final = Part(b"null")

DEEP: Final = DEEPEST // 2
"""Levels in a part, which may lie as deep itself."""

_DEEP_LINE: Final = b"\n" + b" " * (DEEP - 1)
_SPACED: Final = re.compile(rb'\{(?:"[^"\\]*":)?[ \t\r\n]')
"""How an object begins that somebody else has written again."""
_HTML: Final = ((b"\\u003c", b"<"), (b"\\u003e", b">"), (b"\\u0026", b"&"))
"""What Go writes as escapes. Source: encoding/json, Encoder.SetEscapeHTML."""

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode
_decode_list: Final = msgspec.json.Decoder(list[Part] | None).decode


class UnusualError(Exception):
    """A part is not as Terraform writes it, or whether it is cannot be told here."""


def opened(part: Part, decode: Callable[[Part | bytes], Any]) -> dict[str, Any]:
    """An object down to the parts that the type of its decoder names, without other members.

    Raises as `value`: it is none that is right.
    """
    text: Part | bytes = part
    if _SPACED.match(part):
        text = msgspec.json.format(bytes(part), indent=-1)
    found: dict[str, Any] = decode(text)
    if _encode(found) != bytes(text):
        # Members of other names, or characters written as escapes.
        found = decode(_encode(value(part)))
    return found


def elements(part: Part) -> list[Part]:
    """The members of a list; null has none. Raises msgspec's errors: it is no list."""
    return _decode_list(part) or []


def value(part: Part) -> Any:
    """A whole value. Raises UnusualError, msgspec's, or ValueError: it is none that is right."""
    found = _decode(part)
    again = _encode(found)
    if again != bytes(part) and again != _plain(part):
        check_keys(bytes(part).decode())
    if again.count(b"{") + again.count(b"[") > DEEP - 2 and (
        _DEEP_LINE in msgspec.json.format(again, indent=1)
    ):
        raise UnusualError
    return found


def _plain(part: Part) -> bytes:
    """Its text as it is written here."""
    text: bytes = msgspec.json.format(bytes(part), indent=-1)
    for escape, character in _HTML:
        text = text.replace(escape, character)
    return text


class Shared:
    """Values of one document: those written alike are decoded once, and one object."""

    def __init__(self, kind: Kind = anything) -> None:
        self._kind = kind
        self._values: dict[bytes, Any] = {}

    def value(self, part: Part) -> Any:
        """As `value`. Raises Mismatch besides: it is not of the kind."""
        text = bytes(part)
        if text not in self._values:
            found = self._values[text] = value(part)
            self._kind(found)
        return self._values[text]
