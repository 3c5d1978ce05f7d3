"""Waivers: findings that somebody answers for, until a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from msgspec import Struct

from policyscan.rule import Rule, Verdict

WAIVERS_FILE = ".policyscan-waivers.yaml"

OPEN = frozenset({Verdict.FAIL, Verdict.UNKNOWN})
"""The verdicts that may be waived."""


class Waiver(Struct, frozen=True):
    """What is waived, why, by whom, and until when, that day included.

    `rule` is an id, a name or a group, of Checkov's checks too, with `*`; `addresses` are patterns
    as `address_pattern` reads them. `place` is where it is written: file and line.
    A skip comment of Checkov (`is_skip`) counts for Checkov's findings alone, and has no owner and
    no last day.
    """

    rule: str
    addresses: tuple[str, ...]
    reason: str
    owner: str
    expires: date | None
    place: str
    is_skip: bool = False

    def names(self, rule: Rule) -> bool:
        """Whether it is for a rule."""
        return rule.id == self.rule if self.is_skip else is_named(rule, self.rule)


class Waivers(Struct, frozen=True):
    """The waivers of one place, and a line for each thing in it that is none."""

    given: tuple[Waiver, ...] = ()
    faults: tuple[str, ...] = ()

    def __add__(self, other: Waivers) -> Waivers:
        return Waivers((*self.given, *other.given), (*self.faults, *other.faults))


class WaiverTerms(Struct, frozen=True):
    """What decides which waivers count: the day, those of a file, and what may not be waived.

    `rules` are all that are known and `ran` those of them that ran. Staleness is told only with
    `tells_stale`: of several plans, what is stale for one may count for another.
    """

    today: date
    rules: tuple[Rule, ...]
    ran: tuple[Rule, ...]
    waivers: Waivers
    unwaivable: tuple[str, ...] = ()
    tells_stale: bool = True

    def may_waive(self, rule: Rule) -> bool:
        """Whether a waiver may count for a rule."""
        return not any(is_named(rule, pattern) for pattern in self.unwaivable)


def is_named(rule: Rule, pattern: str) -> bool:
    """Whether a pattern means a rule by its id, its name or its group."""
    return any(fnmatchcase(each, pattern) for each in (rule.id, rule.name, rule.group))


def today() -> date:
    """The day by which waivers expire: that of UTC, the same wherever a scan runs."""
    return datetime.now(tz=UTC).date()
