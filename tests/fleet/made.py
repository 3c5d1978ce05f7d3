"""Outputs of fleets, made of rows as the schemas have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from policyscan.fleet.schema import (
    PLANS,
    PLANS_FOLDER,
    SUMMARY_FOLDER,
    VERDICTS,
    VERDICTS_FOLDER,
)

Row = dict[str, Any]
MORNING: Final = datetime(2026, 11, 28, 6, tzinfo=UTC)
SEVERITIES: Final = {"PS101": "critical", "PS102": "high", "PS103": "medium", "CKV_AWS_1": "low"}


def plan(workspace: str, **known: Any) -> Row:
    """A row of a plan that was scanned with Checkov, but for what is known of it."""
    return {
        "plan": f"s3://plans/{workspace}/plan.json",
        "workspace": workspace,
        "sha256": "ab" * 32,
        "bytes": 1_000,
        "outcome": "scanned",
        "kind": "changes",
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "checkov": "ran",
        "seconds": 0.25,
        "policyscan": "0.1",
        "rules": "f00d",
        **known,
    }


def verdict(workspace: str, rule: str, address: str, verdict: str = "fail", **known: Any) -> Row:
    """A row of what a rule says of an address."""
    is_checkov = rule.startswith("CKV")
    return {
        "plan": f"s3://plans/{workspace}/plan.json",
        "workspace": workspace,
        "sha256": "ab" * 32,
        "tool": "checkov" if is_checkov else "policyscan",
        "rule": rule,
        "name": f"name-of-{rule.lower()}",
        "group": "CHECKOV" if is_checkov else "DEPLOY",
        "severity": SEVERITIES.get(rule, "high"),
        "address": address,
        "type": address.partition(".")[0],
        "verdict": verdict,
        "confidence": "proven",
        "message": f"{address} is wrong",
        "new": True,
        "waived": False,
        "in_baseline": False,
        **known,
    }


def write(  # noqa: PLR0913 - what a run consists of
    out: Path,
    run: str,
    plans: Iterable[Row],
    verdicts: Iterable[Row],
    *,
    part: str = "part-a",
    at: datetime = MORNING,
) -> Path:
    """Write a part of a run, finished at that."""
    rows = [{"scanned_at": at + timedelta(seconds=n), **each} for n, each in enumerate(plans)]
    put(out, VERDICTS_FOLDER, run, part, table(VERDICTS, run, verdicts))
    put(out, PLANS_FOLDER, run, part, table(PLANS, run, rows))
    return finish(out, run)


def finish(out: Path, run: str) -> Path:
    """Write that a run has come to its end."""
    (out / SUMMARY_FOLDER).mkdir(exist_ok=True)
    (out / SUMMARY_FOLDER / f"run={run}.json").write_text("{}")
    return out


def table(schema: pa.Schema, run: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows with what they leave out: 0 for counts, null for all else."""
    blank = {each.name: 0 for each in schema if pa.types.is_integer(each.type)}
    return pa.Table.from_pylist([{**blank, **row, "run": run} for row in rows], schema=schema)


def put(out: Path, folder: str, run: str, part: str, rows: pa.Table) -> Path:
    """Write a part."""
    path = out / folder / f"run={run}" / f"{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path)
    return path


def write_large(out: Path, run: str, *, seed: int, at: datetime, parts: int = 10) -> Path:
    """Write a run of 10,000 plans and 200,000 verdicts, some of both other than of other seeds."""
    size, found = 10_000 // parts, 20
    for part in range(parts):
        names = [f"team-{n % 97:02}/app-{n:05}" for n in range(part * size, (part + 1) * size)]
        lost = [(n * 31 + seed) % 50 == 0 for n in range(size)]
        plans: dict[str, list[Any]] = {
            "workspace": names,
            "plan": [f"s3://plans/{name}/plan.json" for name in names],
            "outcome": ["failed" if each else "scanned" for each in lost],
            "reason": ["it is no JSON" if each else None for each in lost],
            "scanned_at": [at] * size,
        }
        of = [n for n in range(size) if not lost[n] for _ in range(found)]
        numbers = list(range(len(of)))
        ids = [(n * 7 + of[n] * (3 + seed)) % 60 for n in numbers]
        worst = ["critical", "high", "medium", "low"]
        verdicts: dict[str, list[Any]] = {
            "workspace": [names[n] for n in of],
            "plan": [plans["plan"][n] for n in of],
            "rule": [f"PS{100 + n}" for n in ids],
            "name": [f"name-{n}" for n in ids],
            "severity": [worst[n % 4] for n in ids],
            "address": [f"aws_thing.this[{n % found}]" for n in numbers],
            "verdict": ["unknown" if n % 9 == 0 else "fail" for n in numbers],
            "waived": [n % 13 == 0 for n in numbers],
        }
        put(out, VERDICTS_FOLDER, run, f"part-{part}", _columns(VERDICTS, run, verdicts))
        put(out, PLANS_FOLDER, run, f"part-{part}", _columns(PLANS, run, plans))
    return finish(out, run)


def _columns(schema: pa.Schema, run: str, known: Mapping[str, list[Any]]) -> pa.Table:
    count = len(known["plan"])
    sample = plan("x") if schema is PLANS else verdict("x", "PS101", "a.b")
    (blank,) = table(schema, run, [sample]).to_pylist()
    arrays = [
        pa.array(known[each.name], each.type)
        if each.name in known
        else pa.repeat(pa.scalar(blank[each.name], each.type), count)
        for each in schema
    ]
    return pa.table(arrays, schema=schema)
