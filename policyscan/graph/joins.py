"""Which resources name which by one attribute, told from the end that is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policyscan.graph.index import Index
from policyscan.graph.model import Resolution
from policyscan.graph.target import Target
from policyscan.plan import Resource


class Join(NamedTuple):
    """A resource that names another one, and the edges that lead there."""

    holder: Resource
    edges: tuple[Target, ...]


class Joins:
    """Resources by what they name: an attachment by its role, a route by its table.

    Each is followed once; to follow all of them again for each role is quadratic. `open` are those
    that may name more than is told, `loose` those of them that are told to name nothing: they may
    belong to anything. All come in order of address, with those that the plan deletes.
    """

    def __init__(self, followed: Iterable[tuple[Resource, Resolution]]) -> None:
        every = tuple(followed)
        self.open = tuple(holder for holder, found in every if found.is_open)
        self.loose = tuple(holder for holder, found in every if found.is_open and not found.targets)
        self._to = Index((join, (end,)) for one in every for end, join in _by_end(*one))
        self._outside = Index(
            (holder, (str(each.value) for each in found.external)) for holder, found in every
        )

    def to(self, *addresses: str) -> tuple[Join, ...]:
        """What names one of these instances, each with its edges there."""
        return self._to.of(*addresses)

    def standing(self, *addresses: str) -> tuple[Resource, ...]:
        """What names one of these instances and is there after this plan, each once."""
        holders = {id(join.holder): join.holder for join in self.to(*addresses)}
        return tuple(each for each in holders.values() if not each.is_deleted)

    def outside(self, *values: str) -> tuple[Resource, ...]:
        """What names by one of these ids or ARNs something that the plan does not hold."""
        return self._outside.of(*values)


def _by_end(holder: Resource, found: Resolution) -> Iterator[tuple[str, Join]]:
    ends: dict[str, list[Target]] = {}
    for target in found.targets:
        ends.setdefault(target.address, []).append(target)
    for address, edges in ends.items():
        yield address, Join(holder, tuple(edges))
