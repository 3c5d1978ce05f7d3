"""Holds JSON reports against their published schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).resolve().parents[1] / "policyscan" / "schemas" / "report.schema.json"


@cache
def _documents() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    # The schema of one document: of an alternative of two a validator says only that none fits.
    return Draft202012Validator({**schema["$defs"]["document"], "$defs": schema["$defs"]})


def flaws(report: Any) -> list[str]:
    """Where a report, or one of an array of them, is not what the schema says, and how."""
    return [
        f"{error.json_path}: {error.message[:300]}"
        for document in (report if isinstance(report, list) else [report])
        for error in _documents().iter_errors(document)
    ]
