"""Checks of the shape of raw plan JSON, so that an error names the file and the JSON path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policyscan.errors import PlanError

_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The checks for one document; `name` is how messages call it."""

    name: str

    def check(self, value: Any, kind: type, where: str) -> Any:
        """The value. Raises PlanError: it is not of the kind."""
        if isinstance(value, kind):
            return value
        found = "null" if value is None else type(value).__name__
        raise PlanError(
            f"{self.name}: {where} is {found}, not {_KINDS[kind]}: no plan Terraform wrote; "
            "make it again with `terraform show -json`"
        )

    def objects(self, value: Any, where: str) -> list[dict[str, Any]]:
        """A list of objects. Raises PlanError: it is none."""
        self.check(value, list, where)
        return [self.check(each, dict, f"{where}[{i}]") for i, each in enumerate(value)]
