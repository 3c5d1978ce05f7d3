"""A resource graph in the DOT language, for Graphviz."""

from __future__ import annotations

from policyscan.report.graph_drawing import Box, Language, draw
from policyscan.report.graph_selection import Selection
from policyscan.report.screen import plain


def render_graph_dot(selection: Selection) -> str:
    """Instances as boxes in their modules, an arrow from what depends to what it depends on.

    Dashed where it only waits; an arrow that is not exact says so.
    """
    lines = [
        "digraph plan {",
        "  rankdir=LR;",
        '  node [shape=box, fontname="Helvetica"];',
        '  edge [fontname="Helvetica", fontsize=10];',
        *draw(selection, Language(_frame, "}", _box, _arrow)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _frame(number: int, label: str) -> str:
    return f"subgraph cluster_{number} {{ label={_quoted(label)};"


def _box(box: Box) -> str:
    label = _quoted(box.inside, box.word)
    thick = ", penwidth=3" if box.is_asked else ""
    return f"n{box.number} [label={label}, tooltip={_quoted(box.address)}{thick}];"


def _arrow(source: int, target: int, lines: tuple[str, ...], is_order: bool) -> str:  # noqa: FBT001
    style = ", style=dashed" if is_order else ""
    return f"n{source} -> n{target} [label={_quoted(*lines)}{style}];"


def _quoted(*lines: str) -> str:
    r"""A label: in it a quote ends it, `\N` and `&lt;` stand for something, `\n` breaks a line."""
    return '"' + r"\n".join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    return plain(text).replace("\\", r"\\").replace('"', r"\"").replace("&", "&amp;")
