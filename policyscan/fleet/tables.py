"""The tables of a run, part by part: written, read again, removed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from policyscan.errors import FleetError
from policyscan.fleet.judge import Row
from policyscan.fleet.schema import (
    PLAIN,
    PLANS,
    PLANS_FOLDER,
    SORTED_BY,
    SUMMARY_FOLDER,
    VERDICTS,
    VERDICTS_FOLDER,
)
from policyscan.fleet.storage import StorageError, file_system, read, shown, tried, write

_SCHEMAS: Final = {PLANS_FOLDER: PLANS, VERDICTS_FOLDER: VERDICTS}
_PART: Final = "part-"
_PARQUET: Final = ".parquet"
_ANY_SIZE: Final = 2**40
_AT_ONCE: Final = 16
"""Parts that are read at once: most of the time goes by on the way to the storage."""
_AHEAD: Final = 4 * _AT_ONCE

Told = TypeVar("Told")


def part_name(names: Iterable[str]) -> str:
    """What the part of some plans is called: always the same."""
    digest = hashlib.sha256("\0".join(sorted(names)).encode(errors="surrogatepass"))
    return f"{_PART}{digest.hexdigest()[:24]}"


class Tables(Struct, frozen=True):
    """Where the tables of a run lie: `out` is a path seen from anywhere, or a URL."""

    out: str
    run: str
    retries: int = 4

    # -- parts -----------------------------------------------------------------------------------

    def commit(
        self, part: str, plans: pa.Table, verdicts: pa.Table, *, is_another: bool = False
    ) -> None:
        """Write a part, the table of plans last: with it, the part is there.

        `is_another`: one with other findings is there, which are not to be taken for these.
        Raises FleetError: it cannot be written.
        """
        if is_another:
            self.remove(part)
        self._write(VERDICTS_FOLDER, part, verdicts)
        self._write(PLANS_FOLDER, part, plans)

    def plans(self, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The plans of a part. Raises FleetError: it cannot be read."""
        return self._read(PLANS_FOLDER, part, columns)

    def verdicts(self, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The findings of a part. Raises FleetError: it cannot be read."""
        return self._read(VERDICTS_FOLDER, part, columns)

    def parts(self) -> list[str]:
        """The parts that are there, sorted."""
        return sorted(self._names(PLANS_FOLDER))

    def of_each(self, told: Callable[[str], Told]) -> Iterator[tuple[str, Told]]:
        """Every part with what is told of it, in order of name; some are read at once.

        Raises FleetError as what tells does.
        """
        parts = self.parts()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Some at a time: what was read and not yet taken stays in memory.
            for begin in range(0, len(parts), _AHEAD):
                some = parts[begin : begin + _AHEAD]
                yield from zip(some, pool.map(told, some), strict=True)

    def remove(self, part: str) -> None:
        """Remove a part, if it is there; the table of plans first."""
        for folder in (PLANS_FOLDER, VERDICTS_FOLDER):
            self._delete(self._path(folder, part))

    def sweep(self) -> None:
        """Remove what was begun and is no part."""
        parts = set(self.parts())
        for part in sorted(self._names(VERDICTS_FOLDER) - parts):
            self._delete(self._path(VERDICTS_FOLDER, part))
        for folder in (PLANS_FOLDER, VERDICTS_FOLDER):
            for name in self._files(folder):
                if name.startswith(f".{_PART}"):
                    self._delete(f"{self._folder(folder)}/{name}")

    # -- the run ---------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether there is anything of the run."""
        return bool(self._files(PLANS_FOLDER) or self._files(VERDICTS_FOLDER))

    def summarise(self, content: bytes) -> str:
        """Write the summary. Returns where it is. Raises FleetError: it cannot be written."""
        path = f"{self.out}/{SUMMARY_FOLDER}/run={self.run}.json"
        self._put(path, content)
        return path

    def prepare(self) -> None:
        """Make the folders. Raises FleetError: they cannot be made."""
        for folder in (PLANS_FOLDER, VERDICTS_FOLDER, SUMMARY_FOLDER):
            where = f"{self.out}/{folder}" if folder == SUMMARY_FOLDER else self._folder(folder)
            files, path = file_system(where)
            try:
                tried(partial(files.makedirs, path, exist_ok=True), 0)
            except StorageError as problem:
                raise _unwritable(where, problem) from None

    def _folder(self, folder: str) -> str:
        return f"{self.out}/{folder}/run={self.run}"

    def _path(self, folder: str, part: str) -> str:
        return f"{self._folder(folder)}/{part}{_PARQUET}"

    def _names(self, folder: str) -> set[str]:
        return {
            name.removesuffix(_PARQUET)
            for name in self._files(folder)
            if name.startswith(_PART) and name.endswith(_PARQUET)
        }

    def _files(self, folder: str) -> list[str]:
        return [each.rpartition("/")[2] for each in _listing(self._folder(folder), self.retries)]

    def _write(self, folder: str, part: str, table: pa.Table) -> None:
        self._put(self._path(folder, part), encoded(folder, table))

    def _put(self, path: str, content: bytes) -> None:
        try:
            write(path, content, self.retries)
        except StorageError as problem:
            raise _unwritable(path, problem) from None

    def _read(self, folder: str, part: str, columns: Sequence[str] | None) -> pa.Table:
        path = self._path(folder, part)
        try:
            content = read(path, size=None, limit=_ANY_SIZE, retries=self.retries)
            return pq.read_table(
                io.BytesIO(content),
                columns=None if columns is None else list(columns),
                schema=_SCHEMAS[folder],
            )
        except (StorageError, pa.ArrowException) as problem:
            raise FleetError(f"{shown(path)}: cannot be read: {problem}") from None

    def _delete(self, path: str) -> None:
        files, inside = file_system(path)

        def delete() -> None:
            if files.exists(inside):
                files.rm_file(inside)

        try:
            tried(delete, self.retries)
        except StorageError as problem:
            raise FleetError(f"{shown(path)}: cannot be removed: {problem}") from None


def runs(out: str, retries: int = 4) -> list[str]:
    """The runs that there is something of, sorted."""
    found = {
        path.rpartition("/")[2].removeprefix("run=")
        for folder in (PLANS_FOLDER, VERDICTS_FOLDER)
        for path in _listing(f"{out}/{folder}", retries)
    }
    return sorted(found)


def table_of(folder: str, rows: Iterable[Row]) -> pa.Table:
    """A table of these rows, in its order."""
    order = [(column, "ascending") for column in SORTED_BY[folder]]
    return pa.Table.from_pylist(list(rows), schema=_SCHEMAS[folder]).sort_by(order)


def merged(folder: str, tables: Sequence[pa.Table]) -> pa.Table:
    """One table of several, in its order."""
    order = [(column, "ascending") for column in SORTED_BY[folder]]
    return pa.concat_tables(tables).sort_by(order)


def of_plans(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """The rows of some plans."""
    return table.filter(pc.is_in(table["plan"], value_set=pa.array(list(names), pa.string())))


def encoded(folder: str, table: pa.Table) -> bytes:
    """A table as Parquet, texts that repeat written once."""
    stream = io.BytesIO()
    schema = _SCHEMAS[folder]
    texts = [each.name for each in schema if pa.types.is_string(each.type)]
    pq.write_table(
        table,
        stream,
        compression="zstd",
        use_dictionary=[name for name in texts if name not in PLAIN],
    )
    return stream.getvalue()


def _listing(url: str, retries: int) -> Iterator[str]:
    files, path = file_system(url)

    def names() -> list[str]:
        files.invalidate_cache()
        try:
            found = files.ls(path, detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [each.rstrip("/") for each in found if each.rstrip("/") != path.rstrip("/")]

    try:
        yield from tried(names, retries)
    except StorageError as problem:
        raise FleetError(f"{shown(url)}: cannot be listed: {problem}") from None


def _unwritable(path: str, problem: Exception) -> FleetError:
    return FleetError(
        f"{shown(path)}: cannot be written: {problem}; what was written before stays, and "
        "--resume goes on from there"
    )
