"""Every waiver there is, with what it comes to for several plans together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from policyscan.engine.outcome import Outcome
from policyscan.engine.waiver import Waiver, WaiverTerms
from policyscan.engine.waiving import all_waivers
from policyscan.engine.weighing import Standing, Weighed, complaint, problem_of, weigh

_ORDER = tuple(Standing)


class Waived(NamedTuple):
    """What a waiver is for in one plan."""

    plan: str
    rule: str
    address: str


class Reviewed(Struct, frozen=True):
    """A waiver, the best that it comes to in any plan, and what to do about it, "" for nothing."""

    waiver: Waiver
    standing: Standing
    waived: tuple[Waived, ...]
    complaint: str


class Review(Struct, frozen=True):
    """All waivers, and a line for each thing that is none."""

    reviewed: tuple[Reviewed, ...]
    faults: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to mend or to remove."""
        return not self.faults and not any(each.complaint for each in self.reviewed)


def review(outcomes: Sequence[Outcome], terms: WaiverTerms) -> Review:
    """Weigh all waivers with all plans; without any plan nothing is stale.

    What the plans keep secret is in none of its texts.
    """
    faults = dict.fromkeys(terms.waivers.faults)
    found: dict[Waiver, list[tuple[str, Weighed]]] = {each: [] for each in terms.waivers.given}
    for outcome in outcomes:
        waivers = all_waivers(outcome, terms)
        faults |= dict.fromkeys(waivers.faults)
        for weighed in weigh(outcome, terms, waivers.given):
            name = outcome.platform.plan.name
            found.setdefault(weighed.waiver, []).append((name, weighed))

    def redacted(text: str) -> str:
        for outcome in outcomes:
            text = outcome.redacted(text)
        return text

    def reviewed(waiver: Waiver, weighed: list[tuple[str, Weighed]]) -> Reviewed:
        problem = problem_of(waiver, terms)
        alone = Weighed(waiver, Standing.VOID if problem else Standing.IDLE, (), problem)
        best = max((each for _, each in weighed), key=_rank, default=alone)
        return Reviewed(
            replace(
                waiver,
                addresses=tuple(map(redacted, waiver.addresses)),
                reason=redacted(waiver.reason),
                owner=redacted(waiver.owner),
            ),
            best.standing,
            tuple(
                Waived(name, each.rule.id, each.finding.address)
                for name, one in weighed
                for each in one.judgements
            ),
            redacted(complaint(best)),
        )

    return Review(
        tuple(reviewed(waiver, weighed) for waiver, weighed in found.items()),
        tuple(map(redacted, faults)),
    )


def _rank(weighed: Weighed) -> tuple[int, bool]:
    return _ORDER.index(weighed.standing), bool(weighed.problem)
