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
            if rule == fixture.rule:
                yield from _unlisted(rule, wanted, given)
            elif rule not in expected.others:
                yield from _unlisted(rule, wanted, _failures(given))
        elif rule != fixture.rule:
            yield f"{rule}: expected.json lists verdicts of it, and the pack has no such rule"
    for rule in expected.others:
        if not _failures(by_rule.get(rule, {})):
            yield f"{rule}: others lists it, and it fails nothing here"
    yield from _unfit(fixture, own)
    yield from _bare(own)
    yield from _traps(expected, own, known)


def verdicts_of(
    fixture: Fixture, expected: Expected, outcome: Outcome
) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
    """What `expected.json` has to list: verdicts by rule and address, and the other rules.

    All verdicts of the fixture's own rule; of others the addresses listed before, and whether they
    fail anything else.
    """
    found: dict[str, dict[str, str]] = {fixture.rule: {}}
    others: set[str] = set()
    for each in outcome.judgements:
        rule, address = each.rule.id, each.finding.address
        if rule == fixture.rule or address in expected.of(rule):
            found.setdefault(rule, {})[address] = str(each.verdict)
        elif each.verdict is Verdict.FAIL:
            others.add(rule)
    return found, frozenset(others)


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


def _unlisted(rule: str, wanted: Mapping[str, str], given: _Judgements) -> Iterator[str]:
    for address, got in sorted(given.items()):
        if address not in wanted:
            yield f"{rule} {address}: not in expected.json, got {_told(got)}"


def _failures(given: _Judgements) -> _Judgements:
    return {address: got for address, got in given.items() if got.verdict is Verdict.FAIL}


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
    for address, each in sorted(_failures(own).items()):
        if not each.finding.path:
            yield f"{each.rule.id} {address}: the failure has no path that proves it"
        if not each.finding.fix:
            yield f"{each.rule.id} {address}: the failure has no fix"


def _traps(expected: Expected, own: _Judgements, known: set[str]) -> Iterator[str]:
    """A trap is there, and the rule does not fall into it."""
    for words, address in sorted(expected.traps.items()):
        if address not in own:
            why = "the rule gave no verdict on it" if address in known else "the plan has it not"
            yield f"trap {words!r} names {address}, and {why}"
        elif own[address].verdict is Verdict.FAIL:
            yield f"trap {words!r}: the rule falls into it, {address} fails"
