"""SQL -> rows, as far as SQL only asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import duckdb
from duckdb import StatementType
from msgspec import Struct

from policyscan.errors import ConfigError, FleetError, PolicyscanError
from policyscan.fleet.views import VIEWS, Views

_READS: Final = frozenset({StatementType.SELECT, StatementType.EXPLAIN, StatementType.MULTI})
"""What a statement may be; several in one are a `pivot`."""
_ROWS: Final = 2048
"""Rows fetched at a time."""
_HINTS: Final = {
    "COLUMN_NOT_FOUND": "`describe VIEW` lists the columns of a view",
    "MISSING_ENTRY": f"there are {', '.join(VIEWS)}",
}
_UNREAD: Final = "reading the Arrow source failed: "
"""What DuckDB begins with where Parquet cannot be read."""
_Had = TypeVar("_Had")


class Answer(Struct, frozen=True):
    """Names of columns, each once, and rows, which are fetched as they are taken."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def answered(views: Views, sql: str) -> Answer:
    """What a query finds.

    Raises ConfigError, here and from the rows: it is no SQL, does not only ask, or cannot be
    answered within bounds.
    """
    connection = views.connection
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1:
            raise ConfigError(f"query: {len(statements)} statements; give one, such as a select")
        if statements[0].type not in _READS:
            kind = statements[0].type.name.lower()
            raise ConfigError(f"query: {kind}: a query only reads; start it with select or from")
        _interruptibly(connection, lambda: connection.execute(statements[0]))
    except duckdb.Error as problem:
        raise _refusal(problem, sql, views.place) from None
    described = connection.description or []
    return Answer(_distinct(str(each[0]) for each in described), _rows(views, sql))


def _rows(views: Views, sql: str) -> Iterator[tuple[Any, ...]]:
    connection = views.connection
    while True:
        try:
            rows = _interruptibly(connection, lambda: connection.fetchmany(_ROWS))
        except duckdb.Error as problem:
            raise _refusal(problem, sql, views.place) from None
        if not rows:
            return
        yield from rows


def _interruptibly(connection: duckdb.DuckDBPyConnection, work: Callable[[], _Had]) -> _Had:
    """Do it in a thread, so that a signal ends it at once and as it ends everything else."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        try:
            return done.result()
        except SystemExit:
            connection.interrupt()
            raise


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    """The names, with a number behind those there were already."""
    found: list[str] = []
    for name in names:
        numbered, count = name, 1
        while numbered in found:
            count += 1
            numbered = f"{name}_{count}"
        found.append(numbered)
    return tuple(found)


def _refusal(problem: duckdb.Error, sql: str, place: str) -> PolicyscanError:
    """What is wrong with a query, where in it, and what may help, in a line."""
    told = str(problem)
    try:
        details = json.loads(told[told.index("{") :])
        what = str(details["exception_message"])
    except (ValueError, KeyError):
        return FleetError(f"query: {told.partition(chr(10))[0]}")
    if what.startswith(_UNREAD):
        return FleetError(f"{place}: cannot be read: {what.removeprefix(_UNREAD)}")
    if isinstance(problem, duckdb.OutOfMemoryException):
        what, hint = "takes more memory than it may", "narrow it, or allow more with --memory"
    elif isinstance(problem, duckdb.PermissionException):
        hint = "a query sees the views alone"
    else:
        hint = _HINTS.get(details.get("error_subtype", ""), "")
        if details.get("type") not in {None, "Table"}:
            hint = ""
    # Behind the first line are candidates, which come from all of DuckDB.
    told = "; ".join(filter(None, (what.partition("\n")[0].rstrip("!."), hint)))
    at = _place(sql, details.get("position"))
    return ConfigError(f"query{at}: {told}")


def _place(sql: str, position: str | None) -> str:
    """The line and column of a position, which is counted in bytes of UTF-8."""
    if position is None:
        return ""
    before = sql.encode()[: int(position)].decode(errors="replace")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return f", line {line}, column {column}"
