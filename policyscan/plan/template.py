"""Text of which only parts are known before apply, and where the rest will come from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

# Private-use characters: no plan holds them, and JSON carries them as they are.
_MARK = re.compile("\ue000(\\d+)\ue001")
_DEEPEST = 64
"""Levels of a document. Policies and container definitions have some eight."""


class Taken(Struct, frozen=True):
    """A part of a text that another instance's attribute will fill in.

    `is_whole`: the attribute's whole value, and not something cut out of it. Without an address
    it is a part that was worked out of an attribute beyond recognition, by a hash for one.
    """

    address: str
    attribute: str
    is_whole: bool = True

    def __str__(self) -> str:
        """Written as HCL would: `${aws_ecr_repository.app.repository_url}`."""
        if not self.address:
            return "(known after apply)"
        return f"${{{self.address}.{self.attribute}}}"


DERIVED = Taken("", "", is_whole=False)
"""A part that depends on a value only apply will tell, in a way nothing here can follow."""


class Template(Struct, frozen=True):
    """Texts and what will stand between them, in order; never two texts side by side.

    Example: (Taken("aws_ecr_repository.app", "repository_url"), ":1.0").
    """

    parts: tuple[str | Taken, ...]
    is_sensitive: bool = False

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What other instances will fill in, each once, in order."""
        found = (part for part in self.parts if isinstance(part, Taken) and part.address)
        return tuple(dict.fromkeys(found))

    @property
    def is_derived(self) -> bool:
        """Whether a part of it cannot be told."""
        return DERIVED in self.parts

    @property
    def text(self) -> str:
        """The known parts alone."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def filled(self, fill: Callable[[Taken], str]) -> str:
        """The text with each part another instance gives put in by `fill`."""
        return "".join(part if isinstance(part, str) else fill(part) for part in self.parts)

    def __str__(self) -> str:
        """Text fit for a message: never that of something marked sensitive."""
        return "(sensitive)" if self.is_sensitive else self.filled(str)

    def decoded(self) -> Any:
        """The JSON document it is, with a Template for every text that is not wholly known.

        Keys are texts, in which what is missing is written as HCL would.
        Raises ValueError: it is no JSON, whatever the missing parts will be.
        """
        return _with_plain_keys(self.document())

    def document(self) -> Any:
        """The same with Templates for keys too. Raises ValueError: it is no JSON."""
        if "\ue000" in self.text or "\\ue000" in self.text.lower():
            raise ValueError("a character that stands for missing parts")
        parts: list[Taken] = []

        def mark(part: Taken) -> str:
            parts.append(part)
            return f"\ue000{len(parts) - 1}\ue001"

        document = _read(self.filled(mark))
        return _restored(document, parts, is_sensitive=self.is_sensitive)


def _read(text: str) -> Any:
    """Raises ValueError: no JSON, or nested so deeply that readers cannot descend."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    layer = [document]
    for _ in range(_DEEPEST):
        layer = [
            inner
            for each in layer
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return document
    raise ValueError("nested too deeply")


def decode_json(text: str | Template) -> Any:
    """The JSON document a text is, as `Template.decoded`.

    Raises ValueError: it is none, or nested so deeply that readers cannot descend.
    """
    return _read(text) if isinstance(text, str) else text.decoded()


def template_of(parts: Iterator[str | Taken], *, is_sensitive: bool = False) -> str | Template:
    """Put parts together: plain text when nothing is missing."""
    joined: list[str | Taken] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    if all(isinstance(part, str) for part in joined):
        return "".join(map(str, joined))
    return Template(tuple(joined), is_sensitive)


def encoded(tree: Any) -> str | Template:
    """A JSON document of which some texts are Templates, as one text: undoes `document`."""
    parts: list[Taken] = []

    def mark(part: Taken) -> str:
        parts.append(part)
        return f"\ue000{len(parts) - 1}\ue001"

    def marked(value: Any) -> Any:
        match value:
            case Template():
                return value.filled(mark)
            case list():
                return [marked(each) for each in value]
            case dict():
                return {marked(key): marked(inner) for key, inner in value.items()}
            case _:
                return value

    text = json.dumps(marked(tree), ensure_ascii=False, separators=(",", ":"))
    return template_of(_split(text, parts))


def _split(text: str, taken: list[Taken]) -> Iterator[str | Taken]:
    for index, part in enumerate(_MARK.split(text)):
        yield taken[int(part)] if index % 2 else part


def _restored(value: Any, taken: list[Taken], *, is_sensitive: bool) -> Any:
    if isinstance(value, str):
        return template_of(_split(value, taken), is_sensitive=is_sensitive)
    if isinstance(value, list):
        return [_restored(each, taken, is_sensitive=is_sensitive) for each in value]
    if isinstance(value, dict):
        return {
            _restored(key, taken, is_sensitive=is_sensitive): _restored(
                inner, taken, is_sensitive=is_sensitive
            )
            for key, inner in value.items()
        }
    return value


def _with_plain_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_plain_keys(each) for each in value]
    if isinstance(value, dict):
        return {
            key.filled(str) if isinstance(key, Template) else key: _with_plain_keys(inner)
            for key, inner in value.items()
        }
    return value
