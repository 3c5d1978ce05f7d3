"""Whether one place leads to another: as a plain walk finds it, whatever is remembered."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.graph.reach import Reach

SIZE = 9
PLACES = st.integers(0, SIZE - 1)
WAYS = st.lists(st.lists(PLACES, max_size=3), min_size=SIZE, max_size=SIZE)


def walked(ways: list[list[int]], place: int) -> set[int]:
    """All that a walk comes to, the start too."""
    seen = {place}
    todo = [place]
    while todo:
        found = set(ways[todo.pop()]) - seen
        seen |= found
        todo += found
    return seen


@given(
    ways=WAYS,
    starts=st.permutations(range(SIZE)),
    most=st.sampled_from([0, 1, 2, 256]),
    near=st.sampled_from([0, 3, 6, 64]),
)
def test_it_leads_where_a_walk_leads_whatever_was_asked_before(
    ways: list[list[int]], starts: list[int], most: int, near: int
) -> None:
    reach = Reach(ways.__getitem__, most, near)
    # What lies behind numbers all of it, after which nothing is looked around for.
    around = Reach(ways.__getitem__, most, near)
    for start in starts:
        behind = walked(ways, start)
        assert behind == {place for place in range(SIZE) if reach.leads(start, place)}
        assert behind == {place for place in range(SIZE) if around.leads(start, place)}
        assert sorted(behind) == sorted(reach.behind(start))


@pytest.mark.parametrize("most", [2, 256])
def test_what_is_shared_is_opened_once_however_many_ask(most: int) -> None:
    shared = [*range(2_000)]
    opened: list[int] = []

    def ahead(place: int) -> list[int]:
        opened.append(place)
        return [] if place in range(2_000) else [-1] if place > 0 else shared

    reach = Reach(ahead, most)
    assert all(reach.leads(asker, 1_999) for asker in range(2_000, 4_000))
    assert not any(reach.leads(asker, 4_001) for asker in range(2_000, 4_000))
    times = Counter(opened)
    assert all(times[place] == 1 for place in shared)
    # Once to see that too much lies behind it, and once to number that.
    assert times[-1] == 2
    assert sum(times.values()) < 4 * 2_000 + 10


def test_what_is_near_is_told_without_a_look_at_all_that_lies_behind() -> None:
    opened: list[int] = []

    def ahead(place: int) -> list[int]:
        opened.append(place)
        return [place + 1] if place < 2_000 else []

    reach = Reach(ahead)
    assert all(reach.leads(asker, asker + 5) for asker in range(1_000))
    assert max(opened) < 1_010
    assert not reach.leads(1_999, 0)
    assert max(opened) == 2_000
