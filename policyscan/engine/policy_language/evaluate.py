"""Judges a whole policy: what its conditions together say of each resource."""

from __future__ import annotations

from policyscan.engine.policy_language.attribute import judge_attribute, passes_filter
from policyscan.engine.policy_language.conditions import (
    Allowed,
    Attribute,
    Condition,
    Connection,
    Every,
    Filter,
    Opposite,
    Some,
    Types,
    groups_of,
    has_connection,
    parts_of,
    type_of,
)
from policyscan.engine.policy_language.connection import (
    NOTHING_BEFORE,
    Before,
    judge_connection,
)
from policyscan.engine.policy_language.scene import Scene
from policyscan.engine.policy_language.truth import (
    AND,
    OR,
    Answer,
    Answers,
    Ground,
    Truth,
    add,
    decided,
)
from policyscan.rule import Resource


def judge(condition: Condition, scene: Scene) -> dict[str, tuple[Truth, Ground]]:
    """What a policy says of each resource it is about."""
    answers = _answers(condition, scene, NOTHING_BEFORE)
    return {address: decided(answer, AND) for address, answer in sorted(answers.items())}


def _answers(condition: Condition, scene: Scene, before: Before) -> Answers:
    match condition:
        case Connection():
            return judge_connection(condition, scene, before)
        case Allowed():
            return _judge_types(condition, scene)
        case Every(parts=parts) if has_connection(condition):
            return _filtered(_all(parts, scene), parts, AND, scene)
        case Some(parts=parts) if has_connection(condition):
            return _filtered(_some(parts, scene), parts, OR, scene)
        case Opposite(part=part) if has_connection(condition):
            return {
                address: {truth.opposite: ground.negated()}
                for address, answer in _answers(part, scene, NOTHING_BEFORE).items()
                for truth, ground in (decided(answer, AND),)
            }
    return _each(condition, scene)


# -- conditions that each resource answers alone ----------------------------------------------


def _each(condition: Condition, scene: Scene) -> Answers:
    """Every resource its conditions are about and its filters let through."""
    groups = groups_of(condition)
    found: Answers = {}
    for address, resource in scene.resources.items():
        if any(types.cover(resource) for types in groups):
            answer = _alone(condition, resource, scene)
            if answer is not None:
                found[address] = dict((answer,))
    return found


def _alone(condition: Condition, resource: Resource, scene: Scene) -> tuple[Truth, Ground] | None:
    """What a resource says for itself; None where a filter leaves it out."""
    match condition:
        case Attribute():
            return judge_attribute(condition, resource, scene)
        case Allowed(types=types, is_denied=is_denied):
            holds = types.cover(resource) is not is_denied
            return (Truth.HOLDS if holds else Truth.FAILS), _type_ground(resource)
        case Opposite(part=part):
            answer = _alone(part, resource, scene)
            return answer and (answer[0].opposite, answer[1].negated())
        case Every(parts=parts):
            return _joined(parts, resource, scene, AND)
        case Some(parts=parts):
            return _joined(parts, resource, scene, OR)
        case _:
            return None


def _joined(
    parts: tuple[Condition, ...], resource: Resource, scene: Scene, order: tuple[Truth, ...]
) -> tuple[Truth, Ground] | None:
    filters = [part for part in parts if isinstance(part, Filter)]
    passed = [passes_filter(part, resource, scene) for part in filters]
    if Truth.FAILS in passed:
        return None
    answer: Answer = {}
    for part in parts:
        if not isinstance(part, Filter) and (one := _alone(part, resource, scene)):
            answer.setdefault(*one)
    if not answer:
        return None
    truth, ground = decided(answer, order)
    return (Truth.OPEN, _unfiltered(resource)) if Truth.OPEN in passed else (truth, ground)


def _judge_types(condition: Allowed, scene: Scene) -> Answers:
    """Of a list of denied types only those on it are judged."""
    found: Answers = {}
    for address, resource in scene.resources.items():
        is_listed = condition.types.cover(resource)
        if resource.mode == "managed" and (is_listed or not condition.is_denied):
            holds = is_listed and not condition.is_denied
            truth = Truth.HOLDS if holds else Truth.FAILS
            found[address] = {truth: _type_ground(resource)}
    return found


def _type_ground(resource: Resource) -> Ground:
    return Ground(f"its type is {type_of(resource)}")


# -- conditions joined with connections -------------------------------------------------------


def _all(parts: tuple[Condition, ...], scene: Scene) -> Answers:
    """Connections come last, and count only between resources that nothing has failed yet."""
    if not any(scene.of(types) for part in parts for types in _direct_groups(part)):
        return {}
    answers: Answers = {}
    for part in parts:
        if not isinstance(part, Filter) and not has_connection(part):
            add(answers, _answers(part, scene, NOTHING_BEFORE))
    for part in _in_order(parts):
        add(answers, _answers(part, scene, _before(answers)))
    return answers


def _direct_groups(part: Condition) -> tuple[Types, ...]:
    """The types that have to be there for an `and` to judge anything."""
    is_plain = isinstance(part, Attribute | Connection) or has_connection(part)
    return groups_of(part) if is_plain else ()


def _before(answers: Answers) -> Before:
    return Before(
        {a: answer[Truth.FAILS] for a, answer in answers.items() if Truth.FAILS in answer},
        {a: answer[Truth.OPEN] for a, answer in answers.items() if Truth.OPEN in answer},
    )


def _in_order(parts: tuple[Condition, ...]) -> list[Condition]:
    """The connections, those with types that a filter names behind the others."""
    filtered = {
        value
        for part in parts
        if isinstance(part, Filter) and part.attribute == "resource_type"
        for value in part.values
    }

    def comes_last(part: Condition) -> bool:
        return any(filtered & set(types.names) for types in _both_groups(part))

    return sorted((part for part in parts if has_connection(part)), key=comes_last)


def _both_groups(part: Condition) -> tuple[Types, ...]:
    if isinstance(part, Connection):
        return part.types, part.connected
    return tuple(types for inner in parts_of(part) for types in _both_groups(inner))


def _some(parts: tuple[Condition, ...], scene: Scene) -> Answers:
    answers: Answers = {}
    for part in parts:
        if not isinstance(part, Filter):
            add(answers, _answers(part, scene, NOTHING_BEFORE))
    return answers


def _filtered(
    answers: Answers, parts: tuple[Condition, ...], order: tuple[Truth, ...], scene: Scene
) -> Answers:
    filters = [part for part in parts if isinstance(part, Filter)]
    found: Answers = {}
    for address, answer in answers.items():
        resource = scene.resources[address]
        passed = [passes_filter(part, resource, scene) for part in filters]
        if Truth.FAILS not in passed:
            is_open = Truth.OPEN in passed
            truth, ground = decided(answer, order)
            found[address] = {Truth.OPEN: _unfiltered(resource)} if is_open else {truth: ground}
    return found


def _unfiltered(resource: Resource) -> Ground:
    return Ground(f"whether the policy is about {resource.address} is known after apply")
