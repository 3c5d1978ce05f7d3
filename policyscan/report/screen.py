"""Text on a terminal: colour where it is wanted, and nothing from a plan that could steer it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from msgspec import Struct

from policyscan.rule import Severity

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}


def plain(text: str) -> str:
    """The text with every control character written out, so that a plan cannot move the cursor."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"


def wrapped(text: str, width: int, indent: str = "    ", hang: str = "") -> Iterator[str]:
    """The text in lines of `width` columns, but never less than 40, behind an indent.

    What follows the first line is behind `hang`, four columns further in where that is "".
    """
    yield from textwrap.wrap(
        plain(text),
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=hang or f"{indent}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


class Style(Struct, frozen=True):
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
