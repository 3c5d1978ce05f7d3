"""The IPv4 ranges of subnets, and of the VPCs they stand in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property
from ipaddress import IPv4Network

from msgspec import Struct

from policyscan.graph import Confidence, Index, ResourceGraph, Target
from policyscan.plan import Known, Resource, Value
from policyscan.rule.cidrs import read_range
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty
from policyscan.rule.network import VPCS

LARGEST, SMALLEST = 16, 28
"""Prefix lengths AWS takes for a subnet."""
_ASSOCIATION = "aws_vpc_ipv4_cidr_block_association"
_EVERY, _INSIDE = None, "inside"
"""Keys of ranges: of every VPC, and of what lies inside."""


class SubnetRange(Struct, frozen=True):
    """A subnet's IPv4 range, None when the plan does not tell, and the one VPC it stands in.

    `vpc` is the VPC's address, or its id where the plan does not hold it; "" when not known.
    """

    resource: Resource
    network: IPv4Network | None
    vpc: str
    certainty: Certainty = Certainty.PROVEN


class Blocks(Struct, frozen=True):
    """The IPv4 blocks of a VPC; `why` says what keeps them from being complete."""

    networks: tuple[IPv4Network, ...] = ()
    why: str = ""


class Ranges:
    """Which ranges of a plan's networks lie in each other."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self.subnets = tuple(
            self._subnet(each) for each in graph.of_type("aws_subnet") if not each.is_deleted
        )
        self._blocks: dict[str, Blocks] = {}

    def blocks(self, vpc: str) -> Blocks:
        """The blocks of a VPC by its address."""
        if vpc not in self._blocks:
            self._blocks[vpc] = self._read_blocks(vpc)
        return self._blocks[vpc]

    def _read_blocks(self, vpc: str) -> Blocks:
        resource = self._graph.resource(vpc)
        if resource is None:
            return Blocks((), f"the address blocks of {vpc} are not in this plan: look it up")
        own = [resource.value("cidr_block")]
        doubts = []
        if resource.mode == "data":
            members = range(resource.count_of("cidr_block_associations"))
            own += [
                resource.value(f"cidr_block_associations[{each}].cidr_block") for each in members
            ]
        elif not resource.is_created:
            doubts.append(f"{vpc} exists already and may have further address blocks: look it up")
        joins = self._graph.joins({_ASSOCIATION: "vpc_id"}, VPCS)
        own += [join.value("cidr_block") for join in joins.standing(vpc)]
        doubts += [
            f"{join.address}.vpc_id could not be followed; {self._graph.advice}"
            for join in joins.loose
            if not join.is_deleted
        ]
        networks = [network_of(each) for each in own]
        if None in networks:
            doubts.insert(0, f"an address block of {vpc} is known only after apply: write it down")
        return Blocks(tuple(each for each in networks if each), next(iter(doubts), ""))

    def overlaps(self, subnet: SubnetRange) -> Iterator[SubnetRange]:
        """The other subnets whose range meets this one's and whose VPC is, or may be, the same."""
        if subnet.network is not None:
            vpcs = (subnet.vpc, "") if subnet.vpc else (_EVERY,)
            keys = (key for vpc in vpcs for key in self._met(subnet.network, vpc))
            for other in self._placed.one_by_one(*keys):
                if other is not subnet:
                    yield other

    def free(self, subnet: SubnetRange) -> IPv4Network | None:
        """A range of its size in its VPC that no subnet of the plan takes, None when unknown."""
        if subnet.network is None or not subnet.vpc:
            return None
        size = min(max(subnet.network.prefixlen, LARGEST), SMALLEST)
        for block in self.blocks(subnet.vpc).networks:
            size = max(size, block.prefixlen)
            for candidate in block.subnets(new_prefix=size) if size <= SMALLEST else ():
                taken = self._placed.one_by_one(*self._met(candidate, subnet.vpc))
                if all(each is subnet for each in taken):
                    return candidate
        return None

    @cached_property
    def _placed(self) -> Index[SubnetRange]:
        """The subnets by their ranges and by all that these lie in, in their VPC and anywhere.

        Of two ranges that meet one lies in the other. So whoever asks looks for its own range
        among those that others lie in, and for those it lies in itself among the others'.
        """
        return Index(
            (each, (key for vpc in (each.vpc, _EVERY) for key in self._keys(each.network, vpc)))
            for each in self.subnets
            if each.network is not None
        )

    def _keys(self, network: IPv4Network, vpc: str | None) -> Iterator[Hashable]:
        around = tuple(self._around(network))
        yield vpc, around[-1]
        yield from ((vpc, each, _INSIDE) for each in around)

    def _met(self, network: IPv4Network, vpc: str | None) -> Iterator[Hashable]:
        around = tuple(self._around(network))
        yield vpc, around[-1], _INSIDE
        yield from ((vpc, each) for each in around)

    def _around(self, network: IPv4Network) -> Iterator[tuple[int, int]]:
        """The ranges that a range lies in, itself the last, of the sizes that subnets have."""
        start = int(network.network_address)
        for length in self._lengths:
            if length <= network.prefixlen:
                yield length, start >> (network.max_prefixlen - length)

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        """The prefix lengths there are, and those that may be asked for."""
        found = {each.network.prefixlen for each in self.subnets if each.network}
        return tuple(sorted(found | set(range(LARGEST, SMALLEST + 1))))

    def _subnet(self, resource: Resource) -> SubnetRange:
        network = network_of(resource.value("cidr_block"))
        found = self._graph.resolve(resource, "vpc_id", (*VPCS, _ASSOCIATION))
        if found.is_open:
            return SubnetRange(resource, network, "")
        if not found.targets:
            vpc = str(found.value.value) if isinstance(found.value, Known) else ""
            return SubnetRange(resource, network, vpc)
        # A block's association gives its VPC on, to make subnets wait for the block.
        ends = [end for target in found.targets for end in self._vpcs(target)]
        vpcs = {end.address for end in ends}
        is_one = len(vpcs) == 1 and all(end.confidence is not Confidence.AMBIGUOUS for end in ends)
        return SubnetRange(resource, network, vpcs.pop() if is_one else "", certainty_of(*ends))

    def _vpcs(self, target: Target) -> tuple[Target, ...]:
        resource = self._graph.resource(target.address)
        if resource is None or resource.type != _ASSOCIATION:
            return (target,)
        return self._graph.resolve(resource, "vpc_id", VPCS).targets


def network_of(value: Value) -> IPv4Network | None:
    """The IPv4 range an attribute holds, None when it does not tell one."""
    match value:
        case Known(value=str() as text):
            return read_range(text)
        case _:
            return None
