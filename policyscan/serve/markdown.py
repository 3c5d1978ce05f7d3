"""Text of a plan inside Markdown: it shows, and does nothing else."""

from __future__ import annotations

import re
from typing import Final

from policyscan.report.screen import plain

_ACTIVE: Final = re.compile(r"[\\`*_{}\[\]()#+\-.!|~=]")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", ":": "&#58;", "@": "&#64;"}
"""Of HTML, and what makes a link, a mention or an emoji of a word where nothing asks for one."""
_TICKS: Final = re.compile(r"`+")


def text(words: str) -> str:
    """Words on one line that no reader takes for markup."""
    escaped = _ACTIVE.sub(lambda found: f"\\{found[0]}", plain(words).replace("&", "&amp;"))
    for character, entity in _ENTITIES.items():
        if character != "&":
            escaped = escaped.replace(character, entity)
    return escaped


def code(lines: str) -> str:
    """Lines in a fence that they cannot end."""
    longest = max((len(found) for found in _TICKS.findall(lines)), default=0)
    fence = "`" * max(3, longest + 1)
    shown = "\n".join(plain(line) for line in lines.splitlines())
    return f"{fence}hcl\n{shown}\n{fence}"
