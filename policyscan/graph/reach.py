"""What can be come to from where, remembered for questions that are many and overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

Place = TypeVar("Place", bound=Hashable)
Stretches = tuple[int, ...]
"""Where stretches of numbers begin and end, in turn: (2, 5, 8, 9) are 2, 3, 4 and 8."""


class Reach(Generic[Place]):
    """Whether a walk along `ahead` leads from one place to another.

    Places are numbered as a walk leaves them behind for good, those in a circle together. All that
    lies behind a place was left before it, mostly just before: a few stretches of numbers tell it,
    where ten thousand places that lead to ten thousand others would need a hundred million pairs.
    Of a place that needs more than `most` stretches none are kept: it is walked through when asked.
    Source: Tarjan, "Depth-first search and linear graph algorithms", 1972; Agrawal, Borgida and
    Jagadish, "Efficient management of transitive relationships", 1989.
    """

    def __init__(self, ahead: Callable[[Place], Sequence[Place]], most: int = 256) -> None:
        self._ahead = ahead
        self._most = most
        self._numbers: dict[Place, int] = {}
        self._stretches: list[Stretches] = []

    def leads(self, place: Place, other: Place) -> bool:
        """Whether there is a way; to itself there is."""
        if place not in self._numbers:
            self._explore(place)
        number = self._numbers.get(other)
        if number is None:
            return False
        seen = {place}
        todo = [place]
        while todo:
            here = todo.pop()
            stretches = self._stretches[self._numbers[here]]
            if here == other or _is_in(stretches, number):
                return True
            if not stretches:
                onward = set(self._ahead(here)) - seen
                seen |= onward
                todo += onward
        return False

    def _explore(self, start: Place) -> None:
        """Number a place and all that lies behind it, each once in all."""
        entered = {start: 0}
        earliest = {start: 0}
        ahead = {start: self._ahead(start)}
        waiting = [start]
        todo = [(start, iter(ahead[start]))]
        while todo:
            place, onward = todo[-1]
            for other in onward:
                if other in self._numbers:
                    continue
                if other not in entered:
                    entered[other] = earliest[other] = len(entered)
                    ahead[other] = self._ahead(other)
                    waiting.append(other)
                    todo.append((other, iter(ahead[other])))
                    break
                earliest[place] = min(earliest[place], entered[other])
            else:
                todo.pop()
                if earliest[place] < entered[place]:
                    before = todo[-1][0]
                    earliest[before] = min(earliest[before], earliest[place])
                    continue
                circle = [waiting.pop()]
                while circle[-1] != place:
                    circle.append(waiting.pop())
                self._leave(circle, {other for each in circle for other in ahead.pop(each)})

    def _leave(self, circle: list[Place], ahead: set[Place]) -> None:
        """Number places that lead to each other; those they lead to have their numbers."""
        begin = len(self._numbers)
        end = begin + len(circle)
        self._numbers.update(zip(circle, range(begin, end), strict=True))
        behind = {number for other in ahead if (number := self._numbers[other]) < begin}
        stretches = self._together(behind)
        if stretches and stretches[-1] == begin:
            stretches = (*stretches[:-1], end)
        elif stretches or not behind:
            stretches = (*stretches, begin, end)
        if len(stretches) > 2 * self._most:
            stretches = ()
        self._stretches += [stretches] * len(circle)

    def _together(self, numbers: set[int]) -> Stretches:
        """All that lies behind any of these, () where that is not kept of one of them."""
        if not numbers:
            return ()
        last = self._stretches[max(numbers)]
        found = [last, *(self._stretches[each] for each in numbers if not _is_in(last, each))]
        if len(found) == 1 or not all(found):
            return last if all(found) else ()
        told: list[int] = []
        pairs = (pair for one in found for pair in zip(one[::2], one[1::2], strict=True))
        for begin, end in sorted(pairs):
            if not told or begin > told[-1]:
                told += (begin, end)
            elif end > told[-1]:
                told[-1] = end
        return tuple(told)


def _is_in(stretches: Stretches, number: int) -> bool:
    return bisect_right(stretches, number) % 2 == 1
