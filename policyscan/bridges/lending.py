"""Our edges as Checkov's policies take them in place of Checkov's own."""

from __future__ import annotations

from policyscan.bridges.running import Edge
from policyscan.graph import Confidence, EdgeKind, ResourceGraph


def has_doubts(graph: ResourceGraph) -> bool:
    """Whether an edge may be meant or not, so that a replay could tell."""
    return any(edge.confidence is Confidence.AMBIGUOUS for edge in graph.edges.all(EdgeKind.VALUE))


def lendable(graph: ResourceGraph) -> tuple[Edge, ...]:
    """From which instance to which a value comes, and by which argument, sorted.

    Checkov knows of no doubt: where one of several may be meant, it is told of each.
    """
    found = {
        (edge.source, edge.target, edge.from_attribute) for edge in graph.edges.all(EdgeKind.VALUE)
    }
    return tuple(sorted(found))
