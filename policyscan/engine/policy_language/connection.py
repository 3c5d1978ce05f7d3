"""Judges a connection condition: which resources of two groups of types are connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from policyscan.engine.policy_language.conditions import Connection, Link
from policyscan.engine.policy_language.scene import Scene, is_sure
from policyscan.engine.policy_language.truth import Answer, Answers, Ground, Truth
from policyscan.graph import Edge
from policyscan.rule import Certainty, Confidence, Resource, Step


class Before(Struct, frozen=True):
    """What other conditions of the same `and` say: resources they fail, and leave open."""

    failed: Mapping[str, Ground]
    left_open: Mapping[str, Ground]

    def of_pair(self, one: str, other: str) -> Truth:
        """A connection counts for nothing where an end of it fails already."""
        if one in self.failed or other in self.failed:
            return Truth.FAILS
        if one in self.left_open or other in self.left_open:
            return Truth.OPEN
        return Truth.HOLDS

    def ground(self, address: str) -> Ground | None:
        """What they say against one resource."""
        return self.failed.get(address) or self.left_open.get(address)


NOTHING_BEFORE = Before({}, {})


def judge_connection(condition: Connection, scene: Scene, before: Before) -> Answers:
    """What a connection says of every resource of its two groups."""
    group = scene.of(condition.types)
    connected = scene.of(condition.connected)
    links = _links(group, connected, scene)
    answers: Answers = {}
    for own, others, wanted in (
        (group, connected, condition.connected),
        (connected, group, condition.types),
    ):
        everyone = _by_truth(others, before)
        loose = _by_truth((other for other in others if scene.loose_end(other)), before)
        for resource in own:
            pairs = links.get(resource.address, ())
            maybe = everyone if scene.loose_end(resource) else loose
            answer = _answer(resource, pairs, maybe, before, scene)
            if not {Truth.HOLDS, Truth.OPEN} & answer.keys():
                fact = f"no {wanted} is connected to {resource.address}"
                ground = Ground(fact, path=(Step(resource.address, "", fact),))
                answer.setdefault(Truth.FAILS, ground)
            known = answers.setdefault(resource.address, {})
            for truth, ground in answer.items():
                known.setdefault(truth, ground)
    return {address: _as_asked(answer, condition.link) for address, answer in answers.items()}


_Pair = tuple[str, Edge]
_ByTruth = Mapping[Truth, list[Resource]]


def _by_truth(resources: Iterable[Resource], before: Before) -> _ByTruth:
    """Resources by what a connection with them would come to, for one of each is enough."""
    found: dict[Truth, list[Resource]] = {}
    for each in resources:
        found.setdefault(before.of_pair(each.address, each.address), []).append(each)
    return found


def _links(
    group: tuple[Resource, ...], connected: tuple[Resource, ...], scene: Scene
) -> dict[str, list[_Pair]]:
    """By address what is connected with it, whichever of the two names the other."""
    left = {each.address for each in group}
    right = {each.address for each in connected}
    found: dict[str, list[_Pair]] = {}
    for resource in {each.address: each for each in (*group, *connected)}.values():
        for edge in scene.edges(resource):
            ends = (edge.source, edge.target)
            if (ends[0] in left and ends[1] in right) or (ends[0] in right and ends[1] in left):
                found.setdefault(edge.source, []).append((edge.target, edge))
                found.setdefault(edge.target, []).append((edge.source, edge))
    return found


def _answer(
    resource: Resource,
    pairs: Iterable[_Pair],
    maybe: _ByTruth,
    before: Before,
    scene: Scene,
) -> Answer:
    """What the sure connections of a resource say, and whether others may say otherwise."""
    answer: Answer = {}
    open_ends: dict[Truth, Ground] = {}
    linked = {resource.address}
    for other, edge in pairs:
        truth = before.of_pair(resource.address, other)
        ground = _ground(edge, before.ground(other))
        if is_sure(edge):
            linked.add(other)
            answer.setdefault(truth, ground)
        else:
            open_ends.setdefault(truth, ground)
    for others in maybe.values():
        one = next((each for each in others if each.address not in linked), None)
        if one is not None:
            truth = before.of_pair(resource.address, one.address)
            open_ends.setdefault(truth, _loose(resource, one, scene))
    if grounds := [ground for truth, ground in open_ends.items() if truth not in answer]:
        answer.setdefault(Truth.OPEN, grounds[0])
    return answer


def _ground(edge: Edge, other: Ground | None) -> Ground:
    """The connection itself, and what is said against the resource at its other end."""
    verb = "is" if is_sure(edge) else "may be"
    why = f", of which {other.text}" if other else ""
    is_exact = edge.confidence is Confidence.EXACT
    return Ground(
        f"{edge.target} {verb} connected by {edge.source}.{edge.from_attribute}{why}",
        path=(
            Step(edge.source, edge.from_attribute),
            Step(edge.target, edge.to_attribute),
            *(other.path if other else ()),
        ),
        certainty=Certainty.PROVEN if is_exact else Certainty.INFERRED,
    )


def _loose(resource: Resource, other: Resource, scene: Scene) -> Ground:
    holder = resource if scene.loose_end(resource) else other
    fact = f"whether {other.address} is connected is not told by {holder.address}"
    why = scene.loose_end(holder)
    return Ground(f"{fact}, {why}", path=(Step(holder.address, why.partition(":")[0], fact),))


def _as_asked(answer: Answer, link: Link) -> Answer:
    match link:
        case Link.EXISTS:
            return answer
        case Link.ONE_EXISTS:
            holds = answer.get(Truth.HOLDS)
            return {Truth.HOLDS: holds} if holds else answer
        case Link.NOT_EXISTS:
            return {truth.opposite: ground for truth, ground in answer.items()}
