"""What a query or a report tells, whatever it is shown as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from msgspec import Struct, field

MATRIX: Final = "matrix"
"""The table that has a row for each cell, and is shown as rules by workspaces."""
CELLS: Final = {
    "fail": "",
    "error": "!",
    "unknown": "?",
    "waived": "w",
    "ok": ".",
    "not judged": "-",
}
"""What a cell of the matrix may be, and its sign; what fails shows how often instead."""


class Table(Struct, frozen=True):
    """Rows under the names of their columns, and how many more there are; None is not counted.

    `nothing` is what is said where there is no row.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: int | None = 0
    nothing: str = "no rows"

    @property
    def rest(self) -> str:
        """The line that says of rows that are not shown."""
        if self.more is None:
            return "and more, which --limit shows"
        return f"and {self.more:,} more" if self.more else ""


class Told(Struct, frozen=True):
    """A report: sentences to know before reading it, the same as facts, and its tables."""

    name: str
    title: str
    notes: tuple[str, ...]
    facts: Mapping[str, Any]
    tables: tuple[Table, ...]


class Cell(Struct, frozen=True):
    """What one rule says of one workspace, or of all others."""

    kind: str
    findings: int
    workspaces: int

    def sign(self, *, of_others: bool) -> str:
        """As it stands in a grid: findings, or how many of the others have one."""
        number = self.workspaces if of_others else self.findings
        return CELLS[self.kind] or str(number)


class Grid(Struct, frozen=True):
    """The matrix as it is looked at: rules with their cells, one for each workspace.

    The last workspace is None where that column stands for all others.
    """

    workspaces: tuple[str | None, ...]
    rules: Mapping[tuple[str, str, str], list[Cell]] = field(default_factory=dict)


def grid(table: Table) -> Grid:
    """The rows of the matrix by rule, name and severity."""
    workspaces: dict[str | None, None] = {}
    rules: dict[tuple[str, str, str], list[Cell]] = {}
    for row in table.rows:
        known = dict(zip(table.columns, row, strict=True))
        workspaces.setdefault(known["workspace"])
        cells = rules.setdefault((known["rule"], known["name"], known["severity"]), [])
        cells.append(Cell(known["cell"], known["findings"], known["workspaces"]))
    return Grid(tuple(workspaces), rules)


def taken(rows: Iterable[tuple[Any, ...]], most: int) -> tuple[tuple[tuple[Any, ...], ...], int]:
    """So many rows, all with 0, and how many more there are, of which none is kept."""
    if not most:
        return tuple(rows), 0
    left = iter(rows)
    first = tuple(islice(left, most))
    return first, sum(1 for _ in left)
