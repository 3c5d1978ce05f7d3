"""Trees of values: what two replays agree on, and what a plan takes over from them.

A tree is a JSON value in which a Template stands for a text that other instances will complete,
and PENDING for a value that stays known after apply.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from policyscan.plan.attributes import has_true, mark_of
from policyscan.plan.template import DERIVED, Taken, Template, encoded


class Pending:
    """Stands for a value nothing is known of."""

    def __repr__(self) -> str:
        """The same for each, as elements of sets are sorted by it."""
        return "PENDING"


PENDING: Final = Pending()


def with_pending(value: Any, unknown: Any) -> Any:
    """A value of a plan with PENDING wherever its mark says known after apply."""
    if unknown is True:
        return PENDING
    if isinstance(unknown, dict):
        known = value if isinstance(value, dict) else {}
        return {
            name: with_pending(known.get(name), unknown.get(name, False))
            for name in sorted({*known, *unknown})
        }
    if isinstance(unknown, list) and isinstance(value, list):
        marks = [*unknown, *[False] * (len(value) - len(unknown))]
        return [with_pending(each, mark) for each, mark in zip(value, marks, strict=False)]
    return value


def combined(first: Any, second: Any, *, is_document: bool = False) -> Any:
    """What two replays agree on; where they differ, a Template that says what flows in.

    The two differ in every value that only apply will tell, so what is the same in both holds
    none. A text that is a JSON document is compared part by part. In it, as in a policy, members of
    a list are told though their order, which sorting made of tokens, is not.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        if first.keys() == second.keys():
            return {
                name: combined(first[name], second[name], is_document=is_document) for name in first
            }
        return derived(first, second)
    if isinstance(first, list) and isinstance(second, list):
        if is_document and sorted(map(canonical, first)) == sorted(map(canonical, second)):
            return first if first == second else sorted(first, key=canonical)
        if len(first) == len(second):
            return [
                combined(one, other, is_document=is_document)
                for one, other in zip(first, second, strict=True)
            ]
        return derived(first, second)
    if first is PENDING or second is PENDING:
        return PENDING
    if type(first) is type(second) and first == second:
        return first
    documents = tuple(map(as_document, (first, second)))
    if None in documents:
        return derived(first, second)
    document = combined(*documents, is_document=True)
    return document if isinstance(document, Template) else encoded(document)


def canonical(tree: Any) -> str:
    """A text by which trees can be sorted and compared."""
    return json.dumps(tree, sort_keys=True, default=repr)


def derived(*trees: Any) -> Template:
    """What is left of trees when only what flows into them can be told."""
    taken = {part for tree in trees for part in _taken(tree)}
    return Template((DERIVED, *sorted(taken, key=str)))


def _taken(tree: Any) -> Iterator[Taken]:
    if isinstance(tree, Template):
        yield from tree.taken
    elif isinstance(tree, dict):
        for key, inner in tree.items():
            yield from _taken(key)
            yield from _taken(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _taken(inner)


def as_document(text: Any) -> Any:
    """A text as the JSON list or object it is, None when it is none."""
    if not isinstance(text, str | Template):
        return None
    try:
        document = (Template((text,)) if isinstance(text, str) else text).document()
    except ValueError:
        return None
    return document if isinstance(document, dict | list) else None


def either(one: Any, other: Any) -> Any:
    """The marks of both of two mark trees."""
    if one is True or other is True:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            name: either(one.get(name, False), other.get(name, False))
            for name in sorted({*one, *other})
        }
    if isinstance(one, list) and isinstance(other, list):
        return [either(*both) for both in zip_longest(one, other, fillvalue=False)]
    return one if has_true(one) or not has_true(other) else other


def merged(real: Any, unknown: Any, proved: Any, sensitive: Any, *, own: str) -> tuple[Any, Any]:
    """A value and its mark, completed by what replays proved.

    `own` is the instance itself: what it takes from itself is what the provider will fill in.
    """
    if not has_true(unknown):
        return real, unknown
    if unknown is True:
        return _taken_over(proved, sensitive, own)
    if isinstance(unknown, dict) and isinstance(proved, dict):
        values = dict(real) if isinstance(real, dict) else {}
        marks = dict(unknown)
        for name in sorted(unknown):
            if has_true(unknown[name]) and name in proved:
                values[name], marks[name] = merged(
                    values.get(name), unknown[name], proved[name], mark_of(sensitive, name), own=own
                )
        return values, marks
    if isinstance(unknown, list) and isinstance(real, list) and isinstance(proved, list):
        return _merged_lists(real, unknown, proved, sensitive, own)
    return real, unknown


def _merged_lists(
    real: list[Any], unknown: list[Any], proved: list[Any], sensitive: Any, own: str
) -> tuple[Any, Any]:
    """Element by element; those of a set are paired by what is known of them."""
    marks = [*unknown, *[False] * (len(real) - len(unknown))]
    paired = _paired(real, marks, proved) if len(marks) == len(real) else None
    if paired is None:
        return real, unknown
    both = [
        merged(value, mark, other, mark_of(sensitive, index), own=own)
        for index, (value, mark, other) in enumerate(zip(real, marks, paired, strict=True))
    ]
    return [value for value, _ in both], [mark for _, mark in both]


def _paired(real: list[Any], marks: list[Any], proved: list[Any]) -> list[Any] | None:
    """The proved elements in the order of the real ones, None when they are not the same ones."""
    if len(real) != len(proved):
        return None
    ours = [with_pending(value, mark) for value, mark in zip(real, marks, strict=True)]
    if len(ours) == 1 or all(map(_fits, ours, proved)):
        return proved
    left = list(proved)
    found: dict[int, Any] = {}
    choices = {index: [one for one in left if _fits(each, one)] for index, each in enumerate(ours)}
    for index in sorted(choices, key=lambda each: (len(choices[each]), each)):
        place = next((at for at, one in enumerate(left) if _fits(ours[index], one)), None)
        if place is None:
            return None
        found[index] = left.pop(place)
    return [found[index] for index in range(len(ours))]


def _fits(ours: Any, proved: Any) -> bool:
    """Whether a proved element can be the one of which this much is known."""
    if ours is PENDING or proved is PENDING:
        return True
    if isinstance(ours, dict) and isinstance(proved, dict):
        return all(_fits(inner, proved.get(name)) for name, inner in ours.items())
    if isinstance(ours, list) and isinstance(proved, list):
        return len(ours) == len(proved) and all(map(_fits, ours, proved))
    # A block leaves out what nobody gave, as nothing, "" or an empty list.
    return bool(ours == proved or (not ours and not proved))


def _taken_over(proved: Any, sensitive: Any, own: str) -> tuple[Any, Any]:
    if isinstance(proved, Template):
        if any(part.address == own for part in proved.taken):
            # Nobody gave it: the provider will, so it is as good as not set.
            return None, False
        return (Template(proved.parts, has_true(sensitive)) if proved.taken else None), True
    if isinstance(proved, dict):
        both = {
            name: _taken_over(inner, mark_of(sensitive, name), own)
            for name, inner in proved.items()
        }
        return (
            {name: value for name, (value, _) in both.items()},
            {name: mark for name, (_, mark) in both.items()},
        )
    if isinstance(proved, list):
        each = [
            _taken_over(one, mark_of(sensitive, index), own) for index, one in enumerate(proved)
        ]
        return [value for value, _ in each], [mark for _, mark in each]
    return (None, True) if proved is PENDING else (proved, False)
