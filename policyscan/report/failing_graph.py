"""The part of a resource graph that its problems are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from policyscan.engine import Outcome
from policyscan.graph import EdgeKind
from policyscan.report.graph_selection import Selection, redacted, selected
from policyscan.rule import Finding


def failing_graph(outcome: Outcome, findings: Sequence[Finding], most: int) -> Selection:
    """What fails, what the evidence leads through, and the values that flow between them.

    Of more than `most` instances those of the first findings.
    """
    graph = outcome.platform.graph
    names = islice(
        (name for name in _met(findings) if graph.resource(name) is not None),
        most,
    )
    kept = dict.fromkeys(names)
    edges = (
        edge
        for name in kept
        for edge in graph.edges.out_of(name)
        if edge.kind is EdgeKind.VALUE and edge.target in kept
    )
    focus = tuple(name for name in dict.fromkeys(each.address for each in findings) if name in kept)
    selection = selected(graph, kept, edges, focus)
    return redacted(selection, outcome.redaction.address)


def _met(findings: Iterable[Finding]) -> dict[str, None]:
    return dict.fromkeys(
        address
        for finding in findings
        for address in (finding.address, *(step.address for step in finding.path))
    )
