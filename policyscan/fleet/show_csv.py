"""Rows for spreadsheets, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from policyscan.fleet.values import as_json, as_text
from policyscan.report.safe import inert
from policyscan.report.screen import plain

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text starts that spreadsheets compute."""


def query_csv(
    columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], *, header: bool
) -> Iterator[str]:
    """Lines as RFC 4180 has them; no text is one that a spreadsheet would compute."""
    if header:
        yield _line(columns)
    for row in rows:
        yield _line(row)


def _line(row: tuple[Any, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_inert(value) for value in row])
    return inert(line.getvalue())


def _inert(value: Any) -> str:
    text = as_text(value)
    is_formula = text.startswith(_FORMULA) and not isinstance(as_json(value), int | float)
    return plain(f"'{text}" if is_formula else text)
