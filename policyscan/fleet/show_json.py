"""Tables for programs, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from policyscan.fleet.told import Table, Told
from policyscan.fleet.values import as_json
from policyscan.report.safe import plain_json


def report_json(told: Told) -> str:
    """A report: its facts and notes, and each table as an array of objects."""
    document = {
        "report": told.name,
        **as_json(dict(told.facts)),
        "notes": list(told.notes),
        "tables": {table.name: _objects(table) for table in told.tables},
        "more": {table.name: table.more for table in told.tables if table.more},
    }
    return plain_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def query_json(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """An array of an object for each row, as it comes."""
    lead = "[\n  "
    for row in rows:
        yield lead + plain_json(json.dumps(_object(columns, row), ensure_ascii=False))
        lead = ",\n  "
    yield "\n]\n" if lead.startswith(",") else "[]\n"


def _objects(table: Table) -> list[dict[str, Any]]:
    return [_object(table.columns, row) for row in table.rows]


def _object(columns: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: as_json(value) for name, value in zip(columns, row, strict=True)}
