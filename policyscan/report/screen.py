"""Text on a terminal: colour where it is wanted, and nothing from a plan that could steer it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from policyscan.rule import Severity

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}


def plain(text: str) -> str:
    """The text with every control character written out, so that a plan cannot move the cursor."""
    return "".join(
        character if character.isprintable() or character == " " else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"


def plain_lines(text: str) -> str:
    """The same for a text of several lines, which stay apart."""
    return "\n".join(map(plain, text.split("\n")))


def clipped(text: str, most: int = 4_000) -> str:
    """The text, or as much of it as anyone reads and how long it is in all."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters in all)"


_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")


def plain_json(text: str) -> str:
    """JSON that means the same, without a character that could steer a terminal or a CI runner."""
    return inert(_UNUSUAL.sub(_spelt, text))


def _spelt(found: re.Match[str]) -> str:
    """As JSON spells a character: a pair of surrogates for one beyond the first plane."""
    if found[0].isprintable():
        return found[0]
    units = found[0].encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)
"""How a line starts that GitHub's runner obeys, and what it, Azure and TeamCity obey anywhere."""


def inert(text: str, spelt: Callable[[str], str] = _escaped) -> str:
    """The text without a line that a CI runner would take for a command, as when it is its log.

    `spelt` writes out the character that begins one.
    """
    return _COMMAND.sub(
        lambda found: spelt("#") if found[1] is None else found[1] + spelt(":"), text
    )


@dataclass(frozen=True, slots=True)
class Style:
    """Writes control sequences only when `colour` is on."""

    colour: bool

    def _paint(self, text: str, style: str) -> str:
        if not self.colour:
            return text
        # Only terminals need it, and importing it would slow every other run.
        from rich.color import ColorSystem  # noqa: PLC0415
        from rich.style import Style as Paint  # noqa: PLC0415

        return Paint.parse(style).render(text, color_system=ColorSystem.STANDARD)

    def strong(self, text: str) -> str:
        """Bold."""
        return self._paint(text, "bold")

    def faint(self, text: str) -> str:
        """Dim."""
        return self._paint(text, "dim")

    def good(self, text: str) -> str:
        """Bold green."""
        return self._paint(text, "bold green")

    def warn(self, text: str) -> str:
        """Yellow."""
        return self._paint(text, "yellow")

    def bad(self, text: str) -> str:
        """Bold red."""
        return self._paint(text, "bold red")

    def severity(self, severity: Severity) -> str:
        """The severity's name in its colour."""
        return self._paint(str(severity), _STYLES[severity])
