"""What is read of the parts of a run."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from policyscan.errors import FleetError
from policyscan.fleet.schema import PLANS, PLANS_FOLDER, VERDICTS, VERDICTS_FOLDER
from policyscan.fleet.summary import counted
from policyscan.fleet.tables import Tables, table_of

PARTS = 150
"""More than are read ahead."""
PATIENCE = 60


def run_of(folder: Path) -> Tables:
    tables = Tables(str(folder), "a", retries=0)
    tables.prepare()
    for number in range(PARTS):
        row = {each.name: "" if pa.types.is_string(each.type) else 0 for each in PLANS}
        row |= {"run": "a", "plan": f"{number:03}", "outcome": "scanned", "resources": number}
        empty = table_of(VERDICTS_FOLDER, ())
        assert empty.schema == VERDICTS
        tables.commit(f"part-{number:03}", table_of(PLANS_FOLDER, [row]), empty)
    return tables


def test_parts_are_read_some_at_once_and_told_in_order(tmp_path: Path) -> None:
    tables = run_of(tmp_path)
    # Nobody goes on before two are there at the same time.
    both = threading.Barrier(2)

    def told(part: str) -> int:
        both.wait(PATIENCE)
        return int(tables.plans(part)["resources"][0].as_py())

    found = list(tables.of_each(told))
    assert found == [(f"part-{number:03}", number) for number in range(PARTS)]
    assert counted(tables).verdicts["resources"] == sum(range(PARTS))
    assert counted(tables).plans == PARTS


def test_a_part_that_cannot_be_read_is_told_whichever_it_is(tmp_path: Path) -> None:
    tables = run_of(tmp_path)
    [broken] = tmp_path.glob("plans/*/part-111.parquet")
    broken.write_bytes(b"PAR1")
    with pytest.raises(FleetError, match=r"part-111\.parquet: cannot be read"):
        counted(tables)
