"""What a run found, and what the scan command finds of the same plans."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from tests.cli.commands import run

Row = dict[str, Any]
_OPEN = frozenset({"fail", "unknown", "error"})
_ALIKE = ("rule", "address", "verdict", "severity", "message", "new", "in_baseline", "confidence")


def fleet(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """One run, as a user has it."""
    return run("fleet", *arguments, cwd=cwd, stdin=None, **{"HOME": str(cwd), **env})


def command(*arguments: str | Path) -> list[str]:
    """The command line of a run."""
    return [sys.executable, "-m", "policyscan", "fleet", *map(str, arguments)]


def rows(out: Path, table: str) -> list[Row]:
    """The rows of a table, of all runs."""
    found: list[Row] = ds.dataset(out / table, format="parquet").to_table().to_pylist()
    return found


def plans(out: Path) -> dict[str, Row]:
    """The row of each plan. There are not two of any."""
    found = rows(out, "plans")
    told = {each["plan"]: each for each in found}
    assert len(told) == len(found)
    return told


def findings(out: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What is found in each plan, sorted."""
    told: dict[str, list[tuple[Any, ...]]] = {}
    for each in rows(out, "verdicts"):
        told.setdefault(each["plan"], []).append(tuple(each[name] for name in _ALIKE))
    return {name: sorted(found) for name, found in told.items()}


def serial(folder: Path, names: Iterable[str]) -> dict[str, Row]:
    """The report of the scan command on each of these plans, by name."""
    flags = ("--no-source", "--replay", "never", "--exit-zero", "-f", "json", "-o", "all.json")
    names = list(names)
    done = run("scan", *names, *flags, cwd=folder)
    assert done.returncode in {0, 2}, done.stderr
    documents = json.loads((folder / "all.json").read_bytes())
    documents = [documents] if isinstance(documents, dict) else documents
    return dict(zip(names, documents, strict=True))


def findings_of(document: Row) -> list[tuple[Any, ...]]:
    """What a report of the scan command tells that a run keeps, sorted."""
    told = (each for each in document["verdicts"] if each["verdict"] in _OPEN)
    named = f"{document['plan']['path']}: "
    told = ({**each, "message": each["message"].removeprefix(named)} for each in told)
    return sorted(tuple(each[name] for name in _ALIKE) for each in told)
