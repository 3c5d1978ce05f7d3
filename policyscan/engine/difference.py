"""What two plans differ in: the failures only one of them has, and those of both."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from policyscan.engine.outcome import Judgement, Outcome, threshold
from policyscan.engine.redact import is_withheld
from policyscan.engine.standing import is_same, is_worse
from policyscan.rule import Verdict


class Difference(Struct, frozen=True):
    """Failures that count, of two plans that were judged alike.

    Those `added` did not fail in the older one, or less badly. Those `fixed`, as they were, fail no
    more. `undecided` are verdicts that are unknown in the newer one and were not in the older.
    """

    old: Outcome
    new: Outcome
    added: tuple[Judgement, ...]
    fixed: tuple[Judgement, ...]
    unchanged: tuple[Judgement, ...]
    undecided: tuple[Judgement, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """What kept one of the plans from being judged."""
        return (*self.old.errors, *self.new.errors)

    def exit_code(self, fail_on: str) -> int:
        """0 nothing new at or above the threshold, 1 something, 2 not judged, 3 nothing to."""
        if self.errors:
            return 2
        if not self.new.has_judged:
            return 3
        if fail_on == "unknown" and self.undecided:
            return 1
        least = threshold(fail_on)
        return int(any(each.severity.reaches(least) for each in self.added))


def difference(old: Outcome, new: Outcome) -> Difference:
    """Compare two outcomes by rule and address; what the newer plan moves is known again."""
    was = {_key(each, old): each for each in old.all_judgements if each.counts}
    now = {_key(each, new): each for each in new.all_judgements}
    pairs = [
        (each, None if is_withheld(each.finding.address) else was.get(key))
        for key, each in now.items()
        if each.counts
    ]
    failing = [(each, before) for each, before in pairs if each.verdict is Verdict.FAIL]
    return Difference(
        old,
        new,
        added=_sorted(each for each, before in failing if _is_added(each, before)),
        fixed=_sorted(
            each
            for key, each in was.items()
            if each.verdict is Verdict.FAIL
            and (key not in now or now[key].verdict in {Verdict.PASS, Verdict.NA})
        ),
        unchanged=_sorted(each for each, before in failing if not _is_added(each, before)),
        undecided=_sorted(
            each
            for each, before in pairs
            if each.verdict is Verdict.UNKNOWN
            and (before is None or before.verdict is not Verdict.UNKNOWN)
        ),
    )


def _key(judgement: Judgement, outcome: Outcome) -> tuple[str, str]:
    """What a judgement is known by in both: its rule, and where its resource is before any move."""
    address = judgement.finding.address
    resource = outcome.platform.graph.resource(address)
    moved_from = resource.previous_address if resource is not None else ""
    return judgement.rule.id, moved_from or address


def _is_added(judgement: Judgement, was: Judgement | None) -> bool:
    return (
        was is None
        or was.verdict is not Verdict.FAIL
        or is_worse(judgement, was)
        or not is_same(judgement.finding, was.finding)
    )


def _sorted(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    return tuple(sorted(judgements, key=lambda one: (one.rule.id, one.finding.address)))
