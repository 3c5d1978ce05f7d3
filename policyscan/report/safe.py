"""Texts that stay texts wherever a report ends up: on a terminal, or in the log of a CI job."""

from __future__ import annotations

import re
from collections.abc import Callable

from policyscan.report.screen import plain

_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)
"""How a line starts that GitHub's runner obeys, and what it, Azure and TeamCity obey anywhere."""
_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")


def plain_lines(text: str) -> str:
    """What `plain` makes of a text, but of several lines, which stay apart."""
    return "\n".join(map(plain, text.split("\n")))


def clipped(text: str, most: int = 4_000) -> str:
    """The text, or as much of it as anyone reads and how long it is in all."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters in all)"


def inert(text: str, spelt: Callable[[str], str] | None = None) -> str:
    """The text without a line that a CI runner would take for a command, as when it is its log.

    `spelt` writes out the character that begins one, else JSON's spelling does.
    """
    spell = spelt or _spelt

    def broken(found: re.Match[str]) -> str:
        return spell("#") if found[1] is None else found[1] + spell(":")

    return _COMMAND.sub(broken, text)


def plain_json(text: str) -> str:
    """JSON that means the same, without a character that could steer a terminal or a CI runner."""
    # JSON spells control characters itself, but for one.
    is_usual = text.isascii() and "\x7f" not in text
    if not is_usual and not text.replace("\n", "").isprintable():
        text = _UNUSUAL.sub(
            lambda found: found[0] if found[0].isprintable() else _spelt(found[0]), text
        )
    # No line of JSON starts with a colon.
    # One character is looked for many times faster than two.
    return inert(text) if "#" in text and "##" in text else text


def _spelt(character: str) -> str:
    """As JSON spells a character: a pair of surrogates for one beyond the first plane."""
    units = character.encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
