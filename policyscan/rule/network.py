"""Subnets: the route table each uses, and where its traffic to the internet goes."""

from __future__ import annotations

from functools import cached_property

from policyscan.graph import Confidence, Index, ResourceGraph, Target
from policyscan.plan import ABSENT, Absent, Known, Resource, Value
from policyscan.rule.ecs import SUBNETS, certainty_of
from policyscan.rule.egress import LEADS, Egress, agreed, exit_of
from policyscan.rule.model import Certainty, Step
from policyscan.rule.routes import (
    IPV4,
    IPV6,
    TABLE_HOLDERS,
    Exit,
    Family,
    RouteTables,
)

VPCS = ("aws_vpc", "aws_default_vpc")
ENDPOINT = "aws_vpc_endpoint"
_LOOK = "look at its routes in the account"
_GATEWAY = "aws_internet_gateway"
_ATTACHMENT = "aws_internet_gateway_attachment"


class Network:
    """The subnets of a plan by where they lead."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._tables = {each: RouteTables(graph, each) for each in (IPV4, IPV6)}
        self._loose: list[str] = []
        self._associated = self._associations("aws_route_table_association", "subnet_id", SUBNETS)
        self._main = self._associations("aws_main_route_table_association", "vpc_id", VPCS)
        self._egress: dict[tuple[str, Family], Egress] = {}

    def egress(self, subnet: Resource, family: Family = IPV4) -> Egress:
        """Where a subnet's traffic to the internet goes, of one IP version."""
        key = subnet.address, family
        if key not in self._egress:
            why = f"the routes of {subnet.address} lead back to it"
            self._egress[key] = Egress(Exit.UNKNOWN, why=why)
            self._egress[key] = self._find_egress(subnet, family)
        return self._egress[key]

    def tables_of(self, resource: Resource, attribute: str) -> set[str]:
        """The route tables an attribute names, by the addresses they go by in `Egress.tables`."""
        found = self._graph.resolve(resource, attribute, TABLE_HOLDERS)
        return {self._tables[IPV4].key_of(target) for target in found.targets}

    def vpcs_of(self, resource: Resource) -> tuple[Target, ...]:
        """The VPC a resource's vpc_id names; a default subnet stands in the default VPC."""
        if resource.type == "aws_default_subnet":
            owners = self._graph.of_type("aws_default_vpc")
            return tuple(Target(each.address, "id", Confidence.INFERRED) for each in owners)
        return self._graph.resolve(resource, "vpc_id", VPCS).targets

    def zone(self, subnet: Resource) -> Value:
        """The availability zone, by name or by id; Absent when AWS will pick one."""
        for attribute in ("availability_zone", "availability_zone_id"):
            value = subnet.value(attribute)
            if not isinstance(value, Absent):
                return value
        return ABSENT

    def nat_problem(self, nat: Resource) -> tuple[str, bool]:
        """What keeps a NAT gateway from reaching the internet, and whether that is certain.

        "" when nothing does. A regional NAT gateway needs no subnet of its own.
        """
        if nat.is_deleted:
            return f"this plan deletes {nat.address}, and the route to it leads nowhere", True
        if nat.value("connectivity_type") == Known("private"):
            return f"{nat.address} is a private NAT gateway, which reaches no internet", True
        if nat.value("availability_mode") == Known("regional"):
            return "", True
        subnets = self._graph.resolve(nat, "subnet_id", SUBNETS)
        if not subnets.targets:
            return (
                f"the subnet of {nat.address} is not in this plan, nor are its routes: {_LOOK}",
                False,
            )
        for target in subnets.targets:
            subnet = self._graph.resource(target.address)
            if subnet is None or subnet.mode == "data":
                why = f"the routes of {target.address}, where {nat.address} stands, are not in this"
                return f"{why} plan: {_LOOK}", False
            egress = self.egress(subnet)
            if egress.exit is Exit.UNKNOWN:
                return egress.why, False
            if egress.exit is not Exit.INTERNET_GATEWAY:
                problem = (
                    f"{nat.address} stands in {subnet.address}, whose default route leads "
                    f"{LEADS[egress.exit]}, not to an internet gateway"
                )
                if len(subnets.targets) == 1:
                    return problem, True
                why = f"{problem}; whether it stands there is not in the plan"
                return f"{why}; {self._graph.advice}", False
        return "", True

    def subnets_of(self, resource: Resource) -> tuple[Resource, ...]:
        """The subnets a resource's subnet_id may name."""
        found = self._graph.resolve(resource, "subnet_id", SUBNETS)
        return tuple(map(self._graph.resource_of, found.targets))

    def nats_in(self, *vpcs: str) -> tuple[Resource, ...]:
        """The NAT gateways of the plan whose subnets stand, or may stand, in one of the VPCs."""
        return self._nats.of(*vpcs)

    @cached_property
    def _nats(self) -> Index[Resource]:
        return Index(
            (
                nat,
                (vpc.address for each in self.subnets_of(nat) for vpc in self.vpcs_of(each)),
            )
            for nat in self._graph.of_type("aws_nat_gateway")
        )

    def gateways_of(self, resource: Resource) -> tuple[Resource, ...]:
        """The internet gateways attached to the VPC a resource stands in, or its subnet does."""
        vpcs = [target.address for target in self.vpcs_of(resource)]
        for target in self._graph.resolve(resource, "subnet_id", SUBNETS).targets:
            subnet = self._graph.resource(target.address)
            vpcs += [each.address for each in self.vpcs_of(subnet)] if subnet else []
        return self._gateways.of(*vpcs)

    @cached_property
    def _gateways(self) -> Index[Resource]:
        """The internet gateways by the VPCs they are attached to."""
        return Index(
            (
                gateway,
                (
                    target.address
                    for holder in (gateway, *self.attachments_of(gateway))
                    for target in self.vpcs_of(holder)
                ),
            )
            for gateway in self._graph.of_type(_GATEWAY)
            if not gateway.is_deleted
        )

    def attachments_of(self, gateway: Resource) -> tuple[Resource, ...]:
        """What attaches an internet gateway that names no VPC itself."""
        joins = self._graph.joins({_ATTACHMENT: "internet_gateway_id"}, [_GATEWAY])
        return joins.standing(gateway.address)

    @cached_property
    def has_loose_gateways(self) -> bool:
        """Whether an internet gateway may be attached to any VPC."""
        return any(
            not holder.is_deleted and self._graph.resolve(holder, "vpc_id", VPCS).is_open
            for holder in self._graph.of_type(_GATEWAY, _ATTACHMENT)
        )

    def managed_vpc(self, resource: Resource) -> str:
        """The address of the one VPC a resource stands in, "" when this plan does not manage it."""
        found = [self._graph.resource(target.address) for target in self.vpcs_of(resource)]
        if len(found) != 1 or found[0] is None or found[0].mode == "data":
            return ""
        return found[0].address

    def unplaced(self, resource: Resource) -> str:
        """Why it is not known which VPC of this plan a resource stands in, and what would help."""
        vpc = resource.value("vpc_id")
        if isinstance(vpc, Known):
            return f"{vpc}, in which {resource.address} stands, is not in this plan: look it up"
        return f"which VPC {resource.address} stands in is not in the plan; {self._graph.advice}"

    def _associations(
        self, kind: str, attribute: str, types: tuple[str, ...]
    ) -> dict[str, list[tuple[Resource, tuple[Target, ...], Target]]]:
        """Route table associations by what they are for: (association, tables, its own edge)."""
        found: dict[str, list[tuple[Resource, tuple[Target, ...], Target]]] = {}
        for association in self._graph.of_type(kind):
            if association.is_deleted:
                continue
            tables = self._graph.resolve(association, "route_table_id", TABLE_HOLDERS).targets
            joined = self._graph.resolve(association, attribute, types)
            for target in joined.targets:
                found.setdefault(target.address, []).append((association, tables, target))
            if joined.is_open and not joined.targets:
                self._loose.append(f"{association.address}.{attribute} could not be followed")
        return found

    def _find_egress(self, subnet: Resource, family: Family) -> Egress:
        if subnet.mode == "data":
            return Egress(
                Exit.UNKNOWN,
                why=f"{subnet.address} is looked up: {_LOOK}",
            )
        if family is IPV4 and is_ipv6_only(subnet):
            return Egress(Exit.UNKNOWN, why=f"{subnet.address} has no IPv4 addresses")
        tables = self._tables[family]
        own = self._associated.get(subnet.address, [])
        if own:
            return self._through(subnet, own, tables)
        if self._loose:
            return Egress(Exit.UNKNOWN, why=f"{self._loose[0]}; {self._graph.advice}")
        return self._through_main_table(subnet, tables)

    def _through(
        self,
        subnet: Resource,
        joins: list[tuple[Resource, tuple[Target, ...], Target]],
        known: RouteTables,
    ) -> Egress:
        sure = [join for join in joins if join[2].confidence is not Confidence.AMBIGUOUS] or joins
        exits = []
        for association, tables, edge in sure:
            if not tables:
                return Egress(
                    Exit.UNKNOWN,
                    why=f"the route table of {association.address} is not in this plan: {_LOOK}",
                )
            for target in tables:
                table = known.get(known.key_of(target))
                if table is None:
                    return Egress(
                        Exit.UNKNOWN,
                        why=f"the routes of {target.address} are not in this plan: {_LOOK}",
                    )
                step = Step(association.address, "route_table_id", f"for {subnet.address}")
                exits.append(exit_of(table, (step,), certainty_of(edge, target), known.family))
        return agreed(subnet, exits, self._graph.advice)

    def _through_main_table(self, subnet: Resource, known: RouteTables) -> Egress:
        vpc = self._graph.resource(self.managed_vpc(subnet))
        if vpc is None:
            return Egress(
                Exit.UNKNOWN,
                why=f"{subnet.address} has no route table association in this plan and stands in "
                f"a VPC the plan does not manage: {_LOOK}",
            )
        if joins := self._main.get(vpc.address):
            return self._through(subnet, joins, known)
        main = known.main_of(vpc)
        if main is None:
            return Egress(
                Exit.UNKNOWN,
                why=f"{subnet.address} uses the main route table of {vpc.address}, which exists "
                f"already and is not in this plan: {_LOOK}",
            )
        if main.resource is not vpc:
            step = Step(main.resource.address, "default_route_table_id", f"of {vpc.address}")
        elif main.defaults or main.why:
            step = Step(subnet.address, "", "no route table is associated: it uses the main one")
        else:
            note = "no route table is associated: the main table of a new VPC has no default route"
            steps = (Step(subnet.address, "", note), Step(vpc.address))
            return Egress(Exit.NONE, steps, tables=(vpc.address,))
        return exit_of(main, (step,), Certainty.PROVEN, known.family)


def is_ipv6_only(subnet: Resource) -> bool:
    """Whether what runs in a subnet has no IPv4 address."""
    return subnet.value("ipv6_native") == Known(value=True)


def is_zone_id(zone: str) -> bool:
    """Whether a zone is told by its id, as in use1-az3, and not by its name, us-east-1a."""
    return "-az" in zone
