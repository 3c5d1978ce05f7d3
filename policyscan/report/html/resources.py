"""The resource graph as a scene: modules are containers, instances stand in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from policyscan.graph import Edge, EdgeKind
from policyscan.plan import Resource
from policyscan.plan.address import ModuleInstance, module_text
from policyscan.report.graph_selection import Node, Selection, by_module, telling
from policyscan.report.html.layout import placed
from policyscan.report.html.scene import BAND, Arrow, Cell, Scene

MOST_LINES: Final = 20_000
"""Lines beyond which a scene has none: they would be one black patch."""
_MOST_LOOSE: Final = 60
"""Instances of one module beyond which they are gathered by their types."""


def resource_scene(selection: Selection) -> Scene:
    """Every instance of a selection; what depends stands left of what it depends on."""
    found = {module: list(_cells(module, nodes)) for module, nodes in by_module(selection.nodes)}
    # A module comes before those inside it, so that backwards each is whole when it is taken up.
    for module in [each for each in reversed(found) if each]:
        name = module_text(module)
        inside = tuple(found.pop(module))
        cell = Cell(name, "module", str(module[-1]), address=name, cells=inside)
        found[module[:-1]].append(cell)
    root = Cell("", BAND, cells=tuple(found.get((), ())))
    arrows = _arrows(selection.edges)
    return placed(root, arrows if len(arrows) <= MOST_LINES else ())


def _cells(module: ModuleInstance, nodes: Sequence[Node]) -> Iterator[Cell]:
    if len(nodes) <= _MOST_LOOSE:
        yield from map(_cell, nodes)
        return
    by_type: dict[str, list[Node]] = {}
    for node in nodes:
        by_type.setdefault(type_of(node.resource), []).append(node)
    for name, members in by_type.items():
        if len(members) == 1:
            yield _cell(members[0])
        else:
            key = f"{module_text(module)} {name}"
            yield Cell(key, "type", name, address=key, cells=tuple(map(_cell, members)))


def _cell(node: Node) -> Cell:
    return replace(cell_of(node.resource), key=node.name, address=node.name, tone=node.word)


def cell_of(resource: Resource, shown: Callable[[str], str] = str) -> Cell:
    """An instance by itself; `shown` is what its address may be shown as."""
    address = shown(resource.address)
    inside = address.removeprefix(f"{shown(module_text(resource.module))}.")
    name = inside.removeprefix("data.").removeprefix(f"{resource.type}.")
    tone = Node(address, resource).word
    return Cell(address, "resource", name, type_of(resource), tone, address)


def type_of(resource: Resource) -> str:
    """Its type, told apart from that of a data source of the same name."""
    return f"{'data.' if resource.mode == 'data' else ''}{resource.type}"


def _arrows(edges: Sequence[Edge]) -> list[Arrow]:
    """One for two instances, with the attributes that take something."""
    by_ends: dict[tuple[str, str], list[Edge]] = {}
    for edge in telling(edges):
        by_ends.setdefault((edge.source, edge.target), []).append(edge)
    return [
        Arrow(
            source,
            target,
            "depends" if all(each.kind is EdgeKind.DEPENDS for each in some) else "value",
            ", ".join(dict.fromkeys(each.from_attribute for each in some if each.from_attribute)),
        )
        for (source, target), some in by_ends.items()
    ]
