"""The resource graph: one node per resource instance, edges from attribute to attribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from policyscan.graph.arguments import Arguments
from policyscan.graph.dependencies import Dependencies
from policyscan.graph.drawn import DrawnDependencies
from policyscan.graph.edges import Edges
from policyscan.graph.hints import Hints
from policyscan.graph.identity import Identities
from policyscan.graph.index import Index
from policyscan.graph.joins import Joins
from policyscan.graph.kinds import Kinds
from policyscan.graph.model import WRITTEN, Members, Resolution
from policyscan.graph.proven import has_templates, known_texts, proven
from policyscan.graph.reading import Reading, agreed
from policyscan.graph.resolve import Resolver
from policyscan.graph.scope import Instances, Scope, node_of, scope_of
from policyscan.graph.target import Target
from policyscan.graph.written import Written
from policyscan.plan import ABSENT, Absent, Known, Plan, Resource, Value
from policyscan.plan.address import Reference
from policyscan.plan.configuration import ConfigModule, ConfigResource

if TYPE_CHECKING:
    from policyscan.source import Source


_ABSENT = Resolution(ABSENT)


class ResourceGraph:
    """The instances of a plan and what depends on what, by which attribute, how surely.

    `drawn` are the pairs `read_dot` reads from what `terraform graph` printed, which tell of
    dependencies that a plan leaves out and no source is there to tell.
    """

    def __init__(
        self,
        plan: Plan,
        source: Source | None = None,
        drawn: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.plan = plan
        self.written = Written(source)
        self._instances = Instances(plan)
        self._resolver = Resolver(plan, self._instances, self.written)
        self._arguments = Arguments(self.written)
        self._identities = Identities(plan)
        self._by_address = {node_of(resource): resource for resource in plan.resources}
        by_type: dict[str, list[Resource]] = {}
        for resource in plan.resources:
            by_type.setdefault(resource.type, []).append(resource)
        self._by_type = {name: tuple(found) for name, found in by_type.items()}
        self._managed: dict[tuple[str, ...], tuple[Resource, ...]] = {}
        self._resolutions: dict[tuple[str, str, tuple[str, ...]], Resolution] = {}
        self._joins: dict[tuple[tuple[tuple[str, str], ...], frozenset[str]], Joins] = {}
        self._drawn = drawn
        self._edges: Edges | None = None

    # -- nodes -------------------------------------------------------------------------------

    @property
    def advice(self) -> str:
        """What may settle a question that is left open, as the end of a sentence."""
        if not self.written.is_at_hand:
            return "give --source-dir"
        return "apply first what it waits for" if self.plan.is_replayed else "a replay may tell"

    def resource(self, address: str) -> Resource | None:
        """The instance of an address."""
        return self._by_address.get(address)

    def resource_of(self, target: Target) -> Resource:
        """The instance that a target of this graph is: there always is one."""
        return self._by_address[target.address]

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Managed instances of the types, in order of address, deposed objects left out."""
        if types not in self._managed:
            found = (r for name in types for r in self._by_type.get(name, ()))
            self._managed[types] = tuple(
                sorted(
                    (r for r in found if r.mode == "managed" and not r.deposed),
                    key=lambda resource: resource.address,
                )
            )
        return self._managed[types]

    def siblings(self, resource: Resource) -> tuple[Resource, ...]:
        """The instances of its block in its module that stay, itself as well if it does."""
        return self._instances.of(resource.module, resource.config_address).every

    def data_of_type(self, *types: str) -> tuple[Resource, ...]:
        """Instances of data sources of the types, read or still to be read."""
        return tuple(r for name in types for r in self._by_type.get(name, ()) if r.mode == "data")

    def gated_off(self, *types: str) -> tuple[str, ...]:
        """Configuration addresses of resource blocks that have no instance in this plan."""
        return self._gated_off.of(*types)

    @cached_property
    def _gated_off(self) -> Index[str]:
        """The address of each by its type."""
        present = {(r.module_path, r.config_address) for r in self.plan.resources}
        found = (
            (_config_address(module, block), (block.type,))
            for module in self.plan.config_modules()
            for block in module.resources.values()
            if block.mode == "managed" and (module.path, block.address) not in present
        )
        return Index(sorted(found))

    # -- values ------------------------------------------------------------------------------

    def resolve(self, resource: Resource, path: str, types: Iterable[str] = ()) -> Resolution:
        """What an attribute comes to, told of the wanted types only when any are given.

        Known values are matched against ids, ARNs and names; unknown ones follow references.
        """
        wanted = tuple(types)
        key = (node_of(resource), path, wanted)
        found = self._resolutions.get(key)
        if found is None:
            found = self._resolutions[key] = (
                self._of_types(self.resolve(resource, path), frozenset(wanted))
                if wanted
                else self._resolve(resource, path)
            )
        return found

    def _of_types(self, whole: Resolution, wanted: frozenset[str]) -> Resolution:
        """What of a resolution is told to somebody who asks for these types."""
        if not whole.targets and not whole.external:
            return whole
        targets = tuple(t for t in whole.targets if self._by_address[t.address].type in wanted)
        external = whole.external
        if external and (isinstance(whole.value, Known) or whole.is_settled):
            named, external = self._identities.named(external, wanted)
            told = {target.address for target in targets}
            targets += tuple(target for target in named if target.address not in told)
        if targets == whole.targets and external == whole.external:
            return whole
        return replace(whole, targets=targets, external=external)

    def joins(self, by: Mapping[str, str], ends: Iterable[str] = ()) -> Joins:
        """What names resources of the wanted types, by type the attribute that names them.

        Example: `joins({"aws_iam_role_policy": "role"}, ["aws_iam_role"]).to(role.address)`.
        """
        key = (tuple(by.items()), frozenset(ends))
        if key not in self._joins:
            self._joins[key] = Joins(
                (holder, self.resolve(holder, by[holder.type], key[1]))
                for holder in self.of_type(*by)
            )
        return self._joins[key]

    def _resolve(self, resource: Resource, path: str) -> Resolution:
        value = resource.value(path)
        if isinstance(value, Absent):
            return _ABSENT
        is_written, readings = self._arguments.of(resource, path)
        followed = self._resolver.follow_all(readings, resource)
        if isinstance(value, Known):
            found, external = self._identities.matched(value, followed.targets, node_of(resource))
            return Resolution(value, found, external, followed.literals, followed.unresolved)
        unresolved = followed.unresolved
        if not is_written and not readings and resource.config is not None:
            unresolved = (f"a dynamic block holds it; {self.advice}",)
        static = Resolution(value, followed.targets, (), followed.literals, unresolved)
        return self._proven(resource, path, static)

    def _proven(self, resource: Resource, path: str, static: Resolution) -> Resolution:
        """What a replay makes of a resolution; texts it tells whole may be known ids."""
        leaves = resource.leaves(path)
        if not has_templates(leaves):
            return static
        named, external = self._identities.matched(known_texts(leaves), (), node_of(resource))
        resolution = proven(leaves, named, static)
        return replace(resolution, external=external) if resolution.is_settled else resolution

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

    @cached_property
    def handed_out(self) -> frozenset[str]:
        """The addresses of what outputs of the root module tell: who uses it is not in the plan."""
        return frozenset(
            target.address
            for output in self.plan.configuration.outputs.values()
            for target in self._resolver.follow(
                Reading(output.expression.references), Scope(())
            ).targets
        )

    # -- edges -------------------------------------------------------------------------------

    @property
    def edges(self) -> Edges:
        """What depends on what."""
        if self._edges is None:
            self._edges = Edges(
                self._by_address,
                self._dependencies(),
                self._identities,
                Hints(self.plan, self._instances),
                Kinds(self.plan, self._instances, self.written),
                self.resolve,
            )
        return self._edges

    def _dependencies(self) -> Dependencies:
        if self._drawn:
            return DrawnDependencies(self.plan, self._instances, self.written, self._drawn)
        return Dependencies(self.plan, self._instances, self.written)

    def depends_on(self, address: str, other: str) -> bool:
        """Whether an instance waits for another one, directly or through others."""
        return self.edges.depends_on(address, other)

    def awaited(self, address: str, *types: str) -> tuple[Resource, ...]:
        """The instances that one waits for, as `depends_on` tells it, in order of address.

        Only those of some types, when any are given.
        """
        if types and not any(name in self._by_type for name in types):
            return ()
        found = (self._by_address[each] for each in self.edges.awaited(address))
        wanted = (each for each in found if not types or each.type in types)
        return tuple(sorted(wanted, key=lambda resource: resource.address))


def _config_address(module: ConfigModule, block: ConfigResource) -> str:
    return ".".join([*(f"module.{name}" for name in module.path), block.address])
