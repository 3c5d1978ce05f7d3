"""A resource graph as text: what each instance takes its values from, or one way hop by hop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from policyscan.graph import Edge, EdgeKind
from policyscan.plan.address import module_text
from policyscan.report.graph_selection import Node, Selection, by_module, telling
from policyscan.report.screen import plain

_INDENT = "    "
_LEGEND = "attribute <- where its value comes from; (depends): it waits, nothing more"
_DEEPEST = 40
"""Levels shown at most: beyond them a tree is wider than any screen, and grows with its square."""


class _Direction(Struct, frozen=True):
    """One way to walk: the edges that leave a node, where they lead, and how a line reads."""

    leaving: dict[str, list[Edge]]
    far_end: Callable[[Edge], str]
    line: Callable[[Edge], str]


def render_graph_tree(selection: Selection, name: str, depth: int | None = None) -> str:
    """The whole graph module by module, or a node with both directions from it.

    `name` is the plan's. `depth` levels are nested: unless given 1 for the whole graph, where
    each instance has a place of its own, and all for one node.
    """
    edges = telling(selection.edges)
    down = _Direction(_grouped(edges, _source), _target, _taken)
    lines = [f"{name}: {len(selection.nodes)} instances, {len(edges)} edges", _LEGEND]
    if selection.focus:
        up = _Direction(_grouped(edges, _target), _source, _given)
        lines += _one(selection, down, up, min(depth or _DEEPEST, _DEEPEST))
    else:
        lines += _all(selection, down, min(depth or 1, _DEEPEST))
    return "\n".join(map(plain, lines)) + "\n"


def render_graph_path(selection: Selection) -> str:
    """The hops of a way, numbered: each starts where the one before it led."""
    start, end = selection.focus
    hops = selection.edges
    if not hops:
        return plain(f"no path from {start} to {end}") + "\n"
    lines = [f"from {start} to {end}: {len(hops)} {'hop' if len(hops) == 1 else 'hops'}", "", start]
    for number, edge in enumerate(hops, 1):
        lines.append(f"{number}. {_taken(edge)}")
        lines += [f"{_INDENT}via {step}" for step in edge.via]
    return "\n".join(map(plain, lines)) + "\n"


def _all(selection: Selection, down: _Direction, depth: int) -> Iterator[str]:
    shown: dict[str, int] = {}
    for module, nodes in by_module(selection.nodes):
        if not nodes:
            continue
        yield ""
        yield module_text(module) or "root module"
        for node in nodes:
            shown[node.name] = depth
            yield _heading(node)
            yield from (f"{_INDENT * 2}{line}" for line in _branches(node.name, down, depth, shown))


def _one(selection: Selection, down: _Direction, up: _Direction, depth: int) -> Iterator[str]:
    name = selection.focus[0]
    yield ""
    yield from (_heading(node) for node in selection.nodes if node.name == name)
    for title, direction in (("depends on", down), ("is depended on by", up)):
        yield f"{title}{'' if direction.leaving.get(name) else ' nothing'}"
        for line in _branches(name, direction, depth, {}, cut=", goes on"):
            yield f"{_INDENT}{line}"


def _branches(
    name: str, way: _Direction, depth: int, shown: dict[str, int], cut: str = ""
) -> Iterator[str]:
    """The lines below a node, those of a node that was shown as deep before left out.

    `shown` holds how many levels below each node have been written. `cut` marks a line whose own
    would be too deep.
    """
    trail = [name]
    stack = [iter(way.leaving.get(name, ()))]
    while stack:
        edge = next(stack[-1], None)
        if edge is None:
            stack.pop()
            trail.pop()
            continue
        far = way.far_end(edge)
        left = depth - len(stack)
        has_more = far in way.leaving
        # Terraform plans no circle; a graph with one must still come to an end.
        is_seen = far in trail or shown.get(far, 0) >= left
        seen = ", see above" if is_seen else ""
        note = seen if left > 0 else cut
        yield f"{_INDENT * (len(stack) - 1)}{way.line(edge)}{note if has_more else ''}"
        if has_more and left > 0 and not is_seen:
            shown[far] = left
            trail.append(far)
            stack.append(iter(way.leaving[far]))


def _grouped(edges: Iterable[Edge], end: Callable[[Edge], str]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in sorted(edges, key=_line_order):
        found.setdefault(end(edge), []).append(edge)
    return found


def _line_order(edge: Edge) -> tuple[bool, str, str, str, str]:
    """What flows before what is only waited for, then by who takes it and where."""
    is_order = edge.kind is EdgeKind.DEPENDS
    return is_order, edge.source, edge.from_attribute, edge.target, edge.to_attribute


def _heading(node: Node) -> str:
    return f"{node.sign or ' ':>3} {node.name}  {node.word}"


def _taken(edge: Edge) -> str:
    return f"{edge.from_attribute} <- {_taken_from(edge)}".lstrip()


def _given(edge: Edge) -> str:
    place = _place(edge.source, edge.from_attribute)
    taken = f" <- {edge.to_attribute}" if edge.to_attribute else ""
    return f"{place}{taken}  {_sureness(edge)}"


def _taken_from(edge: Edge) -> str:
    return f"{_place(edge.target, edge.to_attribute)}  {_sureness(edge)}"


def _place(name: str, attribute: str) -> str:
    return f"{name}.{attribute}" if attribute else name


def _sureness(edge: Edge) -> str:
    return f"({edge.confidence}{', depends' if edge.kind is EdgeKind.DEPENDS else ''})"


def _source(edge: Edge) -> str:
    return edge.source


def _target(edge: Edge) -> str:
    return edge.target
