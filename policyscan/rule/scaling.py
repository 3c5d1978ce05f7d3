"""Application Auto Scaling: which scalable target and which policies belong to a service."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph import Confidence, Index, ResourceGraph
from policyscan.plan import Known, Resource, Unknown, text_of
from policyscan.rule.ecs import CLUSTER, SERVICE, Service

TARGET = "aws_appautoscaling_target"
POLICY = "aws_appautoscaling_policy"
DIMENSION = "ecs:service:DesiredCount"
_ARNS = {"id", "arn"}
_PARTS = 3
_ID, _END, _END_OF_ID = "id", "end", "end of what tells its id"
"""What targets and policies are found by: their resource_id, or where that leads."""


class ScalableTarget(Struct, frozen=True):
    """A scalable target for an ECS service.

    `services` are the addresses it may stand for; `is_exact` says that it stands for these and no
    other. `resource_id` is "" when it is unknown. `problem` says why it scales nothing.
    """

    resource: Resource
    services: tuple[str, ...]
    is_exact: bool
    resource_id: str = ""
    unresolved: tuple[str, ...] = ()
    problem: str = ""

    @property
    def address(self) -> str:
        """The address of the aws_appautoscaling_target."""
        return self.resource.address


class Scaling:
    """The scaling chain of every service: service, scalable target, policies."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        alive = [r for r in graph.of_type(TARGET) if not r.is_deleted]
        self.targets = tuple(self._target(resource) for resource in alive if _scales_ecs(resource))
        self.policies = tuple(
            resource
            for resource in graph.of_type(POLICY)
            if not resource.is_deleted and _scales_ecs(resource)
        )

    @cached_property
    def loose_targets(self) -> tuple[ScalableTarget, ...]:
        """Scalable targets that may stand for any service."""
        return tuple(each for each in self.targets if not (each.services or each.resource_id))

    def astray_for(self, service: Service) -> tuple[ScalableTarget, ...]:
        """Scalable targets that stand for no service, and wait for this one or name it."""
        name = service.resource.value("name")
        named = [str(name)] if isinstance(name, Known) else []
        return self._astray.of((_END, service.address), *((_ID, each) for each in named))

    @cached_property
    def _astray(self) -> Index[ScalableTarget]:
        awaited = self._graph.awaited
        return Index(
            (
                target,
                (
                    *((_END, each.address) for each in awaited(target.address, SERVICE)),
                    *((_ID, end) for end in _ends_of(target.resource_id)),
                ),
            )
            for target in self.targets
            if not target.services
        )

    @cached_property
    def loose_policies(self) -> tuple[Resource, ...]:
        """Policies whose scalable target could not be followed."""
        return tuple(
            policy
            for policy in self.policies
            if (found := self._graph.resolve(policy, "resource_id", [TARGET, SERVICE])).is_open
            and not found.targets
        )

    def targets_of(self, service: Service) -> tuple[ScalableTarget, ...]:
        """Scalable targets that stand, or may stand, for a service."""
        return self._by_service.of(service.address)

    @cached_property
    def _by_service(self) -> Index[ScalableTarget]:
        return Index((each, each.services) for each in self.targets)

    def policies_of(self, target: ScalableTarget) -> tuple[Resource, ...]:
        """Policies for a scalable target: same resource_id, or one that refers to it."""
        ends = (target.address, *target.services)
        own = target.resource_id
        told = [(_ID, own)] if own else [(_END_OF_ID, end) for end in ends]
        return self._policies.of(*told, *((_END, end) for end in ends))

    @cached_property
    def _policies(self) -> Index[Resource]:
        return Index((policy, self._keys(policy)) for policy in self.policies)

    def _keys(self, policy: Resource) -> Iterator[tuple[str, str]]:
        """What a policy is found by: its resource_id, and where that leads.

        A service counts only where no target is named. Two ids that are both told are compared,
        wherever they lead, so that a policy goes by its ends apart by whether its own is told.
        """
        resource_id = text_of(policy.value("resource_id"))
        if resource_id:
            yield _ID, resource_id
        found = self._graph.resolve(policy, "resource_id", [TARGET, SERVICE]).targets
        ends = [each.address for each in found]
        for end in [each for each in ends if self._type(each) == TARGET] or ends:
            yield _END_OF_ID if resource_id else _END, end

    def _type(self, address: str) -> str:
        resource = self._graph.resource(address)
        return resource.type if resource else ""

    def _target(self, resource: Resource) -> ScalableTarget:
        resolved = self._graph.resolve(resource, "resource_id")
        named = [t for t in resolved.targets if self._type(t.address) == SERVICE]
        problem = ""
        if not isinstance(resolved.value, Known):
            for target in resolved.targets:
                if self._type(target.address) in {CLUSTER, SERVICE} and target.attribute in _ARNS:
                    problem = (
                        f"resource_id is built from {target.address}.{target.attribute}, which is "
                        "an ARN; it takes the name"
                    )
        if text := text_of(resolved.value):
            known = self._known(resource, text, [t.address for t in named])
            return replace(known, unresolved=resolved.unresolved, problem=problem or known.problem)
        is_exact = [t.confidence for t in named] == [Confidence.EXACT]
        return ScalableTarget(
            resource,
            tuple(t.address for t in named),
            is_exact,
            unresolved=resolved.unresolved if not named else (),
            problem=problem,
        )

    def _known(self, resource: Resource, text: str, named: list[str]) -> ScalableTarget:
        parts = text.split("/")
        if len(parts) != _PARTS or parts[0] != "service" or text.startswith("arn:"):
            return ScalableTarget(
                resource,
                tuple(named),
                is_exact=True,
                resource_id=text,
                problem=f"resource_id {text!r} is not service/<cluster name>/<service name>",
            )
        _, cluster, name = parts
        found = self._services.of((name, cluster), (name, None))
        services = tuple(each.address for each in found)
        return ScalableTarget(resource, services, is_exact=True, resource_id=text)

    @cached_property
    def _services(self) -> Index[Resource]:
        """The services that stand, by their names and those of their clusters, as in a target."""
        return Index(
            (
                each,
                ((text_of(each.value("name")), cluster) for cluster in self._clusters_of(each)),
            )
            for each in self._graph.of_type(SERVICE)
            if not each.is_deleted
        )

    def _clusters_of(self, service: Resource) -> Iterator[str | None]:
        """What the service's cluster may be called, None where that may be anything."""
        resolved = self._graph.resolve(service, "cluster", [CLUSTER])
        clusters = map(self._graph.resource_of, resolved.targets)
        names = [
            text_of(each.value("name" if each.mode == "managed" else "cluster_name"))
            for each in clusters
        ]
        match resolved.value:
            case _ if names:
                yield from names
            case Known(value):
                yield str(value).split("/")[-1]
            case Unknown():
                yield None
            case _:
                yield "default"


def _ends_of(resource_id: str) -> Iterator[str]:
    """What stands behind each slash: `main/app` and `app` of `service/main/app`."""
    while "/" in resource_id:
        resource_id = resource_id.partition("/")[2]
        yield resource_id


def _scales_ecs(resource: Resource) -> bool:
    return _is(resource, "service_namespace", "ecs") and _is(
        resource, "scalable_dimension", DIMENSION
    )


def _is(resource: Resource, attribute: str, wanted: Any) -> bool:
    """Known to be the wanted value, or not known to be another."""
    value = resource.value(attribute)
    return not isinstance(value, Known) or value.value == wanted
