"""What keeps a resource, or what it held, past its destroy: the table, asked of a plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from policyscan.graph import ResourceGraph
from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown, Value, number_of
from policyscan.rule.model import Certainty
from policyscan.rule.snippet import block, edit, removed
from policyscan.rule.tables import load_table

Row = Mapping[str, Any]


class Flag(Struct, frozen=True):
    """An attribute of a resource that the table `destroyability` speaks of.

    `row` is the table's, `path` the attribute of this one block, where blocks repeat. A block
    that is not there at all has the path of the block. `is_before`: as it was before the plan.
    """

    resource: Resource
    row: Row
    path: str
    is_before: bool = False

    @property
    def value(self) -> Value:
        """What the plan says of it; a list without blocks is one that nobody set."""
        found = self._read(self.path)
        return ABSENT if found == Known([]) else found

    def _read(self, path: str) -> Value:
        return self.resource.before_value(path) if self.is_before else self.resource.value(path)

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
        lifted = self._read(self.row["unless"]) if "unless" in self.row else ABSENT
        return None if isinstance(lifted, Unknown) else lifted != Known(value=True)

    @property
    def lifter(self) -> str:
        """The attribute that lifts what this one would keep, "" when none does."""
        is_on = _matches(self.row["bad"], self.effective)
        return str(self.row.get("unless", "")) if is_on and self.is_bad is False else ""

    @property
    def certainty(self) -> Certainty:
        """Inferred where the documentation does not tell what an unset attribute means."""
        is_guess = self.row.get("assumed", False) and isinstance(self.value, Absent)
        return Certainty.INFERRED if is_guess else Certainty.PROVEN

    @property
    def blocker(self) -> str:
        """The attribute that has to be known first."""
        return self.path if isinstance(self.value, Unknown) else self.row.get("unless", self.path)

    @property
    def symptom(self) -> str:
        """What AWS or the provider will say, "" where it is not known."""
        return str(self.row.get("symptom", ""))

    @property
    def cure(self) -> str:
        """The argument that does no harm, as HCL in the blocks it stands in; null takes it away."""
        match self.row:
            case {"good": good}:
                harmless = good
            case {"bad": ["!=" | ">", operand]}:
                harmless = operand
            case _:
                harmless = self.row["unset"] if self.row["bad"] != ["set"] else None
        return self._written(harmless)

    @property
    def guard(self) -> str:
        """The argument that keeps it, where the table compares with one value."""
        if self.lifter:
            return f"{self.lifter} = false"
        operator, operand = self.row["bad"]
        return self._written(operand if operator == "==" else self.row["unset"])

    def _written(self, value: object) -> str:
        *blocks, attribute = self.row["attribute"].split("[*].")
        written = f"{attribute} = {json.dumps(value)}"
        for name in reversed(blocks):
            written = block(name, written)
        return written

    @property
    def snippet(self) -> str:
        """What to write instead, or in place of the whole resource."""
        return removed(self.resource) if "whole" in self.row else edit(self.resource, self.cure)

    def __str__(self) -> str:
        """What is set or left unset, as the end of a sentence about the resource."""
        if self.lifter:
            return f"has {self.lifter} = true, which lifts {self.path}"
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
    for resource, rows in rows_of_kind(graph, kind):
        if not resource.is_deleted:
            yield resource, tuple(_flags(resource, rows, is_before=False))


def flags_before(graph: ResourceGraph, kind: str) -> Iterator[tuple[Resource, tuple[Flag, ...]]]:
    """Each resource that this plan destroys or replaces with its flags as they are before that."""
    for resource, rows in rows_of_kind(graph, kind):
        if "delete" in resource.actions:
            yield resource, tuple(_flags(resource, rows, is_before=True))


def rows_of_kind(graph: ResourceGraph, kind: str) -> Iterator[tuple[Resource, tuple[Row, ...]]]:
    """Each resource of the plan that rows of one kind speak of, with those rows."""
    rows: dict[str, list[Row]] = {}
    for row in load_table("destroyability")["rows"]:
        if row["kind"] == kind:
            rows.setdefault(row["type"], []).append(row)
    for resource in graph.of_type(*rows):
        yield resource, tuple(rows[resource.type])


def _flags(resource: Resource, rows: Iterable[Row], *, is_before: bool) -> Iterator[Flag]:
    """The attribute of each row in each of the blocks it may stand in."""
    for row in rows:
        *blocks, attribute = row["attribute"].split("[*].")
        places = [""]
        for name in blocks:
            places = [
                f"{place}{name}[{index}]."
                for place in places
                for index in range(_count(resource, f"{place}{name}", is_before=is_before))
            ]
        if not places and _matches(row["bad"], row["unset"]):
            yield Flag(resource, row, blocks[0], is_before)
        yield from (Flag(resource, row, f"{place}{attribute}", is_before) for place in places)


def _count(resource: Resource, path: str, *, is_before: bool) -> int:
    """How many blocks of a name there are."""
    if not is_before:
        return len(resource.elements(path))
    value = resource.before_value(path)
    return len(value.value) if isinstance(value, Known) and isinstance(value.value, list) else 0


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
