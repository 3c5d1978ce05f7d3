"""Tells what a plan brings from what stood before it, and what it mends.

The plan holds the world it starts from, so rules are asked about both. A finding is *standing* when
its rule failed at its address before, and as badly, and in the same words where the plan changes
what the finding rests on; or when that could not be decided, and the plan changes none of that. Any
other is *new*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec.structs import replace

from policyscan.engine.contract import PackRule
from policyscan.engine.gate import is_planned
from policyscan.engine.outcome import Judgement
from policyscan.engine.run import run
from policyscan.engine.settings import Settings
from policyscan.graph import ResourceGraph
from policyscan.plan import Plan, PlanKind, kind_of, world_before
from policyscan.rule import Finding, Phase, Platform, Verdict

_UNCHANGED = {("no-op",), ("read",)}
_OPEN = {Verdict.FAIL, Verdict.UNKNOWN}

_Key = tuple[str, str]


def is_changed(graph: ResourceGraph, address: str) -> bool:
    """Whether a plan changes what stands at an address; so does what it does not know count.

    To move or to import a resource alone is no change of it.
    """
    resource = graph.resource(address)
    return resource is None or resource.actions not in _UNCHANGED or resource.is_deferred


class Before:
    """What rules say of the world before a plan: asked when first needed, and once."""

    def __init__(self, plan: Plan, pack: tuple[PackRule, ...], settings: Settings) -> None:
        self._plan = plan
        self._pack = pack
        self._settings = settings

    @cached_property
    def _world(self) -> Plan | None:
        return world_before(self._plan) if is_planned(self._plan) else None

    @cached_property
    def _kind(self) -> PlanKind:
        return kind_of(self._plan)

    @cached_property
    def _judged(self) -> tuple[Mapping[_Key, Judgement], tuple[str, ...]]:
        """Judgements by rule id and address; and the ids of rules that crashed.

        A plan that destroys everything mends nothing: it is not asked what stood before.
        """
        if self._world is None or self._kind is PlanKind.DESTROY:
            return {}, ()
        platform = Platform(ResourceGraph(self._world))
        found: dict[_Key, Judgement] = {}
        crashed = []
        for each in self._settings.chosen(self._pack):
            findings, problem = run(each, platform, self._settings.parameters(each.rule))
            if problem:
                crashed.append(each.rule.id)
                continue
            for finding in findings:
                weighed = self._settings.weighed(each.rule, finding)
                found[each.rule.id, finding.address] = Judgement(each.rule, weighed, is_new=False)
        return found, tuple(crashed)

    @property
    def warnings(self) -> Iterator[str]:
        """The rules that could not be asked about the world before."""
        if self._world is not None and self._kind is not PlanKind.NO_CHANGES:
            for rule in self._judged[1]:
                yield (
                    f"{rule} crashed on what stood before this plan: what it finds is new where "
                    "the plan changes what the finding rests on"
                )

    def marked(self, judgements: list[Judgement], graph: ResourceGraph) -> list[Judgement]:
        """The judgements of a plan, each new or standing."""
        return [
            each if self.is_new(each, graph) else replace(each, is_new=False) for each in judgements
        ]

    def is_new(self, judgement: Judgement, graph: ResourceGraph) -> bool:
        """Whether the plan brings a judgement, its finding as the rule gave it: not redacted."""
        finding = judgement.finding
        if self._kind is PlanKind.NO_CHANGES:
            return False
        if self._world is None:
            return True
        if finding.verdict not in _OPEN:
            return is_changed(graph, finding.address)
        if _strikes_now(finding, graph):
            return True
        found, crashed = self._judged
        was = found.get(judgement.key)
        if was is not None and was.verdict is Verdict.FAIL:
            return finding.verdict is Verdict.FAIL and (
                is_worse(judgement, was)
                or (_rests_on_change(finding, graph) and not is_same(finding, was.finding))
            )
        if judgement.rule.id in crashed or (was is not None and was.verdict is Verdict.UNKNOWN):
            return _rests_on_change(finding, graph)
        return True

    def fixed(self, judgements: list[Judgement], graph: ResourceGraph) -> Iterator[Judgement]:
        """Failures of before that are none now, as they were, in order of rule and address.

        What is not decided now is not known to be mended, nor is what Terraform only forgets. Not
        to be asked where a rule crashed now, for what it judged is missing.
        """
        if self._world is None or self._kind in {PlanKind.NO_CHANGES, PlanKind.DESTROY}:
            return
        now = {each.key: each.verdict for each in judgements}
        for key, was in sorted(self._judged[0].items()):
            resource = graph.resource(was.finding.address)
            is_forgotten = resource is not None and "forget" in resource.actions
            if was.verdict is Verdict.FAIL and now.get(key) not in _OPEN and not is_forgotten:
                yield was


def _strikes_now(finding: Finding, graph: ResourceGraph) -> bool:
    """Whether it is about a destroy that this plan does: what merely could fail before, fails."""
    resource = graph.resource(finding.address)
    if resource is None or "delete" not in resource.actions:
        return False
    return resource.is_deleted or finding.strikes is Phase.DESTROY


def is_worse(judgement: Judgement, was: Judgement) -> bool:
    """Whether a failure weighs more than it did, or strikes at another time."""
    is_as_bad = was.severity.reaches(judgement.severity)
    return not is_as_bad or judgement.finding.strikes is not was.finding.strikes


def is_same(finding: Finding, was: Finding) -> bool:
    """Whether a rule says the very same: of what it says otherwise the cause may be another."""
    return _words(finding) == _words(was)


def _words(finding: Finding) -> tuple[str, str]:
    """What is said of which attribute, wherever the resource stands."""
    return finding.message.replace(finding.address, ""), finding.decisive[0].attribute


def _rests_on_change(finding: Finding, graph: ResourceGraph) -> bool:
    """Whether the plan changes the address or a resource that the evidence goes through."""
    steps = (step.address for step in finding.path if graph.resource(step.address) is not None)
    return any(is_changed(graph, each) for each in (finding.address, *steps))
