"""Each zone's tasks go out by a NAT gateway of the same zone.

## Why
A shared NAT gateway takes every zone's way out with it when its own zone fails, and traffic to
another zone's gateway is charged.

## Fix
One `aws_nat_gateway` in a public subnet of each zone, and a private route table per zone that
leads to it; or one regional NAT gateway (`availability_mode = "regional"`). Where one gateway is
enough, as for development, waive this rule.

## When unknown
The zone of a subnet or the NAT gateway a route leads to is known only after apply.

## Source
Amazon VPC User Guide, "NAT gateways"; provider documentation of aws_nat_gateway,
availability_mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyscan.rule import (
    ABSENT,
    Exit,
    Finding,
    Index,
    Known,
    Parameters,
    Phase,
    PlacedSubnet,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Value,
    arguments,
    block,
    fail,
    is_ipv6_only,
    is_zone_id,
    new,
    not_applicable,
    passed,
    quoted,
    reference,
    together,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS902",
    name="nat-not-per-az",
    group="HA",
    severity=Severity.MEDIUM,
    title="Tasks go out by a NAT gateway of their own zone",
    types=("aws_vpc",),
)

BLOCK = "cidr_block"
ANYWHERE = Known("every zone")


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per VPC of the plan."""
    # Of what several services say of a subnet, that tasks run there for certain counts.
    tenants = sorted(platform.placements.tenants, key=lambda tenant: tenant.subnet.is_sure)
    placed = {subnet.resource.address: subnet for _, subnet in tenants}
    vpcs_of = platform.network.vpcs_of
    by_vpc = Index(
        (subnet, (target.address for target in vpcs_of(subnet.resource)))
        for _, subnet in sorted(placed.items())
    )
    missing = {is_new: next(_missing(platform, is_new), "") for is_new in (True, False)}
    for vpc in platform.graph.of_type("aws_vpc", "aws_default_vpc"):
        if not vpc.is_deleted:
            yield _judge(vpc, by_vpc.of(vpc.address), missing[vpc.is_created], platform)


def _missing(platform: Platform, is_new: bool) -> Iterator[str]:  # noqa: FBT001 - a kind of VPC
    """Subnets of tasks that are not told, and may stand in a new VPC, or in one that is there."""
    # A subnet that exists but is not in this plan stands in no VPC that this plan makes.
    for service in platform.services:
        if service.subnets.is_open or not is_new:
            yield from platform.placement(service).missing


def _judge(
    vpc: Resource, subnets: Iterable[PlacedSubnet], missing: str, platform: Platform
) -> Finding:
    """The verdict on a VPC; `missing` are subnets of tasks that may be in it as well."""
    findings = [finding for each in subnets if (finding := _judge_subnet(vpc, each, platform))]
    if missing:
        findings.append(undetermined(vpc.address, missing, at=BLOCK))
    if not findings:
        return not_applicable(vpc.address, "no task of this VPC goes out by a NAT gateway")
    return worst(findings)


def _judge_subnet(vpc: Resource, subnet: PlacedSubnet, platform: Platform) -> Finding | None:
    """The verdict on one subnet, None when it does not go out by a NAT gateway."""
    egress, here = subnet.egress, subnet.resource.address
    if is_ipv6_only(subnet.resource):
        return None
    if egress.exit is Exit.UNKNOWN:
        return undetermined(vpc.address, egress.why, path=subnet.path, at=BLOCK)
    if egress.exit is not Exit.NAT:
        return None
    nats = [platform.graph.resource_of(each) for each in egress.nats]
    zone = platform.network.zone(subnet.resource)
    zones = [_zone(nat, platform) for nat in nats]
    own = (ANYWHERE, zone) if isinstance(zone, Known) else (ANYWHERE,)
    if zones and all(each in own for each in zones):
        message = "every zone has its own way out"
        return passed(vpc.address, message, path=subnet.path, certainty=subnet.certainty)
    if not nats:
        why = f"the NAT gateway {here} goes out by is not in this plan: look it up"
    elif not isinstance(zone, Known) or not all(isinstance(each, Known) for each in zones):
        why = f"the zone of {here} or of its NAT gateway is known only after apply: write it down"
    elif len({is_zone_id(str(each)) for each in (zone, *zones)}) > 1:
        why = f"one of {here} and its NAT gateway tells its zone by name, the other by id: "
        why += "tell all the same way"
    elif len({str(each) for each in zones}) > 1:
        why = f"which NAT gateway {here} goes out by is not in the plan; {platform.graph.advice}"
    elif not subnet.is_sure:
        why = f"whether tasks run in {here} is not in the plan; {platform.graph.advice}"
    else:
        return fail(
            vpc.address,
            f"tasks in {here} ({zone}) go out by {nats[0].address} in {zones[0]}",
            path=(*subnet.path, Step(nats[0].address, "subnet_id", str(zones[0]))),
            certainty=subnet.certainty,
            symptom="the apply ends green; when that zone fails, these tasks lose their way out",
            strikes=Phase.RUNTIME,
            cause=nats[0].address,
            **_mended(vpc, subnet.resource, zone, platform),
        )
    return undetermined(vpc.address, why, path=subnet.path, at=BLOCK)


def _mended(vpc: Resource, subnet: Resource, zone: Value, platform: Platform) -> dict[str, str]:
    """A way out of its own zone for a subnet: by a NAT gateway there is, else by a new one."""
    name = str(zone).replace("-", "_")
    network = platform.network
    spare = [
        nat
        for nat in network.nats_in(vpc.address)
        if not network.nat_problem(nat)[0]
        and vpc.address in map(network.managed_vpc, network.subnets_of(nat))
        and _zone(nat, platform) == zone
    ]
    made, gateway = "", f"aws_nat_gateway.{name}.id"
    fix = f"Add a NAT gateway in a public subnet of {zone}, and lead {subnet.address} to it"
    if spare:
        gateway = reference(spare[0], "id", subnet)
        fix = f"Lead {subnet.address} to {spare[0].address}, which stands in {zone}"
    else:
        subnets = {"subnet_id": f"aws_subnet.PUBLIC_{name.upper()}.id"}
        made = new("aws_nat_gateway", name, arguments(**subnets, allocation_id="aws_eip.NAT.id"))
    route = arguments(cidr_block=quoted("0.0.0.0/0"), nat_gateway_id=gateway)
    table = f"vpc_id = {reference(vpc, 'id', subnet)}"
    join = arguments(
        subnet_id=reference(subnet, "id", subnet), route_table_id=f"aws_route_table.{name}.id"
    )
    snippet = together(
        made,
        new("aws_route_table", name, table, "", block("route", route)),
        new("aws_route_table_association", name, join),
    )
    return {"fix": f"{fix}, by a route table in the place of the one it has.", "snippet": snippet}


def _zone(nat: Resource, platform: Platform) -> Value:
    """The zone a NAT gateway stands in; a regional one stands in all."""
    if nat.value("availability_mode") == Known("regional"):
        return ANYWHERE
    zones = [platform.network.zone(each) for each in platform.network.subnets_of(nat)]
    return zones[0] if len(zones) == 1 else ABSENT
