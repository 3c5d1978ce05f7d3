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
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@dataclass(frozen=True, slots=True)
class Style:
    """Writes control sequences only when `colour` is on."""

    colour: bool

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def strong(self, text: str) -> str:
        return self._paint(text, "1")

    def faint(self, text: str) -> str:
        return self._paint(text, "2")

    def good(self, text: str) -> str:
        return self._paint(text, "1;32")

    def warn(self, text: str) -> str:
        return self._paint(text, "33")

    def bad(self, text: str) -> str:
        return self._paint(text, "1;31")

    def severity(self, severity: Severity) -> str:
        return self._paint(str(severity), _CODES[severity])
