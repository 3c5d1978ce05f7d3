"""What SQL can ask of a fleet: views over its runs, and nothing else of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

import duckdb
import pyarrow.dataset as ds
from msgspec import Struct

from policyscan.errors import ConfigError
from policyscan.fleet.runs import Output, Run
from policyscan.rule import Severity
from policyscan.scratch import private_folder

WEIGHTS: Final = (64, 16, 4, 1)
"""What a failure weighs, from critical to low: one outweighs three of the next severity."""
_FOUND_BY: Final = {
    "latest_workspaces": ("latest_plans",),
    "previous_workspaces": ("previous_plans",),
    "names": ("latest_verdicts", "previous_verdicts"),
    "latest_states": ("latest_verdicts",),
    "previous_states": ("previous_verdicts",),
    "changes": (
        "latest_states",
        "previous_states",
        "latest_workspaces",
        "previous_workspaces",
    ),
}
"""Views that are made of others, in the order in which they can be."""
_TABLES: Final = tuple(
    f"{which}{table}" for which in ("", "latest_", "previous_") for table in ("plans", "verdicts")
)
VIEWS: Final = (*_TABLES, *_FOUND_BY, "runs", "severities")
_SPILLED: Final = "16GiB"
_LOCKED: Final = (
    # Views read Parquet through Arrow, outside of DuckDB: SQL itself needs no file at all.
    "set enable_external_access = false",
    "set lock_configuration = true",
)


class Asked(Struct, frozen=True):
    """Which runs are looked at, and what of them.

    `run` None is the last one, `since` None the one before it. `rules` and `workspaces` are
    patterns of shells; none is all. `severity` is the least. `top` is how many rows or columns of
    a report are shown, `memory` the most MiB that a query takes before it goes on on disk.
    """

    run: str | None = None
    since: str | None = None
    rules: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    severity: Severity | None = None
    top: int = 20
    memory: int = 4096


class Views(Struct, frozen=True):
    """A connection that has the views; `previous` None where the run is the first."""

    place: str
    connection: duckdb.DuckDBPyConnection
    latest: Run
    previous: Run | None


@contextmanager
def opened(out: str, asked: Asked, sql: str) -> Iterator[Views]:
    """The views that the SQL mentions, all where it mentions none.

    Raises PolicyscanError: what cannot be read, or a run that is not there.
    """
    output = Output(out)
    runs = output.runs()
    latest = _run(out, runs, asked.run, "--run") or runs[-1]
    earlier = runs[: runs.index(latest)]
    previous = _run(out, runs, asked.since, "--since") or (earlier[-1] if earlier else None)
    if previous == latest:
        raise ConfigError(f"--since {latest.name}: this is the run that is to be compared")
    chosen = {
        "": runs,
        "latest": (latest,),
        "previous": () if previous is None else (previous,),
    }
    with private_folder() as spilled, _connection(asked.memory, str(spilled)) as connection:
        _settle(connection, runs, latest, previous)
        wanted = _wanted(sql)
        for view in (view for view in _TABLES if view in wanted):
            which, _, table = view.rpartition("_")
            rows = output.plans if table == "plans" else output.verdicts
            _narrow(connection, view, rows(chosen[which]), asked)
        for view in (view for view in _FOUND_BY if view in wanted):
            connection.execute(f"create view {view} as {_definition(view)}")
        connection.execute(f"set variable top = {asked.top}")
        for setting in _LOCKED:
            connection.execute(setting)
        yield Views(output.place, connection, latest, previous)


def written(name: str) -> str:
    """The SQL of a file in `sql/`."""
    return files(__package__).joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")


def _connection(memory: int, spilled: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory}MiB",
            "threads": os.cpu_count() or 1,
            "temp_directory": spilled,
            "max_temp_directory_size": _SPILLED,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "errors_as_json": True,
        },
    )


def _settle(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[Run],
    latest: Run,
    previous: Run | None,
) -> None:
    """Make the tables that are small enough to be made at once."""
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create table severities (severity text, position int, weight int)")
    connection.executemany(
        "insert into severities values (?, ?, ?)",
        [[str(each), at, WEIGHTS[at]] for at, each in enumerate(Severity)],
    )
    connection.execute(
        "create table runs (run text, position int, made_at timestamptz, is_finished bool, "
        "is_latest bool, is_previous bool)"
    )
    connection.executemany(
        "insert into runs values (?, ?, ?, ?, ?, ?)",
        [
            [run.name, at, run.made_at, run.is_finished, run == latest, run == previous]
            for at, run in enumerate(runs)
        ],
    )


def _wanted(sql: str) -> set[str]:
    """The views that SQL mentions, and what they are made of. A word too many costs time only."""
    said = {*re.findall(r"\w+", sql.lower())} & {*VIEWS} or {*VIEWS}
    for view in reversed(_FOUND_BY):
        if view in said:
            said.update(_FOUND_BY[view])
    return said


def _narrow(
    connection: duckdb.DuckDBPyConnection, view: str, rows: ds.Dataset, asked: Asked
) -> None:
    """Make the view of those rows that are asked for."""
    narrowed = [_any(("workspace",), asked.workspaces)]
    if view.endswith("verdicts"):
        reached = [each for each in Severity if asked.severity and each.reaches(asked.severity)]
        narrowed += [
            _any(("rule", "name"), asked.rules),
            " or ".join(f"severity = {literal(each)}" for each in reached),
        ]
    terms = " and ".join(f"({each})" for each in narrowed if each) or "true"
    connection.from_arrow(rows).filter(terms).create_view(view)


def _any(columns: Sequence[str], patterns: Sequence[str]) -> str:
    return " or ".join(f"{at} glob {literal(pattern)}" for at in columns for pattern in patterns)


def literal(text: str) -> str:
    """The text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


def _definition(view: str) -> str:
    which, _, what = view.rpartition("_")
    text = written(what)
    return text.replace("{plans}", f"{which}_plans").replace("{verdicts}", f"{which}_verdicts")


def _run(out: str, runs: Sequence[Run], name: str | None, flag: str) -> Run | None:
    if name is None:
        return None
    for run in runs:
        if run.name == name:
            return run
    last = ", ".join(run.name for run in runs[:-4:-1])
    raise ConfigError(f"{flag} {name}: {out} has no such run; the last ones are {last}")
