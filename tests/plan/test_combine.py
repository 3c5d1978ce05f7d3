"""What two replays agree on, and what a plan takes over from them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.plan.attributes import has_true
from policyscan.plan.combine import (
    PENDING,
    canonical,
    combined,
    either,
    merged,
    with_pending,
)
from policyscan.plan.template import DERIVED, Taken, Template

A = Taken("aws_x.a", "arn")
B = Taken("aws_y.b", "id")
OWN = "aws_z.own"
WHOLLY, NOWHERE = True, False

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4))
leaves = st.one_of(scalars, st.just(PENDING), st.sampled_from([Template((A,)), Template(("x", B))]))
names = st.sampled_from("abc")


def trees_of(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)
        ),
        max_leaves=8,
    )


trees = trees_of(leaves)
plain = trees_of(scalars)
marks = trees_of(st.booleans())


@given(trees)
def test_what_is_the_same_in_both_is_agreed_on(tree: Any) -> None:
    assert combined(tree, tree) == tree


@given(plain, plain)
def test_nothing_is_agreed_on_that_is_not_in_both(first: Any, second: Any) -> None:
    found = combined(first, second)
    if canonical(first) != canonical(second):
        assert has_derived(found)


def has_derived(tree: Any) -> bool:
    if isinstance(tree, Template):
        return tree.is_derived
    if isinstance(tree, dict):
        return any(map(has_derived, tree.values()))
    return isinstance(tree, list) and any(map(has_derived, tree))


@given(plain, marks, trees, marks)
def test_what_the_plan_knows_is_never_changed(
    real: Any, unknown: Any, proved: Any, sensitive: Any
) -> None:
    value, mark = merged(real, unknown, proved, sensitive, own=OWN)
    assert is_kept(with_pending(real, unknown), with_pending(value, mark))


def is_kept(before: Any, after: Any) -> bool:
    """Whether everything known before stands after, where it stood."""
    if before is PENDING:
        return True
    if isinstance(before, dict) and isinstance(after, dict):
        return all(is_kept(inner, after.get(name)) for name, inner in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(is_kept, before, after))
    return bool(before == after)


@given(trees)
def test_a_wholly_unknown_value_takes_over_all_that_is_proved(proved: Any) -> None:
    value, mark = merged(None, WHOLLY, proved, NOWHERE, own=OWN)
    assert canonical(with_pending(value, mark)) == canonical(opened(proved))
    assert has_true(mark) == (PENDING in list(flat(proved)) or has_template(proved))


def opened(tree: Any) -> Any:
    """A tree in which Templates, too, wait for apply."""
    if isinstance(tree, Template):
        return PENDING
    if isinstance(tree, dict):
        return {name: opened(inner) for name, inner in tree.items()}
    return list(map(opened, tree)) if isinstance(tree, list) else tree


def flat(tree: Any) -> Any:
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    yield tree
    for each in inner:
        yield from flat(each)


def has_template(tree: Any) -> bool:
    return any(isinstance(each, Template) for each in flat(tree))


@given(marks, marks)
def test_marks_of_either_tree_are_kept(one: Any, other: Any) -> None:
    assert has_true(either(one, other)) == (has_true(one) or has_true(other))
    assert either(one, one) == one


@given(st.lists(st.fixed_dictionaries({"port": st.integers(1, 4)}), min_size=1, max_size=5))
def test_the_elements_of_a_set_pair_by_what_is_known_of_them(known: list[dict[str, int]]) -> None:
    proved = [{**each, "id": Template((f"{each['port']}", A))} for each in reversed(known)]
    unknown = [{"id": True} for _ in known]
    values, mark = merged(known, unknown, proved, NOWHERE, own=OWN)
    assert [each["id"].text for each in values] == [str(each["port"]) for each in known]
    assert mark == unknown


def test_elements_that_are_not_the_same_ones_prove_nothing() -> None:
    real, unknown = [{"port": 1}, {"port": 2}], [{"id": True}, {"id": True}]
    proved = [{"port": 1, "id": "x"}, {"port": 3, "id": "y"}]
    assert merged(real, unknown, proved, NOWHERE, own=OWN) == (real, unknown)
    assert merged(real, unknown, proved[:1], NOWHERE, own=OWN) == (real, unknown)


def test_what_differs_says_what_flows_in() -> None:
    first, second = Template(("1", A)), Template(("2", A, "/", B))
    assert combined(first, second) == Template((DERIVED, A, B))
    assert combined({"a": first}, {"b": B}) == Template((DERIVED, A))
    assert combined([1], [1, 2]) == Template((DERIVED,))
    assert combined(True, 1) == Template((DERIVED,))  # noqa: FBT003 - a value like others


def test_documents_are_compared_part_by_part() -> None:
    first = Template(('{"same":8080,"image":"', A, '","length":13}'))
    second = Template(('{"same":8080,"image":"', A, '","length":16}'))
    found = combined(first, second)
    assert found.decoded() == {
        "same": 8080,
        "image": Template((A,)),
        "length": Template((DERIVED,)),
    }


def test_a_document_keeps_the_parts_of_its_keys() -> None:
    first, second = (Template(('{"', A, f':sub":"x","n":{n}}}')) for n in (1, 2))
    found = combined(first, second)
    assert found.document() == {Template((A, ":sub")): "x", "n": Template((DERIVED,))}


def test_documents_with_other_keys_are_no_document() -> None:
    assert combined('{"a":1}', json.dumps({"b": 1})) == Template((DERIVED,))


@pytest.mark.parametrize(
    ("proved", "expected"),
    [
        (Template((A,)), (Template((A,)), True)),
        (Template((DERIVED, A)), (Template((DERIVED, A)), True)),
        (Template((DERIVED,)), (None, True)),
        (Template((Taken(OWN, "id"),)), (None, False)),
        (PENDING, (None, True)),
        ("x", ("x", False)),
        (None, (None, False)),
        ([1, Template((A,))], ([1, Template((A,))], [False, True])),
    ],
)
def test_a_proved_value_takes_the_place_of_an_unknown_one(proved: Any, expected: Any) -> None:
    assert merged(None, WHOLLY, proved, NOWHERE, own=OWN) == expected


def test_a_template_in_a_sensitive_place_is_sensitive() -> None:
    value, _ = merged({}, {"a": True}, {"a": Template(("secret", A))}, {"a": True}, own=OWN)
    assert str(value["a"]) == "(sensitive)"


def test_members_of_a_document_are_told_whatever_order_sorting_gave_them() -> None:
    a, b = Taken("aws_s3_bucket.a", "arn"), Taken("aws_s3_bucket.b", "arn")

    def policy(*buckets: Taken) -> Template:
        parts = [part for bucket in buckets for part in ('","', bucket)][1:]
        return Template(('{"Resource":["', *parts, '"]}'))

    told = combined(policy(a, b), policy(b, a))
    assert isinstance(told, Template)
    assert told.taken == (a, b)
    assert not told.is_derived
    assert combined([Template((a,)), Template((b,))], [Template((b,)), Template((a,))]) != [
        Template((a,)),
        Template((b,)),
    ]
