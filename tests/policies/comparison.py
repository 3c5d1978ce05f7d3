"""Compares our verdicts with Checkov's, and tells for each difference what makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import structs

from policyscan.engine.policy_language import Policy
from policyscan.engine.policy_language.evaluate import judge
from policyscan.engine.policy_language.scene import Scene
from policyscan.engine.policy_language.truth import Ground, Truth
from policyscan.graph import Confidence, Edge, EdgeKind, ResourceGraph
from policyscan.plan import Plan, read_plan
from policyscan.rule import Resource

WORDS = {Truth.HOLDS: "pass", Truth.FAILS: "fail", Truth.OPEN: "unknown"}
NOT_TOLD = "known after apply: ours is unknown"
EDGES = "Checkov's edges are wrong"
EMPTY = "Checkov takes an empty block, or none, for one that is there"
READ = "Checkov does not look at data sources that are read already"
OTHER = "Checkov leaves open what another attribute's reference hides"
LOST = "Checkov has an answer, and its report loses it"
DOCUMENTED = "Checkov does not do what it documents"
NEITHER = "neither decides"
SAME = "equal"


class CheckovsEdges(Scene):
    """A plan joined by the edges of Checkov instead of ours."""

    def __init__(self, graph: ResourceGraph, pairs: list[list[str]]) -> None:
        super().__init__(graph)
        self._pairs = pairs

    def edges(self, resource: Resource) -> tuple[Edge, ...]:
        """What Checkov takes for connected."""
        return tuple(
            Edge(source, target, EdgeKind.VALUE, "", "", Confidence.EXACT)
            for source, target in self._pairs
            if source == resource.address and target in self.resources
        )

    def loose_end(self, resource: Resource) -> str:
        """Checkov knows of none."""
        del resource
        return ""


class CheckovsValues(CheckovsEdges):
    """And what is not known taken for not set, what is empty for written."""

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """As Checkov reads them."""
        found = super().resources
        return {
            address: structs.replace(each, config=None, after_unknown=False)
            for address, each in found.items()
        }


@dataclass(frozen=True)
class Difference:
    """One verdict that differs; `edges` are what Checkov joins and we do not, or the reverse."""

    plan: str
    policy: str
    address: str
    theirs: str
    ours: str
    why: str
    category: str | None = None
    edges: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.policy} on {self.address} of {self.plan}: Checkov {self.theirs}, "
            f"ours {self.ours} ({self.why}) {' '.join(self.edges)}"
        )


@dataclass(frozen=True)
class Comparison:
    """How many verdicts were compared, by category, and all that differ."""

    counts: Counter[str]
    differences: tuple[Difference, ...]

    @property
    def unexplained(self) -> list[str]:
        """What no category explains."""
        return [str(each) for each in self.differences if each.category is None]

    @property
    def figures(self) -> str:
        """In one line."""
        parts = [f"{count} {name}" for name, count in self.counts.most_common()]
        return f"{self.counts.total()} verdicts compared: {'; '.join(parts)}"


def compare(
    policies: tuple[Policy, ...],
    answers: Mapping[str, Any],
    root: Path,
    documented: Collection[str] = (),
) -> Comparison:
    """Judge every plan that Checkov was asked of.

    `documented` are the ids of policies by which Checkov does not do what it documents.
    """
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    for name, theirs in answers["plans"].items():
        plan = read_plan((root / name).read_bytes(), name)
        for found in _differences(policies, plan, theirs):
            is_open = found.category is None and found.policy in documented
            each = replace(found, category=DOCUMENTED) if is_open else found
            counts[each.category or "unexplained"] += 1
            if each.category not in {SAME, NEITHER}:
                differences.append(each)
    return Comparison(counts, tuple(differences))


def _differences(
    policies: tuple[Policy, ...], plan: Plan, theirs: Mapping[str, Any]
) -> Iterator[Difference]:
    graph = ResourceGraph(plan)
    own = Scene(graph)
    lenses = {
        EDGES: CheckovsEdges(graph, theirs["edges"]),
        EMPTY: CheckovsValues(graph, theirs["edges"]),
    }
    # Checkov reads the escapes in an address away.
    unescaped = {address.replace("\\\\", "\\"): address for address in own.resources}
    said = {
        (policy, unescaped.get(address, address)): word
        for policy, address, word in theirs["answers"]
    }
    for policy in policies:
        ours = judge(policy.condition, own)
        addresses = {*ours, *(a for p, a in said if p == policy.rule.id)}
        for address in sorted(addresses & own.resources.keys()):
            truth, ground = ours.get(address, (None, Ground("it is not judged")))
            difference = Difference(
                plan=plan.name,
                policy=policy.rule.id,
                address=address,
                theirs=said.get((policy.rule.id, address), "nothing"),
                ours=WORDS[truth] if truth else "nothing",
                why=ground.text,
            )
            holders = [own.resources[step.address] for step in ground.path]
            category = (
                _plain(difference, own.resources[address], holders)
                or _lens(difference, policy, lenses)
                or _left_out(difference, own.resources[address])
            )
            edges = _edges(address, own, theirs["edges"]) if category == EDGES else ()
            yield replace(difference, category=category, edges=edges)


def _plain(difference: Difference, resource: Resource, holders: list[Resource]) -> str | None:
    """What needs no second look: the same, or not told by the plan."""
    silent = {"nothing", "unknown"}
    if difference.theirs == difference.ours:
        return SAME
    if {difference.theirs, difference.ours} == silent:
        return NEITHER
    if difference.ours == "unknown":
        is_told = any(each.has_open_arguments for each in (resource, *holders))
        return NOT_TOLD if is_told else None
    return None


def _lens(difference: Difference, policy: Policy, lenses: Mapping[str, Scene]) -> str | None:
    """What has us say the same as Checkov, once we see it as Checkov does."""
    if difference.ours == "unknown":
        return None
    for category, scene in lenses.items():
        answer = judge(policy.condition, scene).get(difference.address)
        if answer is not None and WORDS[answer[0]] == difference.theirs:
            return category
    return None


def _left_out(difference: Difference, resource: Resource) -> str | None:
    """Why Checkov gives no verdict."""
    if difference.theirs == "lost":
        return LOST
    if difference.theirs == "nothing" and resource.mode == "data":
        return READ
    if difference.theirs == "unknown" and resource.has_open_arguments:
        return OTHER
    return None


def _edges(address: str, own: Scene, pairs: list[list[str]]) -> tuple[str, ...]:
    """The edges at an instance that only one of the two has."""
    ours = {
        (edge.source, edge.target) for each in own.resources.values() for edge in own.edges(each)
    }
    theirs = {(source, target) for source, target in pairs}
    return tuple(
        f"{'ours' if (source, target) in ours else 'theirs'}: {source} -> {target}"
        for source, target in sorted(ours ^ theirs)
        if address in {source, target}
    )
