"""Which VPC a resource stands in, told well enough to compare two."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph import Index, ResourceGraph
from policyscan.plan import Absent, Known, Resource
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty, Step
from policyscan.rule.network import ENDPOINT, VPCS


class Home(Struct, frozen=True):
    """The VPC a resource stands in: its id, else its address, both "" when it is not told.

    `is_new`: this plan makes the VPC, so that it is no other one. `is_default`: the resource names
    none and gets the account's default VPC.
    """

    holder: Resource
    attribute: str
    vpc_id: str = ""
    address: str = ""
    is_new: bool = False
    is_default: bool = False
    certainty: Certainty = Certainty.PROVEN

    @property
    def shown(self) -> str:
        """What a message calls the VPC."""
        return self.address or self.vpc_id or ("the default VPC" if self.is_default else "")

    @property
    def step(self) -> Step:
        """Evidence: where the VPC is named."""
        return Step(self.holder.address, self.attribute, f"in {self.shown}" if self.shown else "")

    def differs(self, other: Home) -> bool | None:
        """Whether it is another VPC than the other's; None when the plan does not tell."""
        if self.vpc_id and other.vpc_id:
            return self.vpc_id != other.vpc_id
        if self.address and self.address == other.address:
            return False
        if self.is_default and other.is_default:
            return False
        told = all(each.address or each.vpc_id or each.is_default for each in (self, other))
        return True if told and (self.is_new or other.is_new) else None


class Homes:
    """The VPCs that the resources of a plan stand in, each told once."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._told: dict[tuple[str, str], Home] = {}

    def of(self, resource: Resource, attribute: str = "vpc_id") -> Home:
        """The VPC that an attribute of a resource names."""
        key = resource.address, attribute
        if key not in self._told:
            self._told[key] = home_of(self._graph, resource, attribute)
        return self._told[key]

    def endpoints_in(self, home: Home) -> tuple[Resource, ...]:
        """The VPC endpoints that stand in the same VPC for certain."""
        found = self._endpoints.of(*_names(home))
        return tuple(each for each in found if self.of(each).differs(home) is False)

    @cached_property
    def _endpoints(self) -> Index[Resource]:
        return Index(
            (endpoint, _names(self.of(endpoint)))
            for endpoint in self._graph.of_type(ENDPOINT)
            if not endpoint.is_deleted
        )


def _names(home: Home) -> tuple[str, ...]:
    """What two homes share that are one VPC."""
    default = "the default VPC" if home.is_default else ""
    return tuple(filter(None, (home.vpc_id, home.address, default)))


def home_of(graph: ResourceGraph, resource: Resource, attribute: str = "vpc_id") -> Home:
    """The VPC that an attribute of a resource names."""
    here = Home(resource, attribute)
    if resource.type == "aws_vpc":
        return replace(here, address=resource.address, is_new=resource.is_created)
    if resource.type == "aws_default_subnet":
        return replace(here, is_default=True)
    found = graph.resolve(resource, attribute, VPCS)
    if isinstance(found.value, Absent):
        return replace(here, is_default=resource.mode == "managed")
    text = str(found.value.value) if isinstance(found.value, Known) else ""
    if len(found.targets) != 1 or not found.targets[0].is_sure:
        return replace(here, vpc_id=text)
    target = found.targets[0]
    vpc = graph.resource(target.address)
    if vpc is not None and vpc.is_deferred:
        return here
    known = vpc.value("id") if vpc else None
    return replace(
        here,
        vpc_id=text or (str(known.value) if isinstance(known, Known) else ""),
        address=target.address,
        is_new=vpc is not None and vpc.is_created and vpc.type == "aws_vpc",
        certainty=certainty_of(target),
    )
