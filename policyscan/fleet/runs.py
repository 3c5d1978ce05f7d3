"""The runs that an output of a fleet holds, and the parts of each that count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from msgspec import Struct

from policyscan.errors import FleetError
from policyscan.fleet.schema import (
    PLANS,
    PLANS_FOLDER,
    SUMMARY_FOLDER,
    VERDICTS,
    VERDICTS_FOLDER,
)
from policyscan.fleet.storage import StorageError, file_system, reason, shown, tried

_RUN: Final = "run="
_PART: Final = "part-"
_PARQUET: Final = ".parquet"
_RETRIES: Final = 4
_AT_A_TIME: Final = 16
"""Requests under way to storage, which answers late rather than slowly."""
_SCHEMAS: Final = {PLANS_FOLDER: PLANS, VERDICTS_FOLDER: VERDICTS}
_Given = TypeVar("_Given")
_Had = TypeVar("_Had")


class Run(Struct, frozen=True):
    """One run: when one of its plans was judged, whether it came to its end, and its parts."""

    name: str
    made_at: datetime
    is_finished: bool
    parts: tuple[str, ...]


class Output:
    """What `policyscan fleet --out` has written, at a path or a URL of any kind fsspec knows.

    Raises FleetError, here and from its methods: there is none, it cannot be read, or
    another version wrote it.
    """

    def __init__(self, place: str) -> None:
        self.place = shown(place)
        self._files, self._root = file_system(place)

    def runs(self) -> tuple[Run, ...]:
        """All runs, in the order in which they were made. Raises also: there is none."""
        folders = (_name(path) for path in self._listed(PLANS_FOLDER))
        names = [folder.removeprefix(_RUN) for folder in folders if folder.startswith(_RUN)]
        finished = {_name(path) for path in self._listed(SUMMARY_FOLDER)}
        found = [
            Run(name, at, f"{_RUN}{name}.json" in finished, parts)
            for name, (at, parts) in zip(names, _at_a_time(self._committed, names), strict=True)
            if at is not None
        ]
        if not found:
            raise FleetError(
                f"{self.place}: no run of a fleet is in it; name the folder that "
                "`policyscan fleet --out` wrote"
            )
        return tuple(sorted(found, key=lambda run: (run.made_at, run.name)))

    def plans(self, runs: Iterable[Run]) -> ds.Dataset:
        """Rows of `schema.PLANS`, read as they are asked for."""
        paths = [self._path(PLANS_FOLDER, run.name, part) for run in runs for part in run.parts]
        return self._rows(PLANS_FOLDER, paths)

    def verdicts(self, runs: Iterable[Run]) -> ds.Dataset:
        """Rows of `schema.VERDICTS`; a part counts only where that of its plans was there."""
        paths: list[str] = []
        for run in runs:
            counted = {*run.parts}
            listed = self._listed(VERDICTS_FOLDER, f"{_RUN}{run.name}")
            paths += [path for path in listed if _name(path) in counted]
        return self._rows(VERDICTS_FOLDER, paths)

    def _committed(self, run: str) -> tuple[datetime | None, tuple[str, ...]]:
        """When the first plan of a run was judged that comes to hand, and the parts of its plans.

        Runs follow each other, so that any plan will do.
        """
        paths = self._listed(PLANS_FOLDER, f"{_RUN}{run}")
        names = map(_name, paths)
        parts = tuple(n for n in names if n.startswith(_PART) and n.endswith(_PARQUET))
        for part in parts:
            path = self._path(PLANS_FOLDER, run, part)
            with _reading(path), self._files.open(path) as opened:
                file = pq.ParquetFile(opened)
                _check(path, PLANS, file.schema_arrow)
                if times := file.read(columns=["scanned_at"]).column(0).to_pylist():
                    return min(times), parts
        return None, parts

    def _rows(self, table: str, paths: list[str]) -> ds.Dataset:
        schema = _SCHEMAS[table]
        if not paths:
            return ds.dataset(schema.empty_table())
        with _reading(f"{self.place}: {table}"):
            rows = ds.dataset(paths, schema=schema, format="parquet", filesystem=self._files)
        for path, found in _at_a_time(_schema, rows.get_fragments()):
            _check(path, schema, found)
        return rows

    def _path(self, table: str, run: str, part: str) -> str:
        return "/".join((self._root.rstrip("/"), table, f"{_RUN}{run}", part))

    def _listed(self, *folder: str) -> list[str]:
        """Paths, sorted; none where there is no such folder."""
        path = "/".join((self._root.rstrip("/"), *folder))

        def listed() -> list[str]:
            try:
                return sorted(self._files.ls(path, detail=False))
            except (FileNotFoundError, NotADirectoryError):
                return []

        with _reading(path):
            return tried(listed, _RETRIES)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _schema(part: ds.Fragment) -> tuple[str, pa.Schema]:
    with _reading(part.path):
        return part.path, part.physical_schema


def _check(path: str, wanted: pa.Schema, found: pa.Schema) -> None:
    """Raises FleetError: a column is not there, which Arrow would take for one of nulls."""
    for column in wanted:
        at = found.get_field_index(column.name)
        if at >= 0 and found.field(at).type == column.type:
            continue
        what = "there is no" if at < 0 else f"{found.field(at).type}, not {column.type}, in the"
        raise FleetError(
            f"{path}: {what} column {column.name}: another version of policyscan wrote it; query "
            "it with that one, or scan again"
        )


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Say of Parquet that cannot be read where it is. Raises FleetError."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException, StorageError) as problem:
        raise FleetError(f"{shown(path)}: cannot be read: {reason(problem)}") from None


def _at_a_time(ask: Callable[[_Given], _Had], of: Iterable[_Given]) -> Iterator[_Had]:
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        yield from pool.map(ask, of)
