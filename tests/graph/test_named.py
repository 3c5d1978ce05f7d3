"""What names a resource is told from its end as a look at all that may name it tells it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policyscan.graph import Index, Join
from tests.rule.platforms import Refs, made, platform_of, standing

KEYS = st.lists(st.integers(0, 4), max_size=3)
ROLES = tuple(made(f"aws_iam_role.{name}", name=name, arn=Refs()) for name in "ab")
NAMES = [
    "a",
    "b",
    "elsewhere",
    Refs("aws_iam_role.a.name"),
    Refs("aws_iam_role.a.name", "aws_iam_role.b.name"),
    Refs("aws_iam_role.a.name", "aws_iam_role.a.id"),
    Refs("aws_iam_role.b.name", "local.x"),
    Refs("local.x"),
    Refs("var.x"),
]
BY = {"aws_iam_role_policy": "role", "aws_iam_role_policy_attachment": "role"}


@given(st.lists(KEYS), KEYS)
def test_an_index_tells_what_goes_by_any_of_the_keys_in_order(
    kept: list[list[int]], asked: list[int]
) -> None:
    index = Index((place, iter(keys)) for place, keys in enumerate(kept))
    found = tuple(place for place, keys in enumerate(kept) if set(keys) & set(asked))
    assert index.of(*asked) == found
    assert tuple(index.one_by_one(*asked)) == found


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(BY)), st.sampled_from(NAMES), st.booleans()), max_size=5
    )
)
def test_joins_are_what_resolving_every_holder_tells(
    holders: list[tuple[str, object, bool]],
) -> None:
    named = [
        standing(f"{kind}.h{at}", "delete", role=role)
        if is_deleted
        else made(f"{kind}.h{at}", role=role)
        for at, (kind, role, is_deleted) in enumerate(holders)
    ]
    graph = platform_of(*ROLES, *named).graph
    joins = graph.joins(BY, ["aws_iam_role"])
    told = [(each, graph.resolve(each, "role", ["aws_iam_role"])) for each in graph.of_type(*BY)]
    for address in ("aws_iam_role.a", "aws_iam_role.b"):
        edges = [
            (holder, tuple(target for target in found.targets if target.address == address))
            for holder, found in told
        ]
        here = [Join(holder, targets) for holder, targets in edges if targets]
        assert list(joins.to(address)) == here
        assert list(joins.standing(address)) == [h for h, _ in here if not h.is_deleted]
    opened = [(holder, found) for holder, found in told if found.is_open]
    assert list(joins.open) == [holder for holder, _ in opened]
    assert list(joins.loose) == [holder for holder, found in opened if not found.targets]
    assert list(joins.outside("elsewhere")) == [
        holder for holder, found in told if "elsewhere" in map(str, found.external)
    ]


def test_joins_of_several_ends_tell_each_holder_that_stands_once() -> None:
    both = made("aws_iam_role_policy.p", role=Refs("aws_iam_role.a.name", "aws_iam_role.b.name"))
    graph = platform_of(*ROLES, both).graph
    joins = graph.joins(BY, ["aws_iam_role"])
    found = joins.standing("aws_iam_role.a", "aws_iam_role.b")
    assert [each.address for each in found] == ["aws_iam_role_policy.p"]


def test_awaited_are_those_that_depends_on_tells() -> None:
    chain = [
        made("aws_a.first", id=Refs()),
        made("aws_b.second", x=Refs("aws_a.first.id"), id=Refs()),
        made("aws_a.third", x=Refs("aws_b.second.id")),
        made("aws_a.beside"),
    ]
    graph = platform_of(*chain).graph
    every = [each.address for each in graph.plan.resources]
    for address in every:
        found = [each.address for each in graph.awaited(address)]
        assert found == [each for each in every if graph.depends_on(address, each)]
    assert [each.address for each in graph.awaited("aws_a.third", "aws_a")] == ["aws_a.first"]
    assert graph.awaited("aws_a.gone") == ()


def test_siblings_are_the_instances_of_a_block_in_one_module() -> None:
    keyed = [made(f"aws_a.s[{key}]") for key in (0, 1)]
    old = standing("aws_a.s[2]", "delete")
    graph = platform_of(*keyed, old, made("aws_a.other")).graph
    found = graph.siblings(graph.plan.resources[1])
    assert [each.address for each in found] == ["aws_a.s[0]", "aws_a.s[1]"]
