"""Two plans of one configuration, leaf by leaf.

A leaf is what an attribute holds where it is no collection: a text, a number, a bool, null, "known
after apply", or an empty list or map. A block that both leave out is no leaf.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from policyscan.planner.schema import Attribute, Block, NestedBlock


class Category(StrEnum):
    """How a leaf of the offline plan stands to the same leaf of the other."""

    EQUAL = "equal"
    DIFFERS = "differs"
    NEWER = "newer"
    """The attribute is in our schema alone."""
    GONE = "gone"
    """The attribute is in the other provider's schema alone."""
    REDEFINED = "redefined"
    """It differs, and the schemas differ on its type, or on whether AWS or users may set it."""
    SUPERSEDED = "superseded"
    """It differs, and the provider changed since in what no schema says."""


UNKNOWN = "(known after apply)"
NOTHING = "(no such block)"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: where, and what each plan says. `path` has no indexes: `rule.action.type`."""

    path: str
    category: Category
    ours: Any = None
    theirs: Any = None


def whole(after: Any, unknown: Any) -> Any:
    """Values and marks of the unknown as one value."""
    if unknown is True:
        return UNKNOWN
    if isinstance(after, dict) or isinstance(unknown, dict):
        marks = unknown if isinstance(unknown, dict) else {}
        values = after or {}
        return {
            name: whole(values.get(name), marks.get(name)) for name in sorted({*values, *marks})
        }
    if isinstance(after, list):
        each = unknown if isinstance(unknown, list) else []
        return [whole(*both) for both in zip_longest(after, each[: len(after)])]
    return after


@dataclass(frozen=True, slots=True)
class Blocks:
    """A type, or a block inside it, by both schemas."""

    ours: Block
    theirs: Block

    def have(self, name: str) -> bool:
        """Whether both schemas have an attribute or block of that name."""
        return name in _names(self.ours) & _names(self.theirs)

    def leaves(self, ours: Any, theirs: Any, path: str = "") -> Iterator[Leaf]:
        """Every leaf of the two values of it."""
        for name in sorted(_names(self.ours) | _names(self.theirs)):
            mine, other = _value(ours, name), _value(theirs, name)
            if name not in _names(self.theirs):
                yield from _of_one(mine, path + name, Category.NEWER)
            elif name not in _names(self.ours):
                yield from _of_one(other, path + name, Category.GONE)
            else:
                yield from self._both(name, mine, other, path + name)

    def _both(self, name: str, ours: Any, theirs: Any, path: str) -> Iterator[Leaf]:
        mine, other = _nested_in(self.ours, name), _nested_in(self.theirs, name)
        if mine and other:
            yield from _nested(mine, other, ours, theirs, path)
            return
        attribute, before = self.ours.attributes[name], self.theirs.attributes[name]
        if attribute.type != before.type:
            ours, theirs = _loosened(ours), _loosened(theirs)
        is_same = (attribute.type, attribute.computed, attribute.optional) == (
            before.type,
            before.computed,
            before.optional,
        )
        for leaf in _attribute(attribute.type, ours, theirs, path):
            is_redefined = leaf.category is Category.DIFFERS and not is_same
            yield replace(leaf, category=Category.REDEFINED) if is_redefined else leaf


def _nested_in(block: Block, name: str) -> NestedBlock | None:
    """The block type of a name; an attribute of objects, which is written like one, is one too."""
    if name in block.block_types:
        return block.block_types[name]
    match block.attributes[name].type:
        case ["list" | "set" as nesting, ["object", members]]:
            inner = Block({member: Attribute(kind) for member, kind in members.items()})
            return NestedBlock(nesting, inner)
        case _:
            return None


def _loosened(value: Any) -> Any:
    """A value of an attribute whose type changed between the schemas: as text, in one order."""
    match value:
        case None | str():
            return value
        case list():
            return sorted(map(_loosened, value))
        case _:
            return _text(value)


def _names(block: Block) -> set[str]:
    return {*block.attributes, *block.block_types}


def _value(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else None


def _of_one(value: Any, path: str, category: Category) -> Iterator[Leaf]:
    for found, leaf in _flat(value, path):
        yield Leaf(found, category, *([leaf] if category is Category.NEWER else [None, leaf]))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in sorted(value.items()):
            yield from _flat(inner, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _flat(inner, path)
    else:
        yield path, value


def _nested(
    mine: NestedBlock, other: NestedBlock, ours: Any, theirs: Any, path: str
) -> Iterator[Leaf]:
    if UNKNOWN in (ours, theirs):
        yield _leaf(path, ours or NOTHING, theirs or NOTHING)
        return
    both = Blocks(mine.block, other.block)
    if mine.nesting == "single":
        if ours or theirs:
            yield from both.leaves(ours, theirs, f"{path}.")
        return
    is_set = "set" in {mine.nesting, other.nesting}
    for one, another in _pairs(both, ours or [], theirs or [], is_set=is_set):
        if None in (one, another) or UNKNOWN in (one, another):
            yield _leaf(path, one or NOTHING, another or NOTHING)
        else:
            yield from both.leaves(one, another, f"{path}.")


def _pairs(
    both: Blocks, ours: list[Any], theirs: list[Any], *, is_set: bool
) -> Iterator[tuple[Any, Any]]:
    """Which element stands for which: by place, in a set by what most of it holds."""
    if not is_set:
        yield from zip_longest(ours, theirs)
        return
    left = list(theirs)
    for one in ours:
        if not left:
            yield one, None
            continue
        # Few elements, and ties broken by place: the order is the same in every run.
        nearest = min(left, key=lambda other: _distance(both, one, other))
        left.remove(nearest)
        yield one, nearest
    yield from ((None, other) for other in left)


def _distance(both: Blocks, one: Any, other: Any) -> int:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return int(one != other)
    return sum(leaf.category is Category.DIFFERS for leaf in both.leaves(one, other))


def _attribute(kind: Any, ours: Any, theirs: Any, path: str) -> Iterator[Leaf]:
    """The leaves of an attribute, whose elements in a set have no order."""
    match ours, theirs, kind:
        case list(), list(), ["set", _] if ours or theirs:
            mine, other = sorted(map(_text, ours)), sorted(map(_text, theirs))
            for one, another in zip_longest(mine, other, fillvalue=NOTHING):
                yield _leaf(path, one, another)
        case list(), list(), _ if ours or theirs:
            for one, another in zip_longest(ours, theirs, fillvalue=NOTHING):
                yield from _attribute(None, one, another, path)
        case dict(), dict(), _ if ours or theirs:
            for name in sorted({*ours, *theirs}):
                yield from _attribute(
                    None, ours.get(name, NOTHING), theirs.get(name, NOTHING), f"{path}.{name}"
                )
        case _:
            yield _leaf(path, ours, theirs)


def _leaf(path: str, ours: Any, theirs: Any) -> Leaf:
    return Leaf(path, Category.EQUAL if ours == theirs else Category.DIFFERS, ours, theirs)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def sensitive_leaves(blocks: Blocks, ours: Any, theirs: Any) -> Iterator[Leaf]:
    """Every attribute either plan hides, of those both schemas have."""
    mine, other = set(_marked(ours, "")), set(_marked(theirs, ""))
    for path in sorted(mine | other):
        if _is_known(blocks.ours, path) and _is_known(blocks.theirs, path):
            yield _leaf(f"{path} (sensitive)", path in mine, path in other)


def _marked(marks: Any, path: str) -> Iterator[str]:
    if marks is True:
        yield path
    elif isinstance(marks, dict):
        for name, inner in marks.items():
            yield from _marked(inner, f"{path}.{name}" if path else name)
    elif isinstance(marks, list):
        for inner in marks:
            yield from _marked(inner, path)


def _is_known(block: Block, path: str) -> bool:
    name, _, inner = path.partition(".")
    if inner and name in block.block_types:
        return _is_known(block.block_types[name].block, inner)
    return name in _names(block)
