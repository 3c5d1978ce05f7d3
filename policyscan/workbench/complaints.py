"""Holds what a pack says of a fixture against what is expected of it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policyscan.engine import Judgement, Outcome
from policyscan.rule import Verdict
from policyscan.workbench.expected import Expected
from policyscan.workbench.fixture import REQUIRED, Fixture

_Judgements = Mapping[str, Judgement]


def complaints(
    fixture: Fixture, expected: Expected, outcome: Outcome, pack: frozenset[str]
) -> Iterator[str]:
    """Everything that is not as a fixture wants it; `pack` are the ids of the pack's rules."""
    by_rule: dict[str, dict[str, Judgement]] = {}
    for each in outcome.judgements:
        if each.rule.id in pack:
            by_rule.setdefault(each.rule.id, {})[each.finding.address] = each
    known = {resource.address for resource in outcome.platform.plan.resources}
    own = by_rule.get(fixture.rule, {})
    for rule in sorted({fixture.rule, *expected.verdicts, *by_rule}):
        if rule in pack:
            given, wanted = by_rule.get(rule, {}), expected.of(rule)
            yield from _missed(rule, wanted, given, known)
            yield from _unlisted(rule, wanted, given, is_own=rule == fixture.rule)
        elif rule != fixture.rule:
            yield f"{rule}: expected.json lists verdicts of it, and the pack has no such rule"
    yield from _unfit(fixture, own)
    yield from _bare(own)
    yield from _traps(expected, own, known)


def verdicts_of(
    fixture: Fixture, expected: Expected, outcome: Outcome
) -> dict[str, dict[str, str]]:
    """What `expected.json` has to list.

    All of the fixture's own rule; of others their failures, and the addresses listed before.
    """
    found: dict[str, dict[str, str]] = {fixture.rule: {}}
    for each in outcome.judgements:
        rule, address = each.rule.id, each.finding.address
        is_failure = expected.others and each.verdict is Verdict.FAIL
        if rule == fixture.rule or is_failure or address in expected.of(rule):
            found.setdefault(rule, {})[address] = str(each.verdict)
    return found


def _missed(
    rule: str, wanted: Mapping[str, str], given: _Judgements, known: set[str]
) -> Iterator[str]:
    for address, verdict in sorted(wanted.items()):
        if address in given:
            got = given[address]
            if got.verdict != verdict:
                yield f"{rule} {address}: expected {verdict}, got {_told(got)}"
        elif address in known:
            yield f"{rule} {address}: expected {verdict}, and the rule gave no verdict on it"
        else:
            yield f"{rule} {address}: expected {verdict}, and the plan has no such address"


def _unlisted(
    rule: str, wanted: Mapping[str, str], given: _Judgements, *, is_own: bool
) -> Iterator[str]:
    for address, got in sorted(given.items()):
        if address not in wanted and (is_own or got.verdict is Verdict.FAIL):
            yield f"{rule} {address}: not in expected.json, got {_told(got)}"


def _told(judgement: Judgement) -> str:
    return f"{judgement.verdict}: {judgement.finding.message}"


def _unfit(fixture: Fixture, own: _Judgements) -> Iterator[str]:
    """A case that is called after a verdict shows it; a passing one shows nothing worse."""
    shown = {str(each.verdict) for each in own.values()}
    if fixture.case in REQUIRED and fixture.case not in shown:
        yield f"{fixture.rule} gives no {fixture.case} in a fixture of that name"
    if fixture.case == Verdict.PASS and (worse := sorted(shown - {"pass", "na"})):
        yield f"{fixture.rule} gives {' and '.join(worse)} in a fixture that is called pass"


def _bare(own: _Judgements) -> Iterator[str]:
    """A failure says how it is known and what to do."""
    for address, each in sorted(own.items()):
        if each.verdict is Verdict.FAIL and not each.finding.path:
            yield f"{each.rule.id} {address}: the failure has no path that proves it"
        if each.verdict is Verdict.FAIL and not each.finding.fix:
            yield f"{each.rule.id} {address}: the failure has no fix"


def _traps(expected: Expected, own: _Judgements, known: set[str]) -> Iterator[str]:
    for words, address in sorted(expected.traps.items()):
        if address not in own:
            why = "the rule gave no verdict on it" if address in known else "the plan has it not"
            yield f"trap {words!r} names {address}, and {why}"
