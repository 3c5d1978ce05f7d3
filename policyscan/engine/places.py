"""Where in the source findings stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyscan.engine.outcome import CheckovSays, Judgement
from policyscan.graph import ResourceGraph, locate
from policyscan.plan.attributes import has_true
from policyscan.rule import Finding, Rule, Step, Verdict

if TYPE_CHECKING:
    from policyscan.source import Span


class Places:
    """Makes judgements of findings about one graph; what many of them ask for is told once."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._blocks: dict[str, Span | None] = {}
        self._secrets: dict[str, bool] = {}

    def judgement(
        self, rule: Rule, finding: Finding, checkov: CheckovSays | None = None
    ) -> Judgement:
        """A finding with where in the source it stands."""
        if not self._graph.written.is_at_hand:
            return Judgement(rule, finding, steps=(None,) * len(finding.path), checkov=checkov)
        span, *steps = (
            self._span(finding, step, leads_to)
            for step, leads_to in (finding.decisive, *finding.leads)
        )
        return Judgement(
            rule,
            finding,
            span=span,
            steps=tuple(steps),
            is_secret=self._is_secret(finding.address),
            checkov=checkov,
        )

    def _span(self, finding: Finding, step: Step, leads_to: str) -> Span | None:
        # To read the inside of every block would take longer than all the rules.
        if finding.verdict in {Verdict.FAIL, Verdict.UNKNOWN}:
            return self._located(step.address, step.attribute, leads_to)
        if step.address not in self._blocks:
            self._blocks[step.address] = self._located(step.address)
        return self._blocks[step.address]

    def _located(self, address: str, attribute: str = "", leads_to: str = "") -> Span | None:
        resource = self._graph.resource(address)
        if resource is None:
            return None
        return locate(self._graph.written, resource, attribute, leads_to)

    def _is_secret(self, address: str) -> bool:
        if address not in self._secrets:
            resource = self._graph.resource(address)
            self._secrets[address] = resource is not None and (
                has_true(resource.before_sensitive) or has_true(resource.after_sensitive)
            )
        return self._secrets[address]
