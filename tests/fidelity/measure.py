"""Compares an offline plan with another plan of the same configuration, and adds up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policyscan.planner.schema import Attribute, Block
from tests.fidelity.leaves import Blocks, Category, Leaf, sensitive_leaves, whole

Count = dict[str, int]
"""Category -> how many leaves."""
_DIFFERENT = {Category.DIFFERS, Category.REDEFINED, Category.SUPERSEDED}
SHOWN = 100
"""Characters of a value in a stored difference: enough to tell what it is."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two changes of one resource."""

    address: str
    type: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    leaves: tuple[Leaf, ...]

    @property
    def is_same_action(self) -> bool:
        """Whether both plan to do the same with it, for the same reasons."""
        return self.ours == self.theirs


def compared(
    ours: bytes,
    theirs: bytes,
    blocks: Callable[[str], Blocks],
    judge: Callable[[str, Leaf], Leaf],
) -> Iterator[Compared]:
    """Every managed resource of two plans, which have the same addresses, sorted.

    `judge` gets each leaf of a type for a second opinion.
    Raises ValueError: an address is in one plan alone.
    """
    mine, other = _changes(ours), _changes(theirs)
    if alone := sorted(mine.keys() ^ other.keys()):
        raise ValueError(f"in one plan alone: {', '.join(alone)}")
    for address in sorted(mine):
        resource_type = mine[address]["type"]
        both = blocks(resource_type)
        change, changed = mine[address]["change"], other[address]["change"]
        yield Compared(
            address,
            resource_type,
            _actions(change, both),
            _actions(changed, both),
            tuple(judge(resource_type, leaf) for leaf in _leaves(both, change, changed)),
        )


def _changes(plan: bytes) -> Mapping[str, Mapping[str, Any]]:
    changes = json.loads(plan)["resource_changes"]
    return {each["address"]: each for each in changes if each["mode"] == "managed"}


def types_in(plan: bytes) -> frozenset[str]:
    """The types of the managed resources of a plan."""
    return frozenset(each["type"] for each in _changes(plan).values())


def _actions(change: Mapping[str, Any], both: Blocks) -> tuple[str, ...]:
    """What is done, and the attributes it is done for, of those both schemas have."""
    reasons = [path for path in change.get("replace_paths", ()) if both.have(path[0])]
    return (*change["actions"], *sorted(json.dumps(path) for path in reasons))


def _leaves(both: Blocks, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Leaf]:
    """What is planned: nothing for what goes or stays, whose values are those of the state."""
    if "no-op" in ours["actions"] or ours["actions"] == ["delete"]:
        return
    mine = whole(ours["after"], ours["after_unknown"])
    other = whole(theirs["after"], theirs["after_unknown"])
    yield from both.leaves(mine, other)
    yield from sensitive_leaves(both, ours["after_sensitive"], theirs["after_sensitive"])


def counted(leaves: Iterable[Leaf]) -> Count:
    """How many of each category, none left out."""
    found = Counter(leaf.category for leaf in leaves)
    return {category.value: found[category] for category in Category}


def differences(resources: Iterable[Compared], blocks: Callable[[str], Blocks]) -> list[Any]:
    """What is not equal, by type, path and category, each with its first example."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for resource in resources:
        for leaf in resource.leaves:
            if leaf.category not in _DIFFERENT:
                continue
            entry = found.setdefault(
                (resource.type, leaf.path, leaf.category.value),
                {
                    "type": resource.type,
                    "path": leaf.path,
                    "category": leaf.category.value,
                    "leaves": 0,
                    "example": resource.address,
                    "ours": shown(leaf.ours),
                    "theirs": shown(leaf.theirs),
                },
            )
            entry["leaves"] += 1
            if leaf.category is Category.REDEFINED:
                entry["schemas"] = _schemas(blocks(resource.type), leaf.path)
    return [found[key] for key in sorted(found)]


def shown(value: Any) -> str:
    """A value as JSON, cut off where it says no more."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _schemas(blocks: Blocks, path: str) -> dict[str, str]:
    """How either schema has an attribute."""
    named = {"ours": blocks.ours, "theirs": blocks.theirs}
    return {name: _flags(_attribute(block, path)) for name, block in named.items()}


def _attribute(block: Block, path: str) -> Attribute:
    name, _, inner = path.partition(".")
    if inner and name in block.block_types:
        return _attribute(block.block_types[name].block, inner)
    return block.attributes[name]


def _flags(attribute: Attribute) -> str:
    flags = ("required", "optional", "computed")
    kind = attribute.type if isinstance(attribute.type, str) else attribute.type[0]
    return " ".join([*(flag for flag in flags if getattr(attribute, flag)), kind])
