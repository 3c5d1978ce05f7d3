"""What our rules and Checkov's checks say of the same: shared problems, and opposite demands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from policyscan.engine.outcome import Conflict, Judgement
from policyscan.engine.settings import Settings
from policyscan.rule import Agrees, Opposes, Rule, Verdict, holds


class _Told(Struct, frozen=True):
    """A verdict of ours, and what its rule has to do with a check; `why` a conflict is one."""

    ours: Judgement
    relation: Agrees | Opposes
    why: str


def beside(
    checkov: Iterable[Judgement], ours: Iterable[Judgement], settings: Settings
) -> tuple[Judgement, ...]:
    """Checkov's judgements, each failure with the rule of ours that shares or overrules it.

    A rule that did not judge an address, or has nothing to say of it, does neither. What Checkov
    said stays as it is.
    """
    told: dict[tuple[str, str], list[_Told]] = {}
    for each in ours:
        if each.verdict is not Verdict.NA:
            for relation, why in _relations(each.rule, settings):
                key = (relation.check, each.finding.address)
                told.setdefault(key, []).append(_Told(each, relation, why))
    return tuple(_placed(each, told.get(each.key, []), settings) for each in checkov)


def _relations(rule: Rule, settings: Settings) -> Iterator[tuple[Agrees | Opposes, str]]:
    """What a rule has to do with checks as it is set, with why that is so."""
    if not rule.checkov:
        return
    parameters = settings.parameters(rule)
    for each in rule.checkov:
        if holds(each, parameters):
            names = [one.parameter for one in each.when]
            given = ", ".join(f"{rule.id}.{name} is {parameters[name]}" for name in names)
            why = f"the policy wants {each.wants}"
            yield each, f"{why} ({given})" if given else why


def _placed(check: Judgement, told: list[_Told], settings: Settings) -> Judgement:
    says = check.checkov
    if says is None or check.verdict is not Verdict.FAIL:
        return check
    for each in told:
        match each.relation:
            case Opposes():
                says = replace(says, conflict=Conflict(each.ours.rule.id, each.why))
            case Agrees() as same if each.ours.verdict is Verdict.FAIL:
                if not same.is_found_by(each.ours.finding):
                    continue
                if not settings.checkov.is_set(check.rule.id):
                    # Nobody said how bad it is, and the rule says it of the same problem.
                    finding = replace(check.finding, severity=each.ours.severity)
                    check = replace(check, finding=finding)
                # One that counts for more than ours has to be seen by itself.
                if each.ours.severity.reaches(check.severity):
                    says = replace(says, shared_with=each.ours.rule.id)
                    # The same problem is as new as ours says, which knows what it rests on.
                    check = replace(check, is_new=each.ours.is_new)
    return replace(check, checkov=says)
