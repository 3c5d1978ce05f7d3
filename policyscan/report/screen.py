"""Text on a terminal: colour where it is wanted, and nothing from a plan that could steer it."""

from __future__ import annotations

from dataclasses import dataclass

from policyscan.rule import Severity

_CODES = {
    Severity.CRITICAL: "1;31",
    Severity.HIGH: "31",
    Severity.MEDIUM: "33",
    Severity.LOW: "36",
}


def plain(text: str) -> str:
    """The text with every control character written out, so that a plan cannot move the cursor."""
    return "".join(
        character if character.isprintable() or character == " " else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}"


@dataclass(frozen=True, slots=True)
class Style:
    """Writes control sequences only when `colour` is on."""

    colour: bool

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def strong(self, text: str) -> str:
        """Bold."""
        return self._paint(text, "1")

    def faint(self, text: str) -> str:
        """Dim."""
        return self._paint(text, "2")

    def good(self, text: str) -> str:
        """Bold green."""
        return self._paint(text, "1;32")

    def warn(self, text: str) -> str:
        """Yellow."""
        return self._paint(text, "33")

    def bad(self, text: str) -> str:
        """Bold red."""
        return self._paint(text, "1;31")

    def severity(self, severity: Severity) -> str:
        """The severity's name in its colour."""
        return self._paint(str(severity), _CODES[severity])
