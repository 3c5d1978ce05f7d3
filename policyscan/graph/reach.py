"""What can be come to from where, remembered for questions that are many and overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
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
    What is `near`, as most that is asked for, is told by a look around, and nothing is numbered.
    Source: Tarjan, "Depth-first search and linear graph algorithms", 1972; Agrawal, Borgida and
    Jagadish, "Efficient management of transitive relationships", 1989.
    """

    def __init__(
        self, ahead: Callable[[Place], Sequence[Place]], most: int = 256, near: int = 64
    ) -> None:
        self._ahead = ahead
        self._most = most
        self._near = near
        self._numbers: dict[Place, int] = {}
        self._places: list[Place] = []
        self._stretches: list[Stretches] = []

    def leads(self, place: Place, other: Place) -> bool:
        """Whether there is a way; to itself there is."""
        found = self._near_by(place, other)
        if found is None:
            self._explore(place)
            return self._is_behind(place, other)
        return found

    def _near_by(self, place: Place, other: Place) -> bool | None:
        """What a walk in all directions tells within few places, None when it takes more.

        It goes no further where a place has its number.
        """
        found = [place]
        seen = {place}
        for here in found:
            if here in self._numbers:
                if self._is_behind(here, other):
                    return True
                continue
            onward = self._ahead(here)
            if len(found) + len(onward) > self._near:
                return None
            found += [each for each in dict.fromkeys(onward) if each not in seen]
            seen.update(onward)
            if other in seen:
                return True
        return other in seen

    def _is_behind(self, place: Place, other: Place) -> bool:
        """Whether there is a way from a place that has its number."""
        number = self._numbers.get(other)
        return number is not None and any(_is_in(each, number) for each in self._told(place))

    def behind(self, place: Place) -> Iterator[Place]:
        """All that it leads to, itself too, each once."""
        self._explore(place)
        for begin, end in _pairs(_joined(list(self._told(place)))):
            yield from self._places[begin:end]

    def _told(self, place: Place) -> Iterator[Stretches]:
        """The stretches of all that lies behind a place, from as many places as it takes."""
        seen = {place}
        todo = [place]
        while todo:
            here = todo.pop()
            number = self._numbers[here]
            if stretches := self._stretches[number]:
                yield stretches
                continue
            yield (number, number + 1)
            onward = set(self._ahead(here)) - seen
            seen |= onward
            todo += onward

    def _explore(self, start: Place) -> None:
        """Number a place and all that lies behind it, each once in all."""
        if start in self._numbers:
            return
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
        self._places += circle
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
        return _joined(found)


def _is_in(stretches: Stretches, number: int) -> bool:
    return bisect_right(stretches, number) % 2 == 1


def _pairs(stretches: Stretches) -> Iterator[tuple[int, int]]:
    return zip(stretches[::2], stretches[1::2], strict=True)


def _joined(found: list[Stretches]) -> Stretches:
    """Several as one: those that meet are one stretch."""
    told: list[int] = []
    for begin, end in sorted(pair for each in found for pair in _pairs(each)):
        if not told or begin > told[-1]:
            told += (begin, end)
        elif end > told[-1]:
            told[-1] = end
    return tuple(told)
