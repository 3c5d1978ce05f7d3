"""Dependencies completed by what `terraform graph` printed, where there is no source."""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.graph.dependencies import Dependencies
from policyscan.graph.hub import Hop, Hub, Node, Part
from policyscan.graph.scope import Instances, block_of
from policyscan.graph.target import Confidence
from policyscan.graph.written import Written
from policyscan.plan import Plan
from policyscan.plan.address import ModuleInstance


class DrawnDependencies(Dependencies):
    """Hops of a plan, and inferred ones for each pair of blocks the plan does not explain.

    `pairs` are what `read_dot` reads: (block, block it depends on), addresses without keys.
    """

    def __init__(
        self,
        plan: Plan,
        instances: Instances,
        written: Written,
        pairs: tuple[tuple[str, str], ...],
    ) -> None:
        super().__init__(plan, instances, written)
        self._others: dict[str, list[str]] = {}
        for block, other in pairs:
            self._others.setdefault(block, []).append(other)
        self._completed: dict[Node, tuple[Hop, ...]] = {}

    def of(self, node: Node) -> tuple[Hop, ...]:
        """What a node waits for directly."""
        if node not in self._completed:
            self._completed[node] = (*super().of(node), *self._unexplained(node))
        return self._completed[node]

    def dead_ends(self, node: str) -> tuple[Hub, ...]:  # noqa: ARG002 - of whatever node
        """None: what the locals hide is in the graph that was given."""
        return ()

    def _unexplained(self, node: Node) -> Iterator[Hop]:
        if isinstance(node, Hub):
            if node.part is not Part.BLOCK or self._instances.of(node.module, node.name).every:
                return
            module, name = node.module, node.name
        else:
            resource = self._resources[node]
            module, name = resource.module, resource.config_address
        others = self._others.get(_block(module, name), ())
        shown = self._shown(node) if others else frozenset()
        for other in others:
            if other not in shown:
                instances = self._instances.at(other, module)
                for target in instances or self._without_instances(other, module):
                    yield Hop(target, confidence=Confidence.INFERRED)

    def _without_instances(self, block: str, near: ModuleInstance) -> tuple[Hub, ...]:
        """A block that is switched off hands on the order, wherever it stands."""
        path, name = block_of(block)
        modules = self._instances.modules(path, near)
        return tuple(Hub(Part.BLOCK, module, name) for module in modules)

    def _shown(self, node: Node) -> frozenset[str]:
        """The blocks a node names, itself or through hubs."""
        found: set[str] = set()
        seen: set[Node] = {node}
        todo: list[Node] = [node]
        while todo:
            for hop in super().of(todo.pop()):
                target = hop.target
                if not isinstance(target, Hub):
                    resource = self._resources[target]
                    found.add(_block(resource.module, resource.config_address))
                elif target.part is Part.BLOCK:
                    found.add(_block(target.module, target.name))
                elif target not in seen:
                    seen.add(target)
                    todo.append(target)
        return frozenset(found)


def _block(module: ModuleInstance, name: str) -> str:
    return ".".join([*(f"module.{step.name}" for step in module), name])
