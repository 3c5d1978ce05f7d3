"""Things by the keys they go by: one pass over all of them, not one for each that asks."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Index(Generic[T]):
    """Things, each with the keys it goes by; told in the order they were given in.

    Example: `Index([("a", [1, 2]), ("b", [2])]).of(2)` is `("a", "b")`.
    """

    def __init__(self, keyed: Iterable[tuple[T, Iterable[Hashable]]]) -> None:
        self._every: list[T] = []
        self._places: dict[Hashable, list[int]] = {}
        for place, (thing, keys) in enumerate(keyed):
            self._every.append(thing)
            for key in dict.fromkeys(keys):
                self._places.setdefault(key, []).append(place)

    def of(self, *keys: Hashable) -> tuple[T, ...]:
        """What goes by at least one of the keys, each once."""
        found = self._found(keys)
        places = found[0] if len(found) == 1 else sorted({one for each in found for one in each})
        return tuple(self._every[place] for place in places)

    def one_by_one(self, *keys: Hashable) -> Iterator[T]:
        """The same for whom the first will do: no more is looked at than is taken."""
        last = -1
        for place in heapq.merge(*self._found(keys)):
            if place != last:
                yield self._every[place]
            last = place

    def _found(self, keys: tuple[Hashable, ...]) -> list[list[int]]:
        return [places for key in dict.fromkeys(keys) if (places := self._places.get(key))]
