"""Plans by the handful: large enough to be worth a task, small enough to be done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field

from policyscan.fleet.listing import Input
from policyscan.fleet.recipe import MIB
from policyscan.fleet.tables import part_name

_UNKNOWN_SIZE: Final = MIB
"""What a plan is taken to have whose size nobody says."""
_TASKS_FOR_EACH_WORKER: Final = 8
"""At the least, so that none is left waiting for another at the end."""


class Batch(Struct, frozen=True):
    """Plans of one task and one part.

    `again`: the part is there, and plans that are as they were are not judged again.
    """

    part: str
    plans: tuple[Input, ...]
    again: bool = False


class Tally(Struct, frozen=True):
    """What a task did: how many plans ended in which way, how many of them as they had before."""

    part: str
    endings: Counter[str] = field(default_factory=Counter)
    kept: int = 0

    @property
    def plans(self) -> int:
        """How many there were."""
        return self.endings.total()


def batch_of(plans: Iterable[Input]) -> Batch:
    """The batch of some plans."""
    found = tuple(plans)
    return Batch(part_name(each.name for each in found), found)


def batches(
    plans: Iterable[Input], *, total: int, workers: int, most: int, largest: int
) -> Iterator[Batch]:
    """Plans in batches of at most `most`, and of about `largest` bytes."""
    count = max(min(most, total // (max(workers, 1) * _TASKS_FOR_EACH_WORKER)), 1)
    held: list[Input] = []
    size = 0
    for each in plans:
        own = _UNKNOWN_SIZE if each.size is None else each.size
        if held and (len(held) == count or size + own > largest):
            yield batch_of(held)
            held, size = [], 0
        held.append(each)
        size += own
    if held:
        yield batch_of(held)
