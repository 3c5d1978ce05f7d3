"""The graph as Checkov's solvers read it; rustworkx copies all nodes each time it is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

Node = dict[str, Any]
"""A resource as policies see it."""


class Graph:
    """What Checkov's solvers need of `rustworkx.PyDiGraph`, under its names."""

    def __init__(self, nodes: list[tuple[int, Node]], edges: list[tuple[int, int]]) -> None:
        self._nodes = nodes
        self._edges = edges

    def nodes(self) -> list[tuple[int, Node]]:
        """Number and attributes of each, in order."""
        return self._nodes

    def edge_list(self) -> list[tuple[int, int]]:
        """From and to, in order."""
        return self._edges

    def only(self, types: Collection[str]) -> Graph:
        """The nodes of these types and the edges between them."""
        return self.subgraph(
            number for number, node in self._nodes if node.get("resource_type") in types
        )

    def subgraph(self, kept: Iterable[int]) -> Graph:
        """These nodes, numbered anew, and the edges between them."""
        new = {old: position for position, old in enumerate(sorted(kept))}
        return Graph(
            [(number, self._nodes[old][1]) for old, number in new.items()],
            [(new[start], new[end]) for start, end in self._edges if start in new and end in new],
        )

    def adj_direction(self, node: int, incoming: bool) -> dict[int, None]:  # noqa: FBT001
        """The neighbours of a node."""
        ends = (edge[::-1] if incoming else edge for edge in self._edges)
        return {end: None for start, end in ends if start == node}


class Bag(list[Any]):
    """A list of nodes that is asked often whether one is in it."""

    def __init__(self, content: Iterable[Any]) -> None:
        super().__init__(content)
        self._ids = {id(each) for each in self}

    def __contains__(self, one: object) -> bool:
        return id(one) in self._ids
