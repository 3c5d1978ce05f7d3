"""Names that must be the only ones of their kind, and what claims them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan import Absent, Known, Resource, text_of
from policyscan.rule.ecs import CLUSTER
from policyscan.rule.network import VPCS
from policyscan.rule.tables import load_table

_SAME = {"aws_alb": "aws_lb", "aws_alb_target_group": "aws_lb_target_group"}
"""Other names of a type."""
_NAMESPACES = ("http", "private_dns", "public_dns")
_PARENTS = {
    "cluster": (CLUSTER,),
    "dns_config[0].namespace_id": tuple(
        f"aws_service_discovery_{kind}_namespace" for kind in _NAMESPACES
    ),
    "event_bus_name": ("aws_cloudwatch_event_bus",),
    "listener_arn": ("aws_lb_listener", "aws_alb_listener"),
    "namespace_id": tuple(f"aws_service_discovery_{kind}_namespace" for kind in _NAMESPACES),
    "resource_id": ("aws_appautoscaling_target",),
    "role": ("aws_iam_role",),
    "vpc": VPCS,
    "vpc_id": VPCS,
}
"""The types of what a name stands in, by the attribute that tells it."""


class Claim(Struct, frozen=True):
    """A name a resource claims, and within what it must be the only one.

    `key` tells claims apart: two of one key cannot both stand. None where the plan does not tell
    it, for the reason `why`. `is_known`: the name is a known value, and not only the same text.
    """

    resource: Resource
    attribute: str
    key: tuple[str, ...] | None
    is_known: bool = True
    why: str = ""


class Claims:
    """Every name of a plan that must be the only one of its kind."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self.claims: tuple[Claim, ...] = ()
        self._by_key: dict[tuple[str, ...], list[Claim]] = {}
        found = []
        for row in load_table("name_limits")["rows"]:
            if not row["unique"]:
                continue
            kinds = (row["type"], *(old for old, new in _SAME.items() if new == row["type"]))
            found += [
                claim
                for resource in (*graph.of_type(*kinds), *graph.data_of_type(*kinds))
                if not resource.is_deleted and (claim := self._claim(resource, row))
            ]
        self.claims = tuple(found)
        for claim in self.claims:
            if claim.key is not None:
                self._by_key.setdefault(claim.key, []).append(claim)

    def rivals(self, claim: Claim) -> Iterator[Claim]:
        """What else claims the same name; of these one at least is new."""
        for other in self._by_key[claim.key] if claim.key is not None else ():
            if other is not claim and _clash(claim.resource, other.resource):
                yield other

    def _claim(self, resource: Resource, row: dict[str, Any]) -> Claim | None:
        """What a resource claims by its name, None when it has no name of its own."""
        attribute = row["attribute"]
        value = resource.value(attribute)
        if isinstance(value, Absent) or resource.is_deferred:
            return None
        name = str(value.value) if isinstance(value, Known) else text_of(value)
        if name is None:
            why = f"{resource.address}.{attribute} is known only after apply"
            return Claim(resource, attribute, None, why=why)
        places = [self._place(resource, path) for path in row["within"]]
        if None in places:
            path = row["within"][places.index(None)]
            why = f"what {resource.address} has for {path} is known only after apply"
            return Claim(resource, attribute, None, why=why)
        region = resource.value("region") if row["regional"] else None
        where = (str(region) if isinstance(region, Known) else "", resource.provider_key)
        name = name.lower() if row["folded"] else name
        key = (row["type"], attribute, name, *where, *map(str, places))
        return Claim(resource, attribute, key, isinstance(value, Known))

    def _place(self, resource: Resource, path: str) -> str | None:
        """What a name must be the only one in, by its address or its own name."""
        found = self._graph.resolve(resource, path, _PARENTS.get(path, ()))
        if isinstance(found.value, Absent):
            return ""
        if path in _PARENTS and len(found.targets) == 1 and not found.is_open:
            target = found.targets[0]
            return None if target.confidence is Confidence.AMBIGUOUS else target.address
        return text_of(found.value)


def _clash(one: Resource, other: Resource) -> bool:
    """Whether two of one name cannot both stand after this plan."""
    if "data" in (one.mode, other.mode):
        # What is replaced, or stands already, is what the lookup found.
        return any(each.actions == ("create",) for each in (one, other))
    return one.is_created or other.is_created
