"""The part of a resource graph that is shown: the whole, what is around a node, or a way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from policyscan.errors import PolicyscanError
from policyscan.graph import Confidence, Edge, EdgeKind, ResourceGraph
from policyscan.graph.scope import node_of
from policyscan.plan import Resource
from policyscan.plan.address import ModuleInstance, module_text, parse_module

_MOST_EDGES = 500_000
_SURENESS = tuple(Confidence)
_CHANGES = {
    ("create",): ("+", "create"),
    ("delete",): ("-", "destroy"),
    ("update",): ("~", "update"),
    ("delete", "create"): ("-/+", "replace"),
    ("create", "delete"): ("+/-", "replace"),
    ("read",): ("<=", "read"),
    ("forget",): (".", "forget"),
    ("no-op",): ("", "no change"),
}
"""Terraform's own signs, and words for those who do not know them."""


class Kind(StrEnum):
    """Which edges are shown.

    `told` is for people: where values come from, and what stands in `depends_on`. Whatever else
    Terraform waits for (a `for_each`, the whole of a module behind one of its outputs) is in
    `depends` and `all`.
    """

    TOLD = "told"
    VALUE = "value"
    DEPENDS = "depends"
    ALL = "all"


class Node(Struct, frozen=True):
    """A resource instance under its name in the graph.

    `is_made_up`: it is a data source, and nobody knows what it finds.
    """

    name: str
    resource: Resource
    is_made_up: bool = False

    @property
    def sign(self) -> str:
        """How Terraform marks what the plan does to it: `+`, `~`, `-/+`."""
        return self._change[0]

    @property
    def word(self) -> str:
        """The same in words, and that it is made up."""
        return f"{self._change[1]}, made up" if self.is_made_up else self._change[1]

    @property
    def _change(self) -> tuple[str, str]:
        return _CHANGES.get(self.resource.actions, ("?", ", ".join(self.resource.actions)))


class Selection(Struct, frozen=True):
    """Nodes in order of module and name, and edges of which both ends are among them.

    `focus` are the names the selection was made for, none for the whole graph.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    focus: tuple[str, ...] = ()


def names(graph: ResourceGraph) -> tuple[str, ...]:
    """The names of all nodes, in order."""
    return tuple(sorted(node_of(resource) for resource in graph.plan.resources))


def whole(graph: ResourceGraph, kind: Kind) -> Selection:
    """Every instance, and every edge of the kind. Raises PolicyscanError: far too many edges."""
    return selected(graph, names(graph), _counted(_of_kind(graph, graph.edges.all(), kind)))


def around(graph: ResourceGraph, name: str, kind: Kind, depth: int | None = None) -> Selection:
    """What a node depends on and what depends on it, up to `depth` steps away, None for all.

    Raises PolicyscanError: far too many edges.
    """
    below = _reached(name, depth, lambda at: _of_kind(graph, graph.edges.out_of(at), kind), _target)
    above = _reached(name, depth, lambda at: _of_kind(graph, graph.edges.into(at), kind), _source)
    edges = _counted(chain(below, above))
    met = (name, *map(_source, edges), *map(_target, edges))
    return selected(graph, met, edges, (name,))


def between(graph: ResourceGraph, start: str, end: str, kind: Kind) -> Selection:
    """The shortest way by which one node depends on another, edges in its order, or none."""
    is_any = kind is Kind.ALL
    hops = graph.edges.path(start, end) if is_any else _way(graph, start, end, kind)
    chosen = selected(graph, (start, end, *map(_target, hops)), (), (start, end))
    return Selection(chosen.nodes, hops, chosen.focus)


def redacted(selection: Selection, shown: Callable[[str], str]) -> Selection:
    """The same with every address as it may be shown: an instance key can be a secret."""

    def node(each: Node) -> Node:
        module = parse_module(shown(module_text(each.resource.module)))
        address = shown(each.resource.address)
        resource = replace(each.resource, address=address, module=module)
        return Node(shown(each.name), resource, each.is_made_up)

    def edge(each: Edge) -> Edge:
        return replace(
            each,
            source=shown(each.source),
            target=shown(each.target),
            via=tuple(map(shown, each.via)),
        )

    return Selection(
        tuple(map(node, selection.nodes)),
        tuple(map(edge, selection.edges)),
        tuple(map(shown, selection.focus)),
    )


def telling(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges a person wants to see: each once, at its surest.

    A node waits for whatever it takes a value from, so an edge of kind `depends` tells something
    only where no value comes from the same node.
    """
    best: dict[tuple[str, str, EdgeKind, str, str], Edge] = {}
    for edge in edges:
        key = (edge.source, edge.target, edge.kind, edge.from_attribute, edge.to_attribute)
        known = best.get(key)
        if known is None or _doubt(edge) < _doubt(known):
            best[key] = edge
    giving = {(e.source, e.target) for e in best.values() if e.kind is EdgeKind.VALUE}
    return tuple(
        edge
        for edge in best.values()
        if edge.kind is EdgeKind.VALUE or (edge.source, edge.target) not in giving
    )


def by_module(nodes: tuple[Node, ...]) -> Iterator[tuple[ModuleInstance, tuple[Node, ...]]]:
    """The nodes of each module instance, a module before those inside it.

    Modules that hold nothing but modules come with no nodes.
    """
    grouped: dict[ModuleInstance, list[Node]] = {}
    for node in nodes:
        module = node.resource.module
        for size in range(len(module) + 1):
            grouped.setdefault(module[:size], [])
        grouped[module].append(node)
    for module, found in grouped.items():
        yield module, tuple(found)


def selected(
    graph: ResourceGraph,
    chosen: Iterable[str],
    edges: Iterable[Edge],
    focus: tuple[str, ...] = (),
) -> Selection:
    """These nodes and edges, each once and in order."""
    found = (graph.resource(name) for name in dict.fromkeys(chosen))
    made_up = frozenset(graph.plan.offline.stand_ins)
    nodes = (
        Node(node_of(resource), resource, resource.address in made_up)
        for resource in found
        if resource is not None
    )
    return Selection(
        tuple(sorted(nodes, key=_node_order)),
        tuple(sorted(dict.fromkeys(edges), key=_order)),
        focus,
    )


def _node_order(node: Node) -> tuple[tuple[str, ...], str]:
    return tuple(map(str, node.resource.module)), node.name


def _counted(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """All of them. Raises PolicyscanError: more than anyone reads or memory holds."""
    found = tuple(islice(edges, _MOST_EDGES + 1))
    if len(found) > _MOST_EDGES:
        raise PolicyscanError(
            f"more than {_MOST_EDGES:,} edges to show: ask for a part with --of ADDRESS --depth 1, "
            "or for --kind value"
        )
    return found


def _reached(
    name: str,
    depth: int | None,
    leaving: Callable[[str], Iterable[Edge]],
    far_end: Callable[[Edge], str],
) -> Iterator[Edge]:
    """The edges met within `depth` steps in one direction."""
    seen = {name}
    ring = [name]
    step = 0
    while ring and (depth is None or step < depth):
        step += 1
        met: dict[str, None] = {}
        for at in ring:
            for edge in leaving(at):
                yield edge
                met[far_end(edge)] = None
        ring = [far for far in met if far not in seen]
        seen.update(ring)


def _way(graph: ResourceGraph, start: str, end: str, kind: Kind) -> tuple[Edge, ...]:
    """A shortest way over edges of one kind, of several between two nodes the surest."""
    came: dict[str, Edge] = {}
    ring = [start]
    while ring and end not in came:
        leaving = (edge for at in ring for edge in _of_kind(graph, graph.edges.out_of(at), kind))
        ring = []
        for edge in sorted(leaving, key=lambda edge: (_doubt(edge), _order(edge))):
            if edge.target not in came and edge.target != start:
                came[edge.target] = edge
                ring.append(edge.target)
    hops: list[Edge] = []
    at = end
    while at in came:
        hops.append(came[at])
        at = came[at].source
    return tuple(reversed(hops))


def _of_kind(graph: ResourceGraph, edges: Iterable[Edge], kind: Kind) -> Iterator[Edge]:
    match kind:
        case Kind.ALL:
            yield from edges
        case Kind.TOLD:
            yield from (edge for edge in edges if _is_told(graph, edge))
        case _:
            yield from (edge for edge in edges if edge.kind == kind.value)


def _is_told(graph: ResourceGraph, edge: Edge) -> bool:
    """Whether people hear of an edge unasked."""
    resource = graph.resource(edge.source)
    # Of what is in the state only nothing else is known than what it waited for.
    is_orphan = resource is None or resource.config is None or bool(resource.deposed)
    return edge.kind is EdgeKind.VALUE or edge.from_attribute == "depends_on" or is_orphan


def _doubt(edge: Edge) -> int:
    return _SURENESS.index(edge.confidence)


def _order(edge: Edge) -> tuple[str, ...]:
    return (
        edge.source,
        edge.target,
        edge.kind,
        edge.from_attribute,
        edge.to_attribute,
        edge.confidence,
        *edge.via,
    )


def _source(edge: Edge) -> str:
    return edge.source


def _target(edge: Edge) -> str:
    return edge.target
