"""Small plans by the hundred, no two alike, and what only looks like one."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SMALLEST = 40
_STATE = b'{"version": 4, "terraform_version": "1.11.4", "serial": 1, "resources": []}'


@cache
def fixtures() -> tuple[bytes, ...]:
    """The smallest plans of rules that have verdicts to tell."""
    found = sorted((ROOT / "fixtures" / "rules").glob("*/*/plan.json"), key=_size)
    return tuple(path.read_bytes() for path in found[:_SMALLEST])


def _size(path: Path) -> tuple[int, str]:
    return path.stat().st_size, str(path)


def plan(number: int) -> bytes:
    """A plan that differs from every other."""
    document = json.loads(fixtures()[number % len(fixtures())])
    document["timestamp"] = f"2026-01-01T00:00:00.{number:09}Z"
    return json.dumps(document).encode()


def corrupt(number: int) -> bytes:
    """What is no plan, or not a whole one."""
    whole = plan(number)
    errored = json.dumps({**json.loads(whole), "errored": True}).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("tfplan", "saved")
    kinds = (
        whole[: len(whole) // 2],
        gzip.compress(whole)[:-20],
        _STATE,
        bytes(range(256)) * 4,
        b"",
        errored,
        b"<html>please sign in</html>",
        b"{}",
        archive.getvalue(),
        json.dumps({**json.loads(whole), "resource_changes": 7}).encode(),
    )
    return kinds[number % len(kinds)]


def written(folder: Path, count: int) -> Path:
    """So many plans, each in a folder of its own."""
    for number in range(count):
        path = folder / f"team-{number % 3}" / f"w{number:04}" / "plan.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plan(number))
    return folder
