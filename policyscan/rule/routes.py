"""Route tables: which routes they hold and what a default route leads to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policyscan.graph import Resolution, ResourceGraph, Target
from policyscan.plan import Absent, Known, Resource, Unknown, Value

ROUTE_TABLES = ("aws_route_table", "aws_default_route_table")
ROUTE = "aws_route"
_EVERYWHERE = "0.0.0.0/0"
_HALVES = {"0.0.0.0/1", "128.0.0.0/1"}


class Exit(StrEnum):
    """What a default route leads to."""

    INTERNET_GATEWAY = "internet gateway"
    NAT = "NAT gateway"
    OTHER = "another network"
    NONE = "nowhere"
    UNKNOWN = "unknown"


_EXITS = {
    "nat_gateway_id": Exit.NAT,
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


@dataclass(frozen=True, slots=True)
class Route:
    """A default route: where it stands, what it leads to, and the gateways it names."""

    holder: Resource
    attribute: str
    exit: Exit
    via: Resolution
    why: str = ""


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The default routes of one table; `why` says what keeps them from being known."""

    resource: Resource
    defaults: tuple[Route, ...]
    why: str = ""


class RouteTables:
    """Every route table of a plan with its default routes, inline and standalone."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        tables = [r for r in graph.of_type(*ROUTE_TABLES) if not r.is_deleted]
        routes: dict[str, list[Route]] = {table.address: [] for table in tables}
        unsure: dict[str, str] = {}
        for table in tables:
            inline, why = self._inline(table)
            routes[table.address].extend(inline)
            if why:
                unsure[table.address] = why
        for resource in graph.of_type(ROUTE):
            if not resource.is_deleted:
                self._add(resource, routes, unsure)
        self._tables = {
            table.address: RouteTable(
                table, tuple(routes[table.address]), unsure.get(table.address, "")
            )
            for table in tables
        }

    def get(self, address: str) -> RouteTable | None:
        """The table of an address, None when the plan does not manage it."""
        return self._tables.get(address)

    def _add(
        self, resource: Resource, routes: dict[str, list[Route]], unsure: dict[str, str]
    ) -> None:
        is_default, why = _is_default(
            [resource.value("destination_cidr_block")],
            [resource.value("destination_prefix_list_id")],
        )
        tables = self._graph.resolve(resource, "route_table_id", ROUTE_TABLES)
        if is_default and tables.is_open and not tables.targets:
            for address in routes:
                unsure.setdefault(address, f"{resource.address}.route_table_id is not known")
        for target in tables.targets:
            if target.address not in routes:
                continue
            if is_default:
                routes[target.address].append(self._route(resource, ""))
            elif why:
                unsure.setdefault(target.address, f"{resource.address}: {why}")

    def _inline(self, table: Resource) -> tuple[list[Route], str]:
        members = table.elements("route")
        if len(members) == 1 and isinstance(members[0], Unknown) and not table.count_of("route"):
            return [], f"{table.address}.route is known only after apply"
        found = []
        halves = set()
        why = ""
        for index in range(len(members)):
            prefix = f"route[{index}]."
            destination = table.value(f"{prefix}cidr_block")
            is_default, doubt = _is_default(
                [destination], [table.value(f"{prefix}destination_prefix_list_id")]
            )
            if isinstance(destination, Known) and destination.value in _HALVES:
                halves.add(destination.value)
                is_default = halves == _HALVES
            if is_default:
                found.append(self._route(table, prefix))
            why = why or doubt
        return found, why

    def _route(self, holder: Resource, prefix: str) -> Route:
        for name, exit_ in _EXITS.items():
            if _is_set(holder.value(prefix + name)):
                types = ("aws_nat_gateway",) if exit_ is Exit.NAT else ()
                return Route(
                    holder, prefix + name, exit_, self._graph.resolve(holder, prefix + name, types)
                )
        attribute = f"{prefix}gateway_id"
        value = holder.value(attribute)
        if not _is_set(value):
            why = f"the default route of {holder.address} names no target"
            return Route(holder, attribute, Exit.UNKNOWN, Resolution(value), why)
        return self._through_gateway(holder, attribute)

    def _through_gateway(self, holder: Resource, attribute: str) -> Route:
        via = self._graph.resolve(holder, attribute, _GATEWAYS)
        kinds = {self._kind_of(target) for target in via.targets}
        for external in via.external:
            kinds.add(_kind_of_id(str(external.value)))
        if len(kinds) == 1:
            return Route(holder, attribute, kinds.pop(), via)
        why = "; ".join(via.unresolved) or f"{holder.address}.{attribute} could not be followed"
        return Route(holder, attribute, Exit.UNKNOWN, via, why)

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


def _is_default(destinations: list[Value], prefix_lists: list[Value]) -> tuple[bool, str]:
    """Whether a route is the IPv4 default route, and why that is not sure."""
    for destination in destinations:
        if isinstance(destination, Known) and destination.value == _EVERYWHERE:
            return True, ""
        if isinstance(destination, Unknown):
            return False, "its destination is known only after apply"
    if any(_is_set(each) for each in prefix_lists):
        return False, "its destination is a prefix list"
    return False, ""
