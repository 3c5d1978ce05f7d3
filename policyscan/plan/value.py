"""What a plan says of one attribute: known, unknown until apply, or not set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Known:
    """A value Terraform has decided; lists and maps inside it hold no unknown part."""

    value: Any
    is_sensitive: bool = False

    def __str__(self) -> str:
        """Text fit for a message: never the value of something marked sensitive."""
        return "(sensitive)" if self.is_sensitive else str(self.value)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value only apply will tell; `why` names what it waits for."""

    why: str = "known after apply"


@dataclass(frozen=True, slots=True)
class Absent:
    """Not set: null, or an optional attribute nobody gave that the provider will fill."""


ABSENT: Final = Absent()
Value = Known | Unknown | Absent
