"""The edges between instances, told when somebody asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from policyscan.graph.hub import Hop, Hub, Node, Part
from policyscan.graph.model import Edge, EdgeKind, Resolution
from policyscan.graph.reach import Reach
from policyscan.graph.scope import node_of
from policyscan.graph.target import Confidence, Target

if TYPE_CHECKING:
    import networkx as nx

    from policyscan.graph.dependencies import Dependencies
    from policyscan.graph.hints import Hints
    from policyscan.graph.identity import Identities
    from policyscan.graph.kinds import Kinds
    from policyscan.plan import Resource

_ORDER = tuple(Confidence)
_MEMBERS = (Part.BLOCK, Part.CALL)
"""Hubs for several of a kind, which are no station of their own on the way."""


class Edges:
    """What depends on what, by which attribute, how surely.

    Nothing is computed before it is asked for, and no more of it than the question needs.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument per part that tells of edges
        self,
        resources: Mapping[str, Resource],
        dependencies: Dependencies,
        identities: Identities,
        hints: Hints,
        kinds: Kinds,
        resolve: Callable[[Resource, str], Resolution],
    ) -> None:
        self._resources = resources
        self._dependencies = dependencies
        self._identities = identities
        self._hints = hints
        self._kinds = kinds
        self._resolve = resolve
        self._reach: Reach[Node] = Reach(self._waited_for)
        self._network: nx.DiGraph[Node] | None = None

    def all(self, kind: EdgeKind | None = None) -> Iterator[Edge]:
        """Every edge, in order of address; of one kind when one is given."""
        for address in sorted(self._resources):
            if kind is EdgeKind.VALUE:
                # What waits for what takes longer to tell, and many ask for values alone.
                yield from _sorted(list(self._values(self._resources[address])))
            else:
                yield from (edge for edge in self.out_of(address) if kind in {None, edge.kind})

    def out_of(self, address: str) -> tuple[Edge, ...]:
        """The edges from an instance to what it depends on, sorted."""
        resource = self._resources.get(address)
        if resource is None:
            return ()
        ordering = self._ordering(address)
        return _sorted([*ordering, *self._hinted(resource, ordering), *self._values(resource)])

    def values_of(self, address: str, types: Container[str] | None = None) -> tuple[Edge, ...]:
        """The edges by which values flow into an instance, sorted.

        Only those out of resources of the wanted types, when any are given.
        """
        resource = self._resources.get(address)
        return _sorted(self._values(resource, types)) if resource is not None else ()

    def flows(self, address: str) -> Iterator[Edge]:
        """Every reference by which a value may come into an instance, unsorted.

        Unlike `out_of`, all attributes are told that one argument takes from one instance; what
        is only waited for is left out.
        """
        resource = self._resources[address]
        ordering = [
            edge
            for hop in self._dependencies.of(address)
            for edge in self._through(address, hop)
            if not _only_waits(edge)
        ]
        yield from ordering
        yield from self._hinted(resource, ordering)
        yield from self._values(resource)

    def is_hidden(self, address: str) -> bool:
        """Whether anything may come into an instance, by locals that no source tells of."""
        return bool(self._dead_ends(self._resources[address]))

    def into(self, address: str) -> tuple[Edge, ...]:
        """The edges to an instance from what depends on it, sorted."""
        if address not in self._resources:
            return ()
        found = []
        for source in self._sources(address):
            found += [edge for edge in self.out_of(source) if edge.target == address]
        return _sorted(found)

    def depends_on(self, address: str, other: str) -> bool:
        """Whether an instance waits for another one, directly or through others.

        Hints of what may stand behind a local do not count.
        """
        return address in self._resources and address != other and self._reach.leads(address, other)

    def awaited(self, address: str) -> Iterator[str]:
        """The instances that one waits for, directly or through others, unsorted."""
        if address in self._resources:
            for node in self._reach.behind(address):
                if not isinstance(node, Hub) and node != address:
                    yield node

    def _waited_for(self, node: Node) -> list[Node]:
        return [hop.target for hop in self._dependencies.of(node)]

    def path(self, address: str, other: str) -> tuple[Edge, ...]:
        """A shortest chain of edges from one instance to another, () when there is none.

        Of several as short the one with most value edges, then the one whose addresses come first.
        """
        if address == other or not {address, other} <= self._resources.keys():
            return ()
        import networkx as nx  # noqa: PLC0415 - a scan that asks for no path need not load it

        lengths = nx.single_source_dijkstra_path_length
        ahead = lengths(self.network, address, weight="steps")
        if other not in ahead:
            return ()
        behind = lengths(self.network.reverse(copy=False), other, weight="steps")
        between = {
            node: ahead[node]
            for node in ahead.keys() & behind.keys()
            if not isinstance(node, Hub) and ahead[node] + behind[node] == ahead[other]
        }
        return self._best(between, other)

    def _best(self, between: Mapping[str, int], other: str) -> tuple[Edge, ...]:
        """The best chain through instances that all lie on a shortest one, by their distance."""
        last: dict[str, tuple[int, int, Edge]] = {}
        for source in sorted(between, key=lambda node: (between[node], node)):
            orders, doubt, _ = last.get(source, (0, 0, None))
            for edge in self.out_of(source):
                if between.get(edge.target) != between[source] + 1:
                    continue
                weight = (
                    orders + (edge.kind is not EdgeKind.VALUE),
                    doubt + _ORDER.index(edge.confidence),
                )
                # The first of those that weigh the same stays, so that each run tells the same.
                if edge.target not in last or weight < last[edge.target][:2]:
                    last[edge.target] = (*weight, edge)
        chain: list[Edge] = []
        while other in last:
            chain.append(last[other][2])
            other = chain[-1].source
        return tuple(reversed(chain))

    # -- one instance --------------------------------------------------------------------------

    def _ordering(self, address: str) -> list[Edge]:
        """The `depends` edges: through hubs to the instances behind them."""
        found: dict[tuple[str, str], Edge] = {}
        for hop in self._dependencies.of(address):
            for edge in self._through(address, hop):
                key = (edge.target, edge.from_attribute)
                known = found.get(key)
                if edge.target != address and (known is None or _detail(edge) < _detail(known)):
                    found[key] = edge
        return list(found.values())

    def _hinted(self, resource: Resource, known: list[Edge]) -> Iterator[Edge]:
        """What may stand behind the locals that no source tells of."""
        address = node_of(resource)
        told = {address, *(edge.target for edge in known)}
        for local in self._dead_ends(resource):
            for hint in self._hints.behind(resource, str(local), local.module):
                if hint.address not in told:
                    told.add(hint.address)
                    yield Edge(
                        address,
                        hint.address,
                        EdgeKind.DEPENDS,
                        "",
                        hint.attribute,
                        hint.confidence,
                        hint.via,
                    )

    def _dead_ends(self, resource: Resource) -> tuple[Hub, ...]:
        if resource.config is None or resource.deposed:
            return ()
        return self._dependencies.dead_ends(resource.address)

    def _through(self, address: str, first: Hop) -> Iterator[Edge]:
        seen: set[Node] = set()
        todo: deque[tuple[Hop, Confidence, tuple[str, ...]]] = deque(
            [(first, first.confidence, ())]
        )
        while todo:
            hop, confidence, via = todo.popleft()
            if not isinstance(hop.target, Hub):
                yield Edge(
                    address,
                    hop.target,
                    EdgeKind.DEPENDS,
                    first.argument,
                    hop.attribute,
                    confidence,
                    via,
                )
                continue
            if hop.target in seen:
                continue
            seen.add(hop.target)
            for after in self._dependencies.of(hop.target):
                is_member = hop.target.part in _MEMBERS and not after.argument
                onward = Hop(after.target, "", hop.attribute) if is_member else after
                step = via if is_member else (*via, _told(hop.target, after))
                todo.append((onward, confidence.weakened(after.confidence), step))

    def _values(self, resource: Resource, types: Container[str] | None = None) -> list[Edge]:
        address = node_of(resource)
        held = [
            (path, target)
            for path, target in self._identities.held_by(resource)
            if types is None or self._resources[target.address].type in types
        ]
        found: dict[tuple[str, str], Edge] = {}
        for path in self._arguments(resource, types if not held else None):
            for target in self._resolve(resource, path).targets:
                if types is not None and self._resources[target.address].type not in types:
                    continue
                found[target.address, path] = _value_edge(address, path, target)
        for path, target in held:
            is_told = any(told == target.address and at.startswith(path) for told, at in found)
            if not is_told:
                found[target.address, path] = _value_edge(address, path, target)
        return [edge for edge in found.values() if edge.target != address]

    def _arguments(self, resource: Resource, types: Container[str] | None) -> Iterable[str]:
        """The arguments by which something of some types may come in, of any when None."""
        if resource.config is None or resource.deposed:
            return ()
        if types is None:
            return (path for path, _ in resource.config.body.expressions())
        return self._kinds.arguments(resource, types)

    # -- all instances -------------------------------------------------------------------------

    @property
    def network(self) -> nx.DiGraph[Node]:
        """Instances and the hubs between them; a step to an instance has length 1, to a hub 0."""
        if self._network is None:
            import networkx as nx  # noqa: PLC0415 - likewise

            network: nx.DiGraph[Node] = nx.DiGraph()
            todo: list[Node] = [*sorted(self._resources)]
            network.add_nodes_from(todo)
            seen = set(todo)
            while todo:
                node = todo.pop()
                for target in self._next(node):
                    network.add_edge(node, target, steps=0 if isinstance(target, Hub) else 1)
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
            self._network = network
        return self._network

    def _next(self, node: Node) -> Iterator[Node]:
        yield from self._waited_for(node)
        if not isinstance(node, Hub):
            for _, target in self._identities.held_by(self._resources[node]):
                yield target.address
            resource = self._resources[node]
            for local in self._dead_ends(resource):
                for hint in self._hints.behind(resource, str(local), local.module):
                    yield hint.address

    def _sources(self, address: str) -> list[str]:
        """The instances that may have an edge to one."""
        found: dict[str, None] = {}
        seen: set[Node] = {address}
        todo: list[Node] = [address]
        while todo:
            for node in self.network.predecessors(todo.pop()):
                if node in seen:
                    continue
                seen.add(node)
                if isinstance(node, Hub):
                    todo.append(node)
                    continue
                found[node] = None
                if self._resources[node].type == "terraform_data":
                    # Its output is its input: values run through it.
                    todo.append(node)
        return sorted(found)


def _told(hub: Hub, after: Hop) -> str:
    """How the way through a hub reads, with the argument it leaves by."""
    return ".".join(filter(None, (str(hub), after.argument)))


def _only_waits(edge: Edge) -> bool:
    """Whether it stands in a `depends_on`, of the instance or of a module around it."""
    told = (edge.from_attribute, *(step.rpartition(".")[2] for step in edge.via))
    return "depends_on" in told


def _value_edge(address: str, path: str, target: Target) -> Edge:
    return Edge(
        address,
        target.address,
        EdgeKind.VALUE,
        path,
        target.attribute,
        target.confidence,
        target.via,
    )


def _detail(edge: Edge) -> tuple[bool, int, int]:
    """Of edges from one argument to one instance the one that tells most comes first."""
    return (not edge.to_attribute, _ORDER.index(edge.confidence), len(edge.via))


def _sorted(edges: list[Edge]) -> tuple[Edge, ...]:
    return tuple(
        sorted(
            edges,
            key=lambda edge: (
                edge.source,
                edge.target,
                edge.kind,
                edge.from_attribute,
                edge.to_attribute,
            ),
        )
    )
