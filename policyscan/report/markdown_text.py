"""Texts of a plan inside GitHub's Markdown: shown as they are, whatever is in them."""

from __future__ import annotations

import re
from typing import Final

from policyscan.report.safe import clipped, inert, plain_lines
from policyscan.report.screen import plain

_NOTHING: Final = "<!-- -->"
"""Not to be seen: what it parts is no mention, no reference to an issue and no link."""
_INLINE: Final = re.compile(
    r"(?P<mark>[\\`*_\[\]~|$])|(?P<html>[<>&])|(?P<parted>@|#(?=\d)|:(?=//)|\bwww(?=\.))",
    re.IGNORECASE,
)
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_START: Final = re.compile(r"(\d*)([-+=#:.)])")
"""What makes a list, a heading or a command for GitHub's runner of a line that starts with it."""


def shown(text: str, most: int = 2_000) -> str:
    """A text whose lines stay lines, and nothing else."""
    lines = (line.strip() for line in plain_lines(clipped(text, most)).split("\n"))
    return "\\\n".join(_line(line) for line in lines if line)


def code(text: str, most: int = 300) -> str:
    """A text in a code span."""
    inside = inert(plain(clipped(text, most)))
    fence = _longer_than_any("`", inside, 1)
    pad = " " if inside.startswith(("`", " ")) or inside.endswith(("`", " ")) or not inside else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def fenced(text: str, language: str, most: int = 4_000) -> str:
    """Lines in a code block."""
    inside = inert(plain_lines(clipped(text, most)))
    fence = _longer_than_any("`", inside, 3)
    return f"{fence}{language}\n{inside}\n{fence}"


def _line(line: str) -> str:
    escaped = _INLINE.sub(_escaped, line)
    return _START.sub(r"\1\\\2", escaped, count=1) if _START.match(escaped) else escaped


def _escaped(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "mark":
            return f"\\{found[0]}"
        case "html":
            return _ENTITIES[found[0]]
    return f"{found[0]}{_NOTHING}"


def _longer_than_any(mark: str, text: str, least: int) -> str:
    runs = re.findall(f"{re.escape(mark)}+", text)
    return mark * max(least, *(len(run) + 1 for run in runs), least)
