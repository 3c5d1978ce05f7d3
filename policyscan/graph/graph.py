"""The resource graph: one node per resource instance, edges from attribute to attribute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import networkx as nx

from policyscan.graph.identity import Identities
from policyscan.graph.model import WRITTEN, Edge, EdgeKind, Members, Resolution
from policyscan.graph.reading import Reading, agreed, read, read_source
from policyscan.graph.resolve import Resolver
from policyscan.graph.scope import Instances, Scope, scope_of
from policyscan.graph.target import Confidence, Target
from policyscan.graph.written import Written
from policyscan.plan import ABSENT, Absent, Known, Plan, Resource, Value
from policyscan.plan.address import ModuleInstance, Reference
from policyscan.plan.configuration import ConfigModule, ConfigResource, Expression

if TYPE_CHECKING:
    from policyscan.source import Source


class ResourceGraph:
    """The instances of a plan and what depends on what, by which attribute, how surely."""

    def __init__(self, plan: Plan, source: Source | None = None) -> None:
        self.plan = plan
        self.written = Written(source)
        self._instances = Instances(plan)
        self._resolver = Resolver(plan, self._instances, self.written)
        self._identities = Identities(plan)
        self._by_address = {node_of(resource): resource for resource in plan.resources}
        by_type: dict[str, list[Resource]] = {}
        for resource in plan.resources:
            by_type.setdefault(resource.type, []).append(resource)
        self._by_type = {name: tuple(found) for name, found in by_type.items()}
        self._resolutions: dict[tuple[str, str], Resolution] = {}
        self._edges: nx.MultiDiGraph[str] | None = None

    # -- nodes -------------------------------------------------------------------------------

    def resource(self, address: str) -> Resource | None:
        """The instance of an address."""
        return self._by_address.get(address)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Managed instances of the types, in order of address, deposed objects left out."""
        found = (r for name in types for r in self._by_type.get(name, ()))
        return tuple(
            sorted(
                (r for r in found if r.mode == "managed" and not r.deposed),
                key=lambda resource: resource.address,
            )
        )

    def data_of_type(self, *types: str) -> tuple[Resource, ...]:
        """Instances of data sources of the types, read or still to be read."""
        return tuple(r for name in types for r in self._by_type.get(name, ()) if r.mode == "data")

    def gated_off(self, *types: str) -> tuple[str, ...]:
        """Configuration addresses of resource blocks that have no instance in this plan."""
        alive = {(r.module_path, r.config_address) for r in self.plan.resources if not r.is_deleted}
        gone = {(r.module_path, r.config_address) for r in self.plan.resources} - alive
        found = []
        for module in self.plan.config_modules():
            for block in module.resources.values():
                where = (module.path, block.address)
                if block.type in types and block.mode == "managed" and where not in alive | gone:
                    found.append(_config_address(module, block))
        return tuple(sorted(found))

    # -- values ------------------------------------------------------------------------------

    def resolve(self, resource: Resource, path: str, types: Iterable[str] = ()) -> Resolution:
        """What an attribute comes to, told of the wanted types only when any are given.

        Known values are matched against ids, ARNs and names; unknown ones follow references.
        """
        key = (node_of(resource), path)
        if key not in self._resolutions:
            self._resolutions[key] = self._resolve(resource, path)
        whole = self._resolutions[key]
        wanted = frozenset(types)
        if not wanted:
            return whole
        targets = tuple(t for t in whole.targets if self._type_of(t.address) in wanted)
        external = whole.external
        if isinstance(whole.value, Known):
            named, external = self._identities.named(external, wanted)
            targets += tuple(t for t in named if t.address not in {one.address for one in targets})
        return Resolution(whole.value, targets, external, whole.literals, whole.unresolved)

    def _type_of(self, address: str) -> str:
        return self._by_address[address].type

    def _resolve(self, resource: Resource, path: str) -> Resolution:
        value = resource.value(path)
        if isinstance(value, Absent):
            return Resolution(ABSENT)
        targets: dict[tuple[str, str], Target] = {}
        literals: dict[str, Value] = {}
        unresolved: dict[str, None] = {}
        expressions = resource.expressions(path)
        readings = [self._reading(resource, *each) for each in expressions]
        if not readings and resource.config is not None:
            readings = self._dynamic(resource, path)
        for reading in readings:
            followed = self._resolver.follow(reading, scope_of(resource))
            targets.update(((t.address, t.attribute), t) for t in followed.targets)
            literals.update(followed.literals)
            unresolved.update(dict.fromkeys(followed.unresolved))
        found = tuple(targets.values())
        if isinstance(value, Known):
            found, external = self._identities.matched(value, found, node_of(resource))
            return Resolution(value, found, external, tuple(literals.items()), tuple(unresolved))
        if not readings and resource.config is not None:
            unresolved["a dynamic block holds it; give --source-dir"] = None
        return Resolution(value, found, (), tuple(literals.items()), tuple(unresolved))

    def _reading(self, resource: Resource, path: str, expression: Expression) -> Reading:
        """How one argument is read, told exactly by the source where it agrees."""
        address = resource.config_address
        written = self.written.expression(resource.module_path, address, path)
        return read(expression.references, written)

    def _dynamic(self, resource: Resource, path: str) -> list[Reading]:
        """How the arguments of `dynamic` blocks are read, which the plan does not list."""
        found = self.written.dynamic(resource.module_path, resource.config_address, path)
        readings = [read_source(each) for each in found]
        # Which of several blocks or elements an argument belongs to is not looked into.
        return [replace(each, picks=True) for each in readings] if len(found) > 1 else readings

    def members(self, resource: Resource, path: str, name: str) -> Members | None:
        """What each value of one key inside an argument comes to, as the source tells them.

        For `container_definitions` and `image`: the images, whatever else the containers hold.
        None without source, where it does not agree with the plan, or when no such key is there.
        """
        found = self.written.members(resource, path, name)
        written = self.written.argument(resource.module_path, resource.config_address, path)
        planned = tuple(r for _, one in resource.expressions(path) for r in one.references)
        if not found.members or written is None or agreed(planned, written) is not written:
            return None
        value = resource.value(path)
        return Members(
            tuple(
                self._followed(value, resource, each.reading, constant=each.constant)
                for each in found.members
            ),
            self._followed(value, resource, Reading(found.beside)),
            self._followed(value, resource, Reading(found.loose)),
        )

    def _followed(
        self,
        value: Value,
        resource: Resource,
        reading: Reading,
        *,
        constant: Value = ABSENT,
    ) -> Resolution:
        followed = self._resolver.follow(reading, scope_of(resource))
        own = () if constant is ABSENT else ((WRITTEN, constant),)
        literals = (*followed.literals, *own)
        return Resolution(
            value, followed.targets, (), literals, followed.unresolved, followed.is_chosen
        )

    def follow(self, references: tuple[Reference, ...], resource: Resource) -> tuple[Target, ...]:
        """What references standing in a resource's own block lead to."""
        return self._resolver.follow(Reading(references), scope_of(resource)).targets

    # -- edges -------------------------------------------------------------------------------

    @property
    def edges(self) -> nx.MultiDiGraph[str]:
        """Every edge; each carries its `Edge` as attribute `edge`."""
        if self._edges is None:
            graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
            graph.add_nodes_from(self._by_address)
            for address, resource in self._by_address.items():
                for edge in dict.fromkeys(self._edges_of(resource)):
                    if edge.target in self._by_address and edge.target != address:
                        graph.add_edge(address, edge.target, edge=edge)
            self._edges = graph
        return self._edges

    def _edges_of(self, resource: Resource) -> Iterator[Edge]:
        address = node_of(resource)
        scope = scope_of(resource)
        config = resource.config
        if config is None:
            yield from (
                Edge(address, target, EdgeKind.DEPENDS, "", "", Confidence.INFERRED)
                for target in resource.depends_on
            )
            return
        for path, expression in _written_expressions(config):
            reading = self._reading(resource, path, expression)
            for target in self._resolver.follow(reading, scope).targets:
                yield _edge(address, target, EdgeKind.DEPENDS, path)
            for target in self.resolve(resource, path).targets:
                yield _edge(address, target, EdgeKind.VALUE, path)
        for reference in config.depends_on:
            yield from self._ordered(address, reference, scope)
        yield from self._module_depends_on(address, resource.module)

    def _ordered(self, address: str, reference: Reference, scope: Scope) -> Iterator[Edge]:
        for target in self._resolver.instances_in(reference, scope):
            yield Edge(
                address, node_of(target), EdgeKind.DEPENDS, "depends_on", "", Confidence.EXACT
            )

    def _module_depends_on(self, address: str, module: ModuleInstance) -> Iterator[Edge]:
        for depth in range(len(module), 0, -1):
            caller = self._instances.caller(module[:depth])
            if caller is not None:
                call, outer = caller
                for reference in call.depends_on:
                    yield from self._ordered(address, reference, outer)

    def depends_on(self, address: str, other: str) -> bool:
        """Whether an instance waits for another one, directly or through others."""
        graph = self.edges
        return address in graph and other in graph and nx.has_path(graph, address, other)


def node_of(resource: Resource) -> str:
    """The name of a node: the address, told apart for an object that is only waiting to go."""
    if resource.deposed:
        return f"{resource.address} (deposed {resource.deposed})"
    return resource.address


def _edge(address: str, target: Target, kind: EdgeKind, path: str) -> Edge:
    return Edge(
        address, target.address, kind, path, target.attribute, target.confidence, target.via
    )


def _written_expressions(config: ConfigResource) -> Iterator[tuple[str, Expression]]:
    yield from config.body.expressions()
    if config.for_each is not None:
        yield "for_each", config.for_each
    if config.count is not None:
        yield "count", config.count
    for index, (kind, body) in enumerate(config.provisioners):
        yield from body.expressions(f"provisioner[{index}].{kind}.")


def _config_address(module: ConfigModule, block: ConfigResource) -> str:
    return ".".join([*(f"module.{name}" for name in module.path), block.address])
