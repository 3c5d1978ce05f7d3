"""Values of DuckDB, as texts and as JSON."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import Any


def as_text(value: Any) -> str:
    """As a person reads it; nothing for null."""
    simple = as_json(value)
    match simple:
        case None:
            return ""
        case bool():
            return str(simple).lower()
        case _:
            return str(simple)


def as_json(value: Any) -> Any:
    """As JSON has it: times as ISO 8601 has them, in UTC, and bytes as hexadecimal digits."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case bytes():
            return value.hex()
        case list() | tuple():
            return [as_json(each) for each in value]
        case dict():
            return {str(key): as_json(each) for key, each in value.items()}
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
