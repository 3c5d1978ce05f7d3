"""Whether one place leads to another: as a plain walk finds it, whatever is remembered."""

from __future__ import annotations

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


@given(ways=WAYS, starts=st.permutations(range(SIZE)), most=st.sampled_from([0, 1, 2, 256]))
def test_it_leads_where_a_walk_leads_whatever_was_asked_before(
    ways: list[list[int]], starts: list[int], most: int
) -> None:
    reach = Reach(ways.__getitem__, most)
    for start in starts:
        behind = walked(ways, start)
        assert behind == {place for place in range(SIZE) if reach.leads(start, place)}
        assert sorted(behind) == sorted(reach.behind(start))


@pytest.mark.parametrize("most", [2, 256])
def test_each_place_is_opened_once_however_many_ask_what_is_shared(most: int) -> None:
    shared = [*range(2_000)]
    opened: list[int] = []

    def ahead(place: int) -> list[int]:
        opened.append(place)
        return [] if place in range(2_000) else [-1] if place > 0 else shared

    reach = Reach(ahead, most)
    assert all(reach.leads(asker, 1_999) for asker in range(2_000, 4_000))
    assert not any(reach.leads(asker, 4_001) for asker in range(2_000, 4_000))
    assert len(opened) == len(set(opened)) == 4_001
