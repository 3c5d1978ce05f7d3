"""The planned resources as conditions meet them, and what is connected with what."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from policyscan.engine.policy_language.conditions import Types
from policyscan.engine.policy_language.values import Values
from policyscan.graph import Edge, ResourceGraph
from policyscan.rule import Confidence, Resource


class Scene:
    """What stands after a plan; values and edges are read when a condition asks for them."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self._values: dict[str, Values] = {}
        self._edges: dict[str, tuple[Edge, ...]] = {}
        self._loose: dict[str, str] = {}

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every instance that is there after the plan, by address."""
        return {
            each.address: each
            for each in self.graph.plan.resources
            if not (each.is_deleted or each.deposed)
        }

    def of(self, types: Types) -> tuple[Resource, ...]:
        """The instances of some types."""
        return tuple(each for each in self.resources.values() if types.cover(each))

    def values(self, resource: Resource) -> Values:
        """The values of an instance."""
        if resource.address not in self._values:
            self._values[resource.address] = Values(resource)
        return self._values[resource.address]

    def edges(self, resource: Resource) -> tuple[Edge, ...]:
        """The edges by which an instance takes values from others."""
        address = resource.address
        if address not in self._edges:
            self._edges[address] = tuple(
                edge
                for edge in self.graph.edges.values_of(address)
                if edge.target in self.resources
            )
        return self._edges[address]

    def loose_end(self, resource: Resource) -> str:
        """What of an instance leads where nobody can follow, "" when all is in sight."""
        if resource.address not in self._loose:
            self._loose[resource.address] = next(self._loose_ends(resource), "")
        return self._loose[resource.address]

    def _loose_ends(self, resource: Resource) -> Iterator[str]:
        for path, _ in resource.config.body.expressions() if resource.config else ():
            resolution = self.graph.resolve(resource, path)
            if resolution.is_open and resolution.unresolved:
                yield f"{path}: {resolution.unresolved[0]}"


def is_sure(edge: Edge) -> bool:
    """Whether an edge runs to this very instance, and not perhaps to another one."""
    return edge.confidence is not Confidence.AMBIGUOUS
