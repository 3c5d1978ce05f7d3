"""What keeps a resource, or what it held, past its destroy: the table, asked of a plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policyscan.graph import ResourceGraph
from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown, Value, number_of
from policyscan.rule.model import Certainty
from policyscan.rule.tables import load_table

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Flag:
    """An attribute of a resource that the table `destroyability` speaks of.

    `row` is the table's, `path` the attribute of this one block, where blocks repeat. A block
    that is not there at all has the path of the block.
    """

    resource: Resource
    row: Row
    path: str

    @property
    def value(self) -> Value:
        """What the plan says of it; a list without blocks is one that nobody set."""
        found = self.resource.value(self.path)
        return ABSENT if found == Known([]) else found

    @property
    def effective(self) -> Any:
        """What it comes to: the value a known one has, of an unset one the provider's default."""
        match self.value:
            case Known(value):
                return value
            case _:
                return self.row["unset"]

    @property
    def is_bad(self) -> bool | None:
        """Whether it outlasts the destroy; None when the plan does not tell."""
        if isinstance(self.value, Unknown):
            return None
        if not _matches(self.row["bad"], self.effective):
            return False
        lifted = self.resource.value(self.row["unless"]) if "unless" in self.row else ABSENT
        return None if isinstance(lifted, Unknown) else lifted != Known(value=True)

    @property
    def certainty(self) -> Certainty:
        """Inferred where the documentation does not tell what an unset attribute means."""
        is_guess = self.row.get("assumed", False) and isinstance(self.value, Absent)
        return Certainty.INFERRED if is_guess else Certainty.PROVEN

    @property
    def blocker(self) -> str:
        """The attribute that has to be known first."""
        return self.path if isinstance(self.value, Unknown) else self.row.get("unless", self.path)

    def __str__(self) -> str:
        """What is set or left unset, as the end of a sentence about the resource."""
        match self.value:
            case Known(value) as known:
                shown = str(known) if known.is_sensitive else json.dumps(value)
                return f"has {self.path} = {shown}"
            case _ if self.row["unset"] is None:
                return f"leaves {self.path} unset"
            case _:
                return f"leaves {self.path} unset, and unset it is {json.dumps(self.row['unset'])}"


def flags_of_kind(graph: ResourceGraph, kind: str) -> Iterator[tuple[Resource, tuple[Flag, ...]]]:
    """Each resource that stands after this plan with its flags of one kind.

    A resource whose flags stand in blocks it does not have comes with none.
    """
    rows: dict[str, list[Row]] = {}
    for row in load_table("destroyability")["rows"]:
        if row["kind"] == kind:
            rows.setdefault(row["type"], []).append(row)
    for resource in graph.of_type(*rows):
        if not resource.is_deleted:
            yield (
                resource,
                tuple(
                    Flag(resource, row, path)
                    for row in rows[resource.type]
                    for path in _paths(resource, row)
                ),
            )


def _paths(resource: Resource, row: Row) -> Iterator[str]:
    """The attribute in each of the blocks it may stand in."""
    *blocks, attribute = row["attribute"].split("[*].")
    places = [""]
    for block in blocks:
        places = [
            f"{place}{block}[{index}]."
            for place in places
            for index in range(len(resource.elements(f"{place}{block}")))
        ]
    if not places and _matches(row["bad"], row["unset"]):
        yield blocks[0]
    yield from (f"{place}{attribute}" for place in places)


def _matches(bad: list[Any], value: Any) -> bool:
    """Whether a value is the bad one. Example: `["!=", 0]` and 30."""
    match bad:
        case ["==", operand]:
            return bool(value == operand)
        case ["!=", operand]:
            return bool(value != operand)
        case ["in", operands]:
            return value in operands
        case [">", operand]:
            number = number_of(Known(value))
            return number is not None and number > operand
        case _:
            return value is not None
