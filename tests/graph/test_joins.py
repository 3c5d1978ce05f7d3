"""Joins between instances, judged against those written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from policyscan.graph import Confidence, Target
from policyscan.plan import Unknown
from tests.graph.joins import Join, load_joins
from tests.graph.planned import graph_of

JOINS = load_joins()
each_join = pytest.mark.parametrize("join", JOINS, ids=str)


def found(join: Join) -> tuple[Target, ...]:
    graph = graph_of(join.fixture)
    resource = graph.resource(join.source)
    assert resource is not None
    return graph.resolve(resource, join.attribute).targets


def addresses(targets: tuple[Target, ...]) -> set[str]:
    return {target.address for target in targets}


def is_told_exactly(join: Join) -> bool:
    """Whether source and plan alone prove the join, without a replay."""
    targets = found(join)
    is_sure = all(target.confidence is Confidence.EXACT for target in targets)
    return is_sure and {(each.address, each.attribute) for each in targets} == join.targets


def test_sixty_joins_and_more_are_written_down() -> None:
    assert len(JOINS) >= 60


@each_join
def test_both_ends_of_a_join_are_in_the_plan(join: Join) -> None:
    graph = graph_of(join.fixture)
    named = [join.source, *(address for address, _ in join.targets)]
    assert [address for address in named if graph.resource(address) is None] == []


@each_join
def test_no_target_of_a_join_is_missing(join: Join) -> None:
    expected = {address for address, _ in join.targets}
    assert expected - addresses(found(join)) == set()


@each_join
def test_no_other_target_is_said_to_be_exact(join: Join) -> None:
    expected = {address for address, _ in join.targets}
    exact = tuple(each for each in found(join) if each.confidence is Confidence.EXACT)
    assert addresses(exact) - expected == set()


@each_join
def test_an_edge_runs_along_each_join(join: Join) -> None:
    graph = graph_of(join.fixture)
    told = {edge.target for edge in graph.edges.out_of(join.source)}
    assert {address for address, _ in join.targets} - told == set()


def test_most_joins_are_told_exactly_without_a_replay(
    record_property: Callable[[str, object], None],
) -> None:
    told = sum(is_told_exactly(join) for join in JOINS)
    unknown = sum(_is_unknown(join) for join in JOINS)
    record_property("figure", f"joins exact without replay: {told} of {len(JOINS)}")
    record_property("figure", f"joins whose value is unknown: {unknown} of {len(JOINS)}")
    assert told >= len(JOINS) // 2


def _is_unknown(join: Join) -> bool:
    resource = graph_of(join.fixture).resource(join.source)
    return resource is not None and isinstance(resource.value(join.attribute), Unknown)
