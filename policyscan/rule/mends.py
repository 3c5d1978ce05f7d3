"""HCL that mends a network, as several rules propose it."""

from __future__ import annotations

from collections.abc import Iterable

from policyscan.graph import ResourceGraph
from policyscan.plan import Known, Resource
from policyscan.rule.model import Step
from policyscan.rule.reachability import End, Port
from policyscan.rule.routes import ROUTE, ROUTE_TABLES
from policyscan.rule.security_groups import EVERYWHERE, Direction
from policyscan.rule.snippet import arguments, block, edit, new, quoted, reference, together

PRIVATE = "[aws_subnet.PRIVATE_A.id, aws_subnet.PRIVATE_B.id]"


def in_private_subnets(service: Resource) -> str:
    """A service whose tasks run in private subnets, without public addresses."""
    body = arguments(subnets=PRIVATE, assign_public_ip="false")
    return edit(service, block("network_configuration", body))


def default_route(table: Resource, nat: str = "aws_nat_gateway.PUBLIC_A.id") -> str:
    """A default route to a NAT gateway, inline in a table that gives its routes inline."""
    everywhere = quoted(EVERYWHERE)
    if table.is_written("route"):
        return edit(table, block("route", arguments(cidr_block=everywhere, nat_gateway_id=nat)))
    body = arguments(
        route_table_id=reference(table, "id", table),
        destination_cidr_block=everywhere,
        nat_gateway_id=nat,
    )
    return new("aws_route", f"{table.name}_out", body)


def rerouted(graph: ResourceGraph, path: Iterable[Step], nat: str) -> str:
    """The default route on the way to a NAT gateway, leading to another one."""
    for step in path:
        holder = graph.resource(step.address)
        if holder is not None and step.attribute.endswith("nat_gateway_id"):
            if holder.type == ROUTE:
                return edit(holder, f"nat_gateway_id = {nat}")
            return default_route(holder, nat)
    return ""


def endpoints_for(
    services: tuple[str, ...], subnet: Resource, vpc: Resource | None, table: Resource | None
) -> str:
    """VPC endpoints for AWS services: a gateway for S3, one block for those with interfaces."""
    vpc_id = reference(vpc, "id", subnet) if vpc else "VPC_ID"
    region = subnet.value("region")
    prefix = f"com.amazonaws.{region if isinstance(region, Known) else 'REGION'}"
    interfaces = [quoted(each) for each in services if each != "s3"]
    made = arguments(
        vpc_id=vpc_id,
        service_name=f'"{prefix}.${{each.key}}"',
        vpc_endpoint_type=quoted("Interface"),
        subnet_ids=f"[{reference(subnet, 'id', subnet)}]",
        security_group_ids="[aws_security_group.ENDPOINTS.id]",
        private_dns_enabled="true",
    )
    each = f"for_each = toset([{', '.join(interfaces)}])"
    tables = f"[{_table_id(table, subnet) if table else 'aws_route_table.PRIVATE.id'}]"
    s3 = arguments(vpc_id=vpc_id, service_name=quoted(f"{prefix}.s3"), route_table_ids=tables)
    return together(
        new("aws_vpc_endpoint", "tasks", each, "", made) if interfaces else "",
        new("aws_vpc_endpoint", "s3", s3) if "s3" in services else "",
    )


def serving(endpoint: Resource, tables: Iterable[Resource]) -> str:
    """A gateway endpoint that adds its route to these route tables, the main one of a VPC too."""
    named = ", ".join(_table_id(each, endpoint) for each in tables)
    return edit(endpoint, f"route_table_ids = [{named}]")


def _table_id(table: Resource, beside: Resource) -> str:
    attribute = "id" if table.type in ROUTE_TABLES else "main_route_table_id"
    return reference(table, attribute, beside)


def allowed(endpoint: Resource, action: str, arn: str) -> str:
    """An endpoint's policy that lets everybody do one thing."""
    inner = arguments(
        Effect=quoted("Allow"), Principal=quoted("*"), Action=quoted(action), Resource=quoted(arn)
    )
    statement = "\n".join(f"    {line}" for line in inner.splitlines())
    return edit(endpoint, f"policy = jsonencode({{\n  Statement = [{{\n{statement}\n  }}]\n}})")


def permission(near: End, direction: Direction, port: Port, far: End | None = None) -> str:
    """A rule that lets a port through to or from another end, or to or from everywhere.

    Inline in a group that gives its rules so: standalone ones would be overwritten.
    """
    if not near.groups:
        return _standalone("SECURITY_GROUP_ID", None, direction, port, far)
    group = near.groups[0]
    if direction not in group.inline:
        return _standalone(group.reference(group.resource), group.resource, direction, port, far)
    peers = {"cidr_blocks": f"[{_blocks(far)}]"}
    if far and far.groups:
        peers = {"security_groups": f"[{far.groups[0].reference(group.resource)}]"}
    ports = {"from_port": str(port.number), "to_port": str(port.number)}
    body = arguments(protocol=quoted(port.protocol), **ports, **peers)
    return edit(group.resource, block(direction, body))


def _standalone(
    owner: str, beside: Resource | None, direction: Direction, port: Port, far: End | None
) -> str:
    peers = {"cidr_ipv4": _blocks(far)}
    if far and far.groups:
        named = far.groups[0].reference(beside or far.groups[0].resource)
        peers = {"referenced_security_group_id": named}
    body = arguments(
        security_group_id=owner,
        **peers,
        ip_protocol=quoted(port.protocol),
        from_port=str(port.number),
        to_port=str(port.number),
    )
    name = f"{beside.name if beside else 'tasks'}_{port.protocol}_{port.number}"
    return new(f"aws_vpc_security_group_{direction}_rule", name, body)


def _blocks(far: End | None) -> str:
    """The addresses of an end without security groups of its own."""
    if far is None:
        return quoted(EVERYWHERE)
    return quoted(str(far.networks[0])) if far.networks else "BLOCK_OF_ITS_SUBNET"
