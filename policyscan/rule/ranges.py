"""The IPv4 ranges of subnets, and of the VPCs they stand in."""

from __future__ import annotations

from ipaddress import IPv4Network

from msgspec import Struct

from policyscan.graph import Confidence, ResourceGraph, Target
from policyscan.plan import Known, Resource, Value
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty
from policyscan.rule.network import VPCS

LARGEST, SMALLEST = 16, 28
"""Prefix lengths AWS takes for a subnet."""
_ASSOCIATION = "aws_vpc_ipv4_cidr_block_association"


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

    def blocks(self, vpc: str) -> Blocks:
        """The blocks of a VPC by its address."""
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
        for join in self._graph.of_type(_ASSOCIATION):
            ends = self._graph.resolve(join, "vpc_id", VPCS)
            if join.is_deleted:
                continue
            if vpc in {target.address for target in ends.targets}:
                own.append(join.value("cidr_block"))
            elif not ends.targets and ends.is_open:
                doubts.append(f"{join.address}.vpc_id could not be followed; {self._graph.advice}")
        networks = [network_of(each) for each in own]
        if None in networks:
            doubts.insert(0, f"an address block of {vpc} is known only after apply: write it down")
        return Blocks(tuple(each for each in networks if each), next(iter(doubts), ""))

    def overlaps(self, subnet: SubnetRange) -> tuple[SubnetRange, ...]:
        """The other subnets whose range meets this one's and whose VPC is, or may be, the same."""
        network = subnet.network
        if network is None:
            return ()
        return tuple(
            other
            for other in self.subnets
            if other.resource is not subnet.resource
            and other.network is not None
            and other.network.overlaps(network)
            and (not other.vpc or not subnet.vpc or other.vpc == subnet.vpc)
        )

    def free(self, subnet: SubnetRange) -> IPv4Network | None:
        """A range of its size in its VPC that no subnet of the plan takes, None when unknown."""
        if subnet.network is None or not subnet.vpc:
            return None
        size = min(max(subnet.network.prefixlen, LARGEST), SMALLEST)
        taken = [
            each.network
            for each in self.subnets
            if each is not subnet and each.vpc == subnet.vpc and each.network
        ]
        for block in self.blocks(subnet.vpc).networks:
            size = max(size, block.prefixlen)
            for candidate in block.subnets(new_prefix=size) if size <= SMALLEST else ():
                if not any(candidate.overlaps(each) for each in taken):
                    return candidate
        return None

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
            try:
                return IPv4Network(text)
            except ValueError:
                return None
        case _:
            return None
