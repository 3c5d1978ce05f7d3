"""Route tables: which routes they hold and what a default route leads to."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from policyscan.graph import Resolution, ResourceGraph, Target
from policyscan.plan import Absent, Known, Resource, Unknown, Value
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty

ROUTE_TABLES = ("aws_route_table", "aws_default_route_table")
TABLE_HOLDERS = (*ROUTE_TABLES, "aws_vpc", "aws_default_vpc")
"""What a reference to a route table may lead to: a VPC tells its main one."""
ROUTE = "aws_route"


class Family(Struct, frozen=True):
    """An IP version: how routes name a destination of it, and what stands for all of them."""

    inline: str
    standalone: str
    everywhere: str
    halves: frozenset[str]


IPV4 = Family(
    "cidr_block",
    "destination_cidr_block",
    "0.0.0.0/0",
    frozenset({"0.0.0.0/1", "128.0.0.0/1"}),
)
IPV6 = Family(
    "ipv6_cidr_block", "destination_ipv6_cidr_block", "::/0", frozenset({"::/1", "8000::/1"})
)


class Exit(StrEnum):
    """What a default route leads to."""

    INTERNET_GATEWAY = "internet gateway"
    NAT = "NAT gateway"
    EGRESS_ONLY = "egress-only internet gateway"
    OTHER = "another network"
    NONE = "nowhere"
    UNKNOWN = "unknown"


_EXITS = {
    "nat_gateway_id": Exit.NAT,
    "egress_only_gateway_id": Exit.EGRESS_ONLY,
    "transit_gateway_id": Exit.OTHER,
    "vpc_peering_connection_id": Exit.OTHER,
    "network_interface_id": Exit.OTHER,
    "instance_id": Exit.OTHER,
    "carrier_gateway_id": Exit.OTHER,
    "local_gateway_id": Exit.OTHER,
    "core_network_arn": Exit.OTHER,
    "vpc_endpoint_id": Exit.OTHER,
    "odb_network_arn": Exit.OTHER,
}
"""What a route goes through, by the argument that names it; gateway_id is looked at itself."""

_GATEWAYS = ("aws_internet_gateway", "aws_vpn_gateway", "aws_egress_only_internet_gateway")


class Route(Struct, frozen=True):
    """A default route: where it stands, what it leads to, and the gateways it names."""

    holder: Resource
    attribute: str
    exit: Exit
    via: Resolution
    certainty: Certainty = Certainty.PROVEN
    why: str = ""


class _Entry(Struct, frozen=True):
    """Any route of a table: the resource it is written in, and the path to it there."""

    holder: Resource
    prefix: str
    destination: Value
    prefix_list: Value
    certainty: Certainty = Certainty.PROVEN


class RouteTable(Struct, frozen=True):
    """The default routes of one table; `why` says what keeps them from being known."""

    resource: Resource
    defaults: tuple[Route, ...]
    why: str = ""


class RouteTables:
    """Every route table of a plan with its default routes of one IP version.

    A new VPC brings its main table, which goes by the address of the VPC unless it is adopted.
    """

    def __init__(self, graph: ResourceGraph, family: Family = IPV4) -> None:
        self._graph = graph
        self.family = family
        self._adopted = {
            owner.address: table.address
            for table in graph.of_type("aws_default_route_table")
            if not table.is_deleted
            for owner in graph.resolve(table, "default_route_table_id", TABLE_HOLDERS).targets
        }
        news = [each for each in graph.of_type("aws_vpc") if each.is_created]
        mains = [each for each in news if each.address not in self._adopted]
        tables = [*(r for r in graph.of_type(*ROUTE_TABLES) if not r.is_deleted), *mains]
        self._entries: dict[str, list[_Entry]] = {}
        self._unsure: dict[str, str] = {}
        self._has_stray = False
        for table in tables:
            self._entries[table.address] = self._inline(table)
        for resource in graph.of_type(ROUTE):
            if not resource.is_deleted:
                self._add(resource)
        for propagation in graph.of_type("aws_vpn_gateway_route_propagation"):
            for target in graph.resolve(propagation, "route_table_id", TABLE_HOLDERS).targets:
                key = self.key_of(target)
                self._unsure.setdefault(key, _propagated(key))
        self._tables = {table.address: self._table(table) for table in tables}

    def get(self, address: str) -> RouteTable | None:
        """The table of an address, None when the plan does not manage it."""
        return self._tables.get(address)

    def main_of(self, vpc: Resource) -> RouteTable | None:
        """The main table of a VPC, None when it stands already and the plan does not adopt it."""
        return self._tables.get(self._adopted.get(vpc.address, vpc.address))

    def key_of(self, target: Target) -> str:
        """The address a table goes by to which an edge leads."""
        return self._adopted.get(target.address, target.address)

    def _inline(self, table: Resource) -> list[_Entry]:
        members = table.elements("route")
        if len(members) == 1 and isinstance(members[0], Unknown) and not table.count_of("route"):
            self._unsure[table.address] = (
                f"{table.address}.route is known only after apply: write it down"
            )
            return []
        if table.elements("propagating_vgws"):
            self._unsure[table.address] = _propagated(table.address)
        return [
            _Entry(
                table,
                f"route[{index}].",
                table.value(f"route[{index}].{self.family.inline}"),
                table.value(f"route[{index}].destination_prefix_list_id"),
            )
            for index in range(len(members))
        ]

    def _add(self, route: Resource) -> None:
        destination = route.value(self.family.standalone)
        tables = self._graph.resolve(route, "route_table_id", TABLE_HOLDERS)
        is_stray = tables.is_open and not tables.targets and not self._is_elsewhere(destination)
        if is_stray and not self._has_stray:
            # It may stand in any table. Of another one that may, there is no more to tell.
            self._has_stray = True
            for address in self._entries:
                self._unsure.setdefault(address, f"{route.address}.route_table_id is not known")
        for target in tables.targets:
            if self.key_of(target) in self._entries:
                prefix_list = route.value("destination_prefix_list_id")
                entry = _Entry(route, "", destination, prefix_list, certainty_of(target))
                self._entries[self.key_of(target)].append(entry)

    def _is_elsewhere(self, destination: Value) -> bool:
        """Known not to be a part of a default route."""
        ends = {self.family.everywhere, *self.family.halves}
        return isinstance(destination, Known) and str(destination.value) not in ends

    def _table(self, table: Resource) -> RouteTable:
        entries = self._entries[table.address]
        known = {
            str(each.destination.value) for each in entries if isinstance(each.destination, Known)
        }
        family = self.family
        wanted = {family.everywhere, *(family.halves if known >= family.halves else ())}
        defaults = tuple(
            self._route(each)
            for each in entries
            if isinstance(each.destination, Known) and str(each.destination.value) in wanted
        )
        doubts = [doubt for each in entries if (doubt := _doubt(each))]
        why = self._unsure.get(table.address, "") or next(iter(doubts), "")
        return RouteTable(table, defaults, why)

    def _route(self, entry: _Entry) -> Route:
        holder, prefix, sure = entry.holder, entry.prefix, entry.certainty
        for name, exit_ in _EXITS.items():
            if _is_set(holder.value(prefix + name)):
                types = ("aws_nat_gateway",) if exit_ is Exit.NAT else ()
                via = self._graph.resolve(holder, prefix + name, types)
                return Route(holder, prefix + name, exit_, via, sure)
        attribute = f"{prefix}gateway_id"
        value = holder.value(attribute)
        if not _is_set(value):
            why = f"the default route of {holder.address} names no target"
            return Route(holder, attribute, Exit.UNKNOWN, Resolution(value), sure, why)
        return self._through_gateway(holder, attribute, sure)

    def _through_gateway(self, holder: Resource, attribute: str, sure: Certainty) -> Route:
        via = self._graph.resolve(holder, attribute, _GATEWAYS)
        kinds = {self._kind_of(target) for target in via.targets}
        for external in via.external:
            kinds.add(_kind_of_id(str(external.value)))
        if len(kinds) == 1 and Exit.UNKNOWN not in kinds:
            return Route(holder, attribute, kinds.pop(), via, sure)
        why = "; ".join(via.unresolved) or f"{holder.address}.{attribute} could not be followed"
        return Route(holder, attribute, Exit.UNKNOWN, via, sure, why)

    def _kind_of(self, target: Target) -> Exit:
        resource = self._graph.resource(target.address)
        if resource is not None and resource.type == "aws_internet_gateway":
            return Exit.INTERNET_GATEWAY
        return Exit.OTHER


def _kind_of_id(identifier: str) -> Exit:
    if identifier.startswith("igw-"):
        return Exit.INTERNET_GATEWAY
    if identifier.startswith(("vgw-", "vpce-", "tgw-")):
        return Exit.OTHER
    return Exit.UNKNOWN


def _is_set(value: Value) -> bool:
    """Given at all; a route table writes "" for what was left out of an inline route."""
    match value:
        case Absent():
            return False
        case Known(inner):
            return bool(inner != "")
        case _:
            return True


def _doubt(entry: _Entry) -> str:
    """Why a route may be a default route without showing it, "" when it is none."""
    if isinstance(entry.destination, Unknown):
        return f"{entry.holder.address}: its destination is known only after apply: write it down"
    if isinstance(entry.destination, Absent) and _is_set(entry.prefix_list):
        return f"{entry.holder.address}: its destination is a prefix list: make sure what it holds"
    return ""


def _propagated(table: str) -> str:
    return f"{table} also takes routes that a VPN gateway propagates: make sure of them"
