"""What is told, in the format that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from policyscan.fleet.query import Answer
from policyscan.fleet.show_csv import query_csv
from policyscan.fleet.show_html import query_html, report_html
from policyscan.fleet.show_json import query_json, report_json
from policyscan.fleet.show_text import query_text, report_text
from policyscan.fleet.told import Table, Told

_READABLE: Final = 1_000
"""Rows that people are shown, unless they ask for more; programs get all."""


class Look(Struct, frozen=True):
    """A format, and the columns of the terminal, None for no terminal.

    `limit` is the most rows of a query: None as many as its format is for, 0 all.
    """

    format_name: str
    width: int | None
    header: bool = True
    limit: int | None = None


def report_shown(told: Told, look: Look) -> str:
    """A report as text, json or html."""
    match look.format_name:
        case "json":
            return report_json(told)
        case "html":
            return report_html(told)
        case _:
            return report_text(told, look.width)


def query_pieces(sql: str, answer: Answer, look: Look) -> Iterator[str]:
    """The answer to a query as text, json, csv or html; row by row where a format allows it."""
    match look.format_name:
        case "json":
            yield from query_json(answer.columns, islice(answer.rows, look.limit or None))
        case "csv":
            rows = islice(answer.rows, look.limit or None)
            yield from query_csv(answer.columns, rows, header=look.header)
        case "html":
            yield query_html(sql, _table(answer, look.limit))
        case _:
            yield query_text(_table(answer, look.limit), look.width, header=look.header)


def _table(answer: Answer, limit: int | None) -> Table:
    most = _READABLE if limit is None else limit
    rows = tuple(islice(answer.rows, most + 1 if most else None))
    is_all = not most or len(rows) <= most
    return Table("rows", "Rows", answer.columns, rows[: most or None], 0 if is_all else None)
