"""Judges one attribute condition on one resource."""

from __future__ import annotations

import json
from typing import Any, Final

from policyscan.engine.policy_language.conditions import Attribute, Filter, type_of
from policyscan.engine.policy_language.operators import Partly
from policyscan.engine.policy_language.scene import Scene
from policyscan.engine.policy_language.truth import AND, OR, Answer, Ground, Truth, decided
from policyscan.engine.policy_language.values import Spot
from policyscan.graph import ResourceGraph
from policyscan.rule import Resource, Step, Unknown

_LONGEST: Final = 80


def judge_attribute(condition: Attribute, resource: Resource, scene: Scene) -> tuple[Truth, Ground]:
    """Whether an attribute is as asked for; of several values one is enough, or all must be."""
    if not condition.types.cover(resource):
        return Truth.FAILS, Ground(f"{resource.address} is no {condition.types}")
    values = scene.values(resource)
    path = condition.json_path
    spots = values.follow(path) if path is not None else values.find(condition.attribute)
    answer: Answer = {}
    for spot in spots or (Spot(condition.attribute, None),):
        truth, ground = _judge(condition, spot, resource, scene)
        answer.setdefault(truth, ground)
    asks_all = condition.operator.asks_all or path is not None
    return decided(answer, AND if asks_all else OR)


def passes_filter(condition: Filter, resource: Resource, scene: Scene) -> Truth:
    """Whether a filter lets a resource be judged."""
    if condition.attribute == "resource_type":
        is_in = any(value == type_of(resource) for value in condition.values)
        return Truth.HOLDS if is_in else Truth.FAILS
    found = [spot.settled for spot in scene.values(resource).find(condition.attribute)]
    if any(value in condition.values for value in found):
        return Truth.HOLDS
    return Truth.OPEN if any(isinstance(each, Unknown) for each in found) else Truth.FAILS


def _judge(
    condition: Attribute, spot: Spot, resource: Resource, scene: Scene
) -> tuple[Truth, Ground]:
    operator = condition.operator
    value = spot.settled
    is_absent = value is None or (
        # Of a block nobody wrote a plan says that there are none of it.
        value == [] and operator.partly is Partly.PRESENCE and not resource.is_written(spot.path)
    )
    at = spot.path if not spot.is_document else spot.path.partition(".")[0].partition("[")[0]
    asked = operator.name.replace("_", " ")
    if condition.expected is not None:
        asked += f" {_shown(condition.expected)}"

    def ground(fact: str) -> Ground:
        return Ground(fact, asked, at, (Step(resource.address, at, fact),))

    if isinstance(value, Unknown) and not _is_present(
        condition, value, spot, resource, scene.graph
    ):
        return Truth.OPEN, ground(f"{spot.path} is {_waits(resource, at, scene.graph)}")
    if is_absent:
        holds = operator.holds(None, condition.expected)
        return _truth(holds=holds), ground(f"{spot.path} is not set")
    is_hidden = scene.values(resource).is_sensitive(spot)
    fact = f"{spot.path} is {'(sensitive)' if is_hidden else _shown(value)}"
    settled = _partly(condition, value) if _has_unknown(value) else None
    if _has_unknown(value) and settled is None:
        waits = _waits(resource, at, scene.graph)
        return Truth.OPEN, ground(f"a part of {spot.path} is {waits}")
    holds = operator.holds(value, condition.expected) if settled is None else settled
    return _truth(holds=holds), ground(fact)


def _truth(*, holds: bool) -> Truth:
    return Truth.HOLDS if holds else Truth.FAILS


def _is_present(
    condition: Attribute, value: Unknown, spot: Spot, resource: Resource, graph: ResourceGraph
) -> bool:
    """Whether it is only asked that something is there, and a reference or a text will be."""
    if condition.operator.partly is not Partly.PRESENCE or spot.is_short:
        return False
    if value.template is not None:
        return True
    resolution = graph.resolve(resource, spot.path)
    is_certain = not (resolution.unresolved or resolution.is_chosen)
    return is_certain and bool(resolution.targets)


def _partly(condition: Attribute, value: Any) -> bool | None:
    """Whether a value with unknown parts satisfies it; None where they may decide."""
    operator, expected = condition.operator, condition.expected
    if operator.partly is Partly.ALIKE:
        return None if _may_equal(value, expected) else operator.holds(None, expected)
    if operator.partly in {Partly.PRESENCE, Partly.SHAPE} or isinstance(value, Unknown):
        return operator.holds(value, expected)
    known = _without_unknown(value)
    if not known or operator.partly is Partly.NOTHING:
        return None
    holds = operator.compare(known, expected)
    is_settled = holds if operator.partly is Partly.GROWS else not holds
    return operator.holds(known, expected) if is_settled else None


def _may_equal(value: Any, expected: Any) -> bool:
    match value, expected:
        case Unknown(), _:
            return True
        case (dict(), dict()) if value.keys() == expected.keys():
            return all(_may_equal(part, expected[name]) for name, part in value.items())
        case (list(), list()) if len(value) == len(expected):
            return all(map(_may_equal, value, expected))
        case _:
            return bool(value == expected)


def _has_unknown(value: Any) -> bool:
    match value:
        case Unknown():
            return True
        case dict():
            return any(map(_has_unknown, value.values()))
        case list():
            return any(map(_has_unknown, value))
        case _:
            return False


def _without_unknown(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: _without_unknown(part)
                for name, part in value.items()
                if not isinstance(part, Unknown)
            }
        case list():
            return [_without_unknown(part) for part in value if not isinstance(part, Unknown)]
        case _:
            return value


def _waits(resource: Resource, path: str, graph: ResourceGraph) -> str:
    """Why a value is not known, and what would tell it."""
    resolution = graph.resolve(resource, path)
    if resolution.unresolved:
        return f"known after apply: {resolution.unresolved[0]}"
    sources = ", ".join(
        f"{target.address}.{target.attribute}".rstrip(".") for target in resolution.targets[:2]
    )
    return f"known after apply{f', from {sources}' if sources else ''}; {graph.advice}"


def _shown(value: Any) -> str:
    if isinstance(value, Unknown):
        return "given by a reference"
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
