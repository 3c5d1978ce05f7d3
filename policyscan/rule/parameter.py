"""What a rule is set by, and what it may be set to."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from msgspec import Struct

from policyscan.errors import ConfigError

Setting = int | float | str | tuple[str, ...]

_KINDS = {int: "a whole number", float: "a number", str: "a text", tuple: "a list of texts"}
_LONGEST = 40
"""Characters of a refused value that a message repeats."""


class Parameter(Struct, frozen=True):
    """A number, text or list a rule is set by; the default is the reference platform's.

    `choices` are the only values there are, `least` and `most` the bounds of a number.
    Raises ConfigError: the default is of no such kind, or none of the values it may have.
    """

    name: str
    default: Setting
    description: str
    choices: tuple[int | str, ...] = ()
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        kind = type(self.default)
        if kind not in _KINDS:
            settable = "a number, a text or a tuple of texts"
            raise ConfigError(
                f"the default of {self.name} is of type {kind.__name__}, not {settable}"
            )
        self.checked(self.default)

    def read(self, text: str) -> Setting:
        """A value off a command line, a list with commas. Raises ConfigError: as `checked`."""
        value: Any = text
        if isinstance(self.default, tuple):
            value = tuple(part.strip() for part in text.split(",") if part.strip())
        elif not isinstance(self.default, str):
            try:
                value = type(self.default)(text)
            except ValueError:
                value = text
        return self.checked(value)

    def checked(self, value: object) -> Setting:
        """A value as the rule takes it. Raises ConfigError: of another kind, or out of range."""
        match self.default, value:
            case tuple(), list() | tuple() if all(isinstance(each, str) for each in value):
                return tuple(value)
            case str(), str():
                found: Setting = value
            case int(), int() if not isinstance(value, bool):
                found = value
            case float(), int() | float() if not isinstance(value, bool):
                # No float is as large as a whole number can be.
                found = float(value) if abs(value) < sys.float_info.max else math.inf
            case _:
                raise ConfigError(f"{shown(value)} is not {_KINDS[type(self.default)]}")
        if self.choices and found not in self.choices:
            raise ConfigError(f"{shown(value)} is not one of {', '.join(map(str, self.choices))}")
        if isinstance(found, int | float) and not self._is_in_range(found):
            raise ConfigError(f"{shown(value)} is not {self._range}")
        return found

    @property
    def schema(self) -> dict[str, Any]:
        """What `checked` takes, as JSON Schema."""
        found: dict[str, Any] = {"description": self.description, "default": self.default}
        match self.default:
            case tuple():
                found |= {"default": list(self.default), "type": "array"}
                found["items"] = {"type": "string"}
            case str():
                found["type"] = "string"
            case number:
                found["type"] = "integer" if isinstance(number, int) else "number"
        if self.choices:
            found["enum"] = list(self.choices)
        bounds = {"minimum": self.least, "maximum": self.most}
        return found | {name: bound for name, bound in bounds.items() if bound is not None}

    def _is_in_range(self, number: float) -> bool:
        least = -math.inf if self.least is None else self.least
        most = math.inf if self.most is None else self.most
        return math.isfinite(number) and least <= number <= most

    @property
    def _range(self) -> str:
        match self.least, self.most:
            case None, None:
                return "a number that can be counted to"
            case least, None:
                return f"{least:g} or more"
            case None, most:
                return f"{most:g} or less"
        return f"from {self.least:g} to {self.most:g}"


def shown(value: object) -> str:
    """A value as configuration files spell it, cut where it is long."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
