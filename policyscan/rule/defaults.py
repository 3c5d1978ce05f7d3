"""What an attribute comes to that nobody set: the table `unset_defaults`, asked of a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from policyscan.plan import Absent, Known, Resource, Value
from policyscan.rule.tables import load_table

_INDEX = re.compile(r"\[\d+\]\.")


def effective(resource: Resource, path: str) -> Value:
    """An attribute's value, and where it is absent what the provider or AWS takes then.

    Absent where the table has no one value for it. Example: `network_mode` left out is "bridge".
    """
    value = resource.value(path)
    key = (resource.type, _INDEX.sub("[*].", path))
    return _defaults().get(key, value) if isinstance(value, Absent) else value


@cache
def _defaults() -> Mapping[tuple[str, str], Known]:
    rows: list[dict[str, Any]] = load_table("unset_defaults")["rows"]
    return {(row["type"], row["attribute"]): Known(row["value"]) for row in rows if "value" in row}
