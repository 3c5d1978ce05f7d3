"""Tables on a terminal: aligned, cut where it ends, and nothing in them that could steer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from policyscan.fleet.told import CELLS, MATRIX, Table, Told, grid
from policyscan.fleet.values import as_text
from policyscan.report.box import columns_of
from policyscan.report.safe import inert
from policyscan.report.screen import plain

_GAP: Final = "  "
_CUT: Final = "..."
_LEAST: Final = 8
"""Columns of a terminal that a column keeps, however little room there is."""


def report_text(told: Told, width: int | None) -> str:
    """A report; `width` None cuts nothing."""
    lines = [told.title, *told.notes]
    for table in told.tables:
        lines += ["", table.title] if len(told.tables) > 1 else [""]
        lines += _matrix(table, width) if table.name == MATRIX else table_lines(table, width)
    return inert("".join(f"{line}\n" for line in map(plain, lines)))


def query_text(table: Table, width: int | None, *, header: bool) -> str:
    """What a query finds, without a line that says what it is."""
    return inert("".join(f"{line}\n" for line in table_lines(table, width, header=header)))


def table_lines(table: Table, width: int | None, *, header: bool = True) -> Iterator[str]:
    """The rows under their columns, and how many more there are."""
    if not table.rows:
        if header:
            yield table.nothing
        return
    yield from _aligned(table.columns, table.rows, width, header=header)
    if table.rest:
        yield table.rest


def _matrix(table: Table, width: int | None) -> Iterator[str]:
    """Rules by workspaces, which have numbers above and their names below."""
    if not table.rows:
        yield table.nothing
        return
    shown = grid(table)
    numbered = [each for each in shown.workspaces if each is not None]
    heads = [str(number) for number in range(1, len(numbered) + 1)]
    others = ["others"] if None in shown.workspaces else []
    rows = [
        (
            *rule,
            *(_Right(cell.sign(of_others=at >= len(numbered))) for at, cell in enumerate(cells)),
        )
        for rule, cells in shown.rules.items()
    ]
    yield from _aligned(("rule", "name", "severity", *heads, *others), rows, width)
    signs = ", ".join(f"{sign} {kind}" for kind, sign in CELLS.items() if sign)
    yield f"a number: failures, of others the workspaces that fail; {signs}"
    for number, workspace in zip(heads, numbered, strict=True):
        yield f"{number:>4}  {plain(workspace)}"


class _Right(str):
    """A text that stands on the right, as numbers do."""

    __slots__ = ()


def _aligned(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int | None,
    *,
    header: bool = True,
) -> Iterator[str]:
    texts = [[plain(as_text(value)) for value in row] for row in rows]
    heads = [plain(name) for name in columns]
    numeric = [
        all(isinstance(row[at], int | float | _Right | None) for row in rows)
        and any(row[at] is not None for row in rows)
        for at in range(len(columns))
    ]
    shown = [heads, *texts] if header else texts
    widths = [max(columns_of(line[at]) for line in shown) for at in range(len(columns))]
    _fit(widths, width)
    for line in shown:
        cells = (
            _padded(text, room, right=right)
            for text, room, right in zip(line, widths, numeric, strict=True)
        )
        whole = _GAP.join(cells).rstrip()
        yield whole if width is None else _clipped(whole, width)


def _fit(widths: list[int], width: int | None) -> None:
    """Take room from the widest column as long as the terminal is too narrow for all."""
    if width is None:
        return
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while over > 0 and max(widths) > _LEAST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        over -= 1


def _padded(text: str, room: int, *, right: bool) -> str:
    text = _clipped(text, room)
    space = " " * (room - columns_of(text))
    return space + text if right else text + space


def _clipped(text: str, room: int) -> str:
    if columns_of(text) <= room:
        return text
    kept = text
    while kept and columns_of(kept) > max(room - len(_CUT), 0):
        kept = kept[: -max((columns_of(kept) - room) // 2, 1)]
    return kept + _CUT[: room - columns_of(kept)]
