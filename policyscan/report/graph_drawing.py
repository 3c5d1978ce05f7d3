"""A resource graph as a drawing: boxes in frames and arrows, whatever the language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from policyscan.graph import Confidence, Edge, EdgeKind
from policyscan.plan.address import module_text
from policyscan.report.graph_selection import Selection, by_module, telling

_SURENESS = tuple(Confidence)


class Box(Struct, frozen=True):
    """An instance: its address, that address inside its frame, and what the plan does to it."""

    number: int
    address: str
    inside: str
    word: str
    is_asked: bool


class Language(Struct, frozen=True):
    """How a drawing is spelt.

    `frame` opens a module, of a number and a label, and `end` closes it. `box` is an instance.
    `arrow` runs between the numbers of two boxes, with its lines of text and whether it only
    orders.
    """

    frame: Callable[[int, str], str]
    end: str
    box: Callable[[Box], str]
    arrow: Callable[[int, int, tuple[str, ...], bool], str]


def draw(selection: Selection, language: Language) -> Iterator[str]:
    """The lines of a drawing: each instance once, in its modules, then one arrow for two of them.

    Text comes to the language as the plan has it, to be escaped there.
    """
    numbers = {node.name: number for number, node in enumerate(selection.nodes)}
    level = 0
    for number, (module, nodes) in enumerate(by_module(selection.nodes)):
        while module and level >= len(module):
            yield f"{'  ' * level}{language.end}"
            level -= 1
        if module:
            level += 1
            yield f"{'  ' * level}{language.frame(number, str(module[-1]))}"
        for node in nodes:
            inside = node.name.removeprefix(f"{module_text(module)}.")
            is_asked = node.name in selection.focus
            box = Box(numbers[node.name], node.name, inside, node.word, is_asked)
            yield f"{'  ' * (level + 1)}{language.box(box)}"
    for left in range(level, 0, -1):
        yield f"{'  ' * left}{language.end}"
    yield from _arrows(selection, numbers, language)


def _arrows(selection: Selection, numbers: dict[str, int], language: Language) -> Iterator[str]:
    by_ends: dict[tuple[str, str], list[Edge]] = {}
    for edge in telling(selection.edges):
        by_ends.setdefault((edge.source, edge.target), []).append(edge)
    for (source, target), edges in by_ends.items():
        is_order = all(edge.kind is EdgeKind.DEPENDS for edge in edges)
        arrow = language.arrow(numbers[source], numbers[target], _label(edges), is_order)
        yield f"  {arrow}"


def _label(edges: list[Edge]) -> tuple[str, ...]:
    """The attributes that take something, and how sure the surest of them is."""
    attributes = dict.fromkeys(edge.from_attribute for edge in edges if edge.from_attribute)
    surest = min((edge.confidence for edge in edges), key=_SURENESS.index)
    doubt = () if surest is Confidence.EXACT else (f"({surest})",)
    return (*attributes, *doubt)
