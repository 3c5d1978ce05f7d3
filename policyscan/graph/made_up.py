"""What rests on answers that were made up, because no one could look them up offline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from policyscan.graph.model import EdgeKind

if TYPE_CHECKING:
    from policyscan.graph.edges import Edges
    from policyscan.graph.graph import ResourceGraph
    from policyscan.graph.model import Edge

_WHOLE: Final = ""
"""The path of what holds every attribute."""


class MadeUp:
    """Which attributes of which instances hold something of an answer that was made up.

    Values are followed from attribute to attribute, through modules and locals as far as the
    graph's edges go. An instance whose `count` or `for_each` rests on an answer does so as a whole.
    """

    def __init__(self, graph: ResourceGraph) -> None:
        self._edges = graph.edges
        self._sources = frozenset(graph.plan.offline.stand_ins)
        self._held: Mapping[str, Mapping[str, str]] = _spread(self._sources, self._edges)

    def below(self, address: str, attribute: str = _WHOLE) -> str:
        """The data source that an attribute rests on, "" when on none."""
        held = self._held.get(address, {})
        return next((held[path] for path in sorted(held) if _meet(path, attribute)), "")

    def beneath(self, addresses: Iterable[str]) -> str:
        """The data source that something in these instances, or what they take from, rests on."""
        seen: dict[str, None] = {}
        waiting = list(addresses)
        while waiting:
            if (address := waiting.pop()) in seen:
                continue
            seen[address] = None
            if found := self.below(address):
                return found
            waiting += (edge.target for edge in self._edges.values_of(address))
        return ""


def _spread(sources: frozenset[str], edges: Edges) -> dict[str, dict[str, str]]:
    """Address -> path -> the source it rests on."""
    into: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges.all():
        if edge.kind is EdgeKind.VALUE or edge.from_attribute in _COUNTS:
            into[edge.target].append(edge)
    held = {source: {_WHOLE: source} for source in sources}
    waiting = [(source, _WHOLE, source) for source in sorted(sources, reverse=True)]
    while waiting:
        address, path, source = waiting.pop()
        for edge in into[address]:
            if not _meet(path, edge.to_attribute):
                continue
            reached = _WHOLE if edge.from_attribute in _COUNTS else edge.from_attribute
            own = held.setdefault(edge.source, {})
            if reached not in own:
                own[reached] = source
                waiting.append((edge.source, reached, source))
    return held


_COUNTS: Final = frozenset({"count", "for_each"})


def _meet(path: str, other: str) -> bool:
    """Whether one of two attributes is the other, or inside it."""
    shorter, longer = sorted((path, other), key=len)
    return longer.startswith(shorter) and (
        len(shorter) in {0, len(longer)} or longer[len(shorter)] in ".["
    )
