"""Capacity providers: what a service asks for, and what its cluster has been given."""

from __future__ import annotations

from msgspec import Struct

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan import Known, Resource, Unknown, number_of, text_of
from policyscan.rule.ecs import CLUSTER, GIVEN, Service

STRATEGY = "capacity_provider_strategy"
MANAGED = ("FARGATE", "FARGATE_SPOT")


class Share(Struct, frozen=True):
    """One entry of a strategy. `provider` is "" when it is not known; a number None likewise."""

    path: str
    provider: str
    base: float | None
    weight: float | None

    @property
    def is_fargate(self) -> bool:
        """Whether it is one of those AWS itself runs."""
        return self.provider in MANAGED


class AttachedProviders(Struct, frozen=True):
    """The providers a cluster of this plan has, and the resource that gives them.

    `providers` is None when they are not all known. `giver` None: the cluster has them itself.
    """

    cluster: Resource
    giver: Resource | None
    providers: tuple[str, ...] | None


def shares_of(service: Service) -> tuple[Share, ...]:
    """The entries of a service's own strategy."""
    resource = service.resource
    return tuple(
        Share(
            f"{STRATEGY}[{at}]",
            text_of(resource.value(f"{STRATEGY}[{at}].capacity_provider")) or "",
            _amount(resource, f"{STRATEGY}[{at}].base"),
            _amount(resource, f"{STRATEGY}[{at}].weight"),
        )
        for at in range(len(resource.elements(STRATEGY)))
    )


def _amount(resource: Resource, path: str) -> float | None:
    """A number that is 0 when nobody gives it."""
    value = resource.value(path)
    return None if isinstance(value, Unknown) else number_of(value) or 0


def attached_to(service: Service, graph: ResourceGraph) -> AttachedProviders | None:
    """What the service's cluster has; None when the cluster is not surely one of this plan."""
    targets = service.clusters.targets
    if len(targets) != 1 or targets[0].confidence is Confidence.AMBIGUOUS:
        return None
    cluster = graph.resource(targets[0].address)
    if cluster is None or cluster.mode != "managed":
        return None
    for giver in graph.joins(GIVEN, [CLUSTER]).standing(cluster.address):
        return AttachedProviders(cluster, giver, _names(giver))
    # Providers before version 5 had them on the cluster.
    return AttachedProviders(cluster, None, _names(cluster))


def _names(resource: Resource) -> tuple[str, ...] | None:
    found = [text_of(each) for each in resource.elements("capacity_providers")]
    names = tuple(each for each in found if each is not None)
    return names if len(names) == len(found) else None


def gives_already(giver: Resource, provider: str) -> bool:
    """Whether a cluster had a provider before this plan."""
    before = giver.before_value("capacity_providers")
    return isinstance(before, Known) and provider in before.value
