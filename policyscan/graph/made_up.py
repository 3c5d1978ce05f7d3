"""What rests on answers that were made up, because no one could look them up offline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from policyscan.graph.graph import ResourceGraph
    from policyscan.graph.model import Edge

_WHOLE: Final = ""
"""The path of an instance as such: that there is one, and whose it is."""
_COUNTS: Final = frozenset({"count", "for_each"})


class MadeUp:
    """Which attributes of which instances hold something of an answer that was made up.

    References are followed from attribute to attribute, through modules and locals as far as the
    graph's edges go; behind a local that no source tells of there may be any answer. Of what a data
    source was asked, all that it finds depends; an instance whose `count` or `for_each` rests on an
    answer does so as a whole.
    """

    def __init__(self, graph: ResourceGraph) -> None:
        plan = graph.plan
        self._read = frozenset(each.address for each in plan.resources if each.mode == "data")
        self._from: dict[str, tuple[Edge, ...]] = {
            each.address: tuple(graph.edges.flows(each.address))
            for each in plan.resources
            if graph.resource(each.address) is each
        }
        self._hidden = tuple(each for each in self._from if graph.edges.is_hidden(each))
        self._held = self._spread(plan.offline.stand_ins)
        self._standing = frozenset(plan.offline.imported) | {
            each.address
            for each in plan.resources
            if plan.offline.is_simulated and each.mode == "managed" and each.before is not None
        }

    def within(self, address: str, attribute: str) -> str:
        """The data source that the value of an attribute rests on as such, "" when on none.

        That an instance rests on one makes no attribute of it made up, except for data sources.
        """
        held = self._held.get(address, {})
        if address in self._read:
            return held.get(_WHOLE, "")
        paths = (path for path in sorted(held) if path and attribute)
        return next((held[path] for path in paths if _holds(path, attribute)), "")

    def below(self, address: str, attribute: str = _WHOLE) -> str:
        """The data source that an attribute, or something in it, rests on, "" when on none."""
        held = self._held.get(address, {})
        return next((held[path] for path in sorted(held) if _meet(path, attribute)), "")

    def beneath(self, addresses: Iterable[str]) -> str:
        """The data source that something in these instances, or what they take from, rests on."""
        return next(filter(None, map(self.below, self._reach(addresses))), "")

    def assumed(self, addresses: Iterable[str]) -> str:
        """The instance of these, or of what they take from, that is but assumed to stand, or "".

        It is imported, and taken to be as configured, or was applied in simulation.
        """
        return next((each for each in self._reach(addresses) if each in self._standing), "")

    def _reach(self, addresses: Iterable[str]) -> Iterator[str]:
        """Instances, and all that they take values from."""
        seen: set[str] = set()
        waiting = list(addresses)
        while waiting:
            if (address := waiting.pop()) in seen:
                continue
            seen.add(address)
            yield address
            waiting += (edge.target for edge in self._from.get(address, ()))

    def _spread(self, sources: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
        """Address -> path -> the source it rests on."""
        if not sources:
            return {}
        into: dict[str, list[Edge]] = defaultdict(list)
        for edges in self._from.values():
            for edge in edges:
                into[edge.target].append(edge)
        begun = dict.fromkeys(self._hidden, min(sources)) | {source: source for source in sources}
        held = {address: {_WHOLE: begun[address]} for address in begun}
        waiting = [(address, _WHOLE, begun[address]) for address in sorted(begun, reverse=True)]
        while waiting:
            address, path, source = waiting.pop()
            for edge in into[address]:
                reached = self._reached(edge)
                own = held.setdefault(edge.source, {})
                if reached not in own and _meet(path, edge.to_attribute):
                    own[reached] = source
                    waiting.append((edge.source, reached, source))
        return {address: held[address] for address in sorted(held) if held[address]}

    def _reached(self, edge: Edge) -> str:
        is_whole = edge.source in self._read or edge.from_attribute in _COUNTS
        return _WHOLE if is_whole else edge.from_attribute


def _holds(path: str, other: str) -> bool:
    """Whether an attribute is another, or has it in it."""
    return other.startswith(path) and other[len(path) : len(path) + 1] in {"", ".", "["}


def _meet(path: str, other: str) -> bool:
    """Whether one of two attributes holds the other."""
    return not path or not other or _holds(path, other) or _holds(other, path)
