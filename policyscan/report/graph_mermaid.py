"""A resource graph as a Mermaid flowchart, which GitHub and GitLab draw inside Markdown."""

from __future__ import annotations

import re

from policyscan.report.graph_drawing import Box, Language, draw
from policyscan.report.graph_selection import Selection
from policyscan.report.screen import plain

_SAFE = frozenset(" .,-/=()[]")
"""Besides letters and digits; an underscore only where it cannot begin or end emphasis."""
_BEGINNINGS = frozenset("$:\\\ufb02\u00b6")
"""What begins a formula (`$$`), an icon (`fa:fa-x`), a line break (`\\n`) or an entity in Mermaid's
own spelling even after it was coded."""
_JOINER = "#8288;"
"""U+2060: not to be seen, and what it follows begins nothing any more."""
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def render_graph_mermaid(selection: Selection) -> str:
    """Instances as boxes in their modules, an arrow from what depends to what it depends on.

    Dotted where it only waits; an arrow that is not exact says so.
    """
    lines = draw(selection, Language(_frame, "end", _box, _arrow))
    return "\n".join(["flowchart LR", *lines]) + "\n"


def _frame(number: int, label: str) -> str:
    return f"subgraph m{number}[{_quoted(label)}]"


def _box(box: Box) -> str:
    opening, closing = ("[[", "]]") if box.is_asked else ("[", "]")
    return f"n{box.number}{opening}{_quoted(box.inside, box.word)}{closing}"


def _arrow(source: int, target: int, lines: tuple[str, ...], is_order: bool) -> str:  # noqa: FBT001
    line = "-.->" if is_order else "-->"
    label = f"|{_quoted(*lines)}|" if lines else ""
    return f"n{source} {line}{label} n{target}"


def _quoted(*lines: str) -> str:
    return '"' + "<br/>".join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    """Mermaid's entity codes, `#34;`, for whatever its grammar, Markdown or HTML could take up."""
    shown = plain(text)
    emphasis = {match.start() for match in _EMPHASIS.finditer(shown)}
    return "".join(
        _coded(character, is_safe=position not in emphasis)
        for position, character in enumerate(shown)
    )


def _coded(character: str, *, is_safe: bool) -> str:
    is_plain = character.isalnum() or character in _SAFE or (character == "_" and is_safe)
    code = character if is_plain else f"#{ord(character)};"
    return f"{code}{_JOINER}" if character in _BEGINNINGS else code
