"""Waivers: findings that somebody answers for, until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is waived, why, by whom, and until when, that day included.

    `rule` is an id, a name or a group, of Checkov's checks too, with `*`; `address` a pattern of
    addresses with instance keys. `place` is where it is written: file and line.
    """

    rule: str
    address: str
    reason: str
    owner: str
    expires: date
    place: str
