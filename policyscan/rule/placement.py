"""The subnets a service's tasks run in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph import Confidence, Index, ResourceGraph, Target
from policyscan.plan import Absent, Resource
from policyscan.rule.blocks import written_ids
from policyscan.rule.ecs import Service, certainty_of, steps_to
from policyscan.rule.egress import Egress
from policyscan.rule.model import Certainty, Finding, Step, Verdict, undetermined, weakest
from policyscan.rule.network import Network

SUBNETS = "network_configuration[0].subnets"
_SUBNET_ID = re.compile(r"subnet-[0-9a-f]{8,17}")


class PlacedSubnet(Struct, frozen=True):
    """One subnet of a service, the edge that leads to it and where its traffic goes."""

    target: Target
    resource: Resource
    egress: Egress
    path: tuple[Step, ...]
    certainty: Certainty

    @property
    def is_sure(self) -> bool:
        """Whether tasks run in it for certain, and not perhaps in others instead."""
        return self.target.confidence is not Confidence.AMBIGUOUS


class Tenant(NamedTuple):
    """A service, and one of the subnets its tasks run in."""

    service: Service
    subnet: PlacedSubnet


class Placement(Struct, frozen=True):
    """Where a service's tasks run.

    `is_given` is false for a service without a network configuration. `missing` names what keeps
    the list of subnets from being complete, and `advice` says what may help.
    """

    is_given: bool
    subnets: tuple[PlacedSubnet, ...] = ()
    missing: tuple[str, ...] = ()
    advice: str = ""

    def agree(self, address: str, judge: Callable[[PlacedSubnet], Finding]) -> Finding:
        """One finding over all subnets: tasks spread over every one, so one bad one is enough.

        Where the plan does not tell which of several candidates are used, all must be bad to
        fail, and all good to pass.
        """
        judged = [(subnet, judge(subnet)) for subnet in self.subnets]
        failing = [pair for pair in judged if pair[1].verdict is Verdict.FAIL]
        if len(failing) < len(judged) or self.missing:
            failing = [pair for pair in failing if pair[0].is_sure]
        if failing:
            subnet, finding = failing[0]
            return replace(finding, certainty=subnet.certainty)
        for _, finding in judged:
            if finding.verdict is Verdict.UNKNOWN:
                return finding
        if self.missing:
            return undetermined(address, "; ".join(self.missing), at=SUBNETS)
        if any(finding.verdict is Verdict.FAIL for _, finding in judged):
            why = f"which of several subnets are used is not in the plan; {self.advice}"
            return undetermined(address, why, at=SUBNETS)
        return replace(judged[0][1], certainty=weakest(*(each.certainty for each in self.subnets)))


class Placements:
    """Where the tasks of each service run, and whose tasks run in a subnet or a VPC."""

    def __init__(self, services: Iterable[Service], graph: ResourceGraph, network: Network) -> None:
        self._services = tuple(services)
        self._graph = graph
        self._network = network
        self._placed: dict[str, Placement] = {}

    def of(self, service: Service) -> Placement:
        """The subnets of one service."""
        if service.address not in self._placed:
            self._placed[service.address] = place(service, self._graph, self._network)
        return self._placed[service.address]

    @cached_property
    def tenants(self) -> tuple[Tenant, ...]:
        """Every service with every subnet its tasks run in."""
        return tuple(
            Tenant(service, subnet)
            for service in self._services
            for subnet in self.of(service).subnets
        )

    @cached_property
    def _by_subnet(self) -> Index[Tenant]:
        return Index((each, (each.subnet.resource.address,)) for each in self.tenants)

    def in_subnet(self, subnet: Resource) -> tuple[Tenant, ...]:
        """The tenants of one subnet."""
        return self._by_subnet.of(subnet.address)

    @cached_property
    def _by_vpc(self) -> Index[Tenant]:
        vpc_of = self._network.managed_vpc
        return Index((each, (vpc_of(each.subnet.resource),)) for each in self.tenants)

    def in_vpc(self, vpc: str) -> tuple[Tenant, ...]:
        """The tenants of the subnets in a VPC that this plan manages."""
        return self._by_vpc.of(vpc)


def place(service: Service, graph: ResourceGraph, network: Network) -> Placement:
    """Find the subnets of a service."""
    resolution = service.subnets
    if isinstance(resolution.value, Absent):
        return Placement(is_given=False)
    subnets = []
    missing = [f"{each}; {graph.advice}" for each in resolution.unresolved if resolution.is_open]
    for target in resolution.targets:
        resource = graph.resource(target.address)
        if resource is None:
            continue
        egress = network.egress(resource)
        proof = certainty_of(target)
        subnets.append(
            PlacedSubnet(
                target,
                resource,
                egress,
                (*steps_to(service.resource, SUBNETS, target), *egress.path),
                egress.certainty if proof is Certainty.PROVEN else proof,
            )
        )
    constants = written_ids(graph, service.resource, SUBNETS, _SUBNET_ID)
    missing += _absent(*map(str, (*resolution.external, *constants)))
    if not subnets and not missing:
        why = f"the plan does not hold the subnets of {service.address}"
        missing.append(f"{why}; {graph.advice}")
    return Placement(
        is_given=True, subnets=tuple(subnets), missing=tuple(missing), advice=graph.advice
    )


def _absent(*subnets: str) -> list[str]:
    """Why subnets that are only named by their ids tell nothing."""
    if not subnets:
        return []
    first, others = subnets[0], len(subnets) - 1
    if others:
        return [f"subnet {first} and {others} more are not in this plan: make sure of their routes"]
    return [f"subnet {first} is not in this plan, nor are its routes: look it up in the account"]
