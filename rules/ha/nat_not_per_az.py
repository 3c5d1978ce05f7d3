"""Each zone's tasks go out by a NAT gateway of the same zone.

## Why
A shared NAT gateway takes every zone's way out with it when its own zone fails, and traffic to
another zone's gateway is charged.

## Fix
One `aws_nat_gateway` in a public subnet of each zone, and a private route table per zone that
leads to it; or one regional NAT gateway (`availability_mode = "regional"`).

## When unknown
The zone of a subnet or the NAT gateway a route leads to is known only after apply.

## Source
Amazon VPC User Guide, "NAT gateways"; provider documentation of aws_nat_gateway,
availability_mode.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Exit,
    Finding,
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
    fail,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS902",
    name="nat-not-per-az",
    group="HA",
    severity=Severity.MEDIUM,
    title="Tasks go out by a NAT gateway of their own zone",
    types=("aws_vpc",),
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per VPC of the plan."""
    placed = {
        subnet.resource.address: subnet
        for service in platform.services
        for subnet in platform.placement(service).subnets
    }
    for vpc in platform.graph.of_type("aws_vpc", "aws_default_vpc"):
        if not vpc.is_deleted:
            mine = [
                subnet
                for _, subnet in sorted(placed.items())
                if vpc.address in {t.address for t in platform.network.vpcs_of(subnet.resource)}
            ]
            yield _judge(vpc, mine, platform)


def _judge(vpc: Resource, subnets: list[PlacedSubnet], platform: Platform) -> Finding:
    routed = [subnet for subnet in subnets if subnet.egress.exit is Exit.NAT]
    unknown = [subnet for subnet in subnets if subnet.egress.exit is Exit.UNKNOWN]
    if unknown:
        return undetermined(vpc.address, unknown[0].egress.why, path=unknown[0].path)
    if not routed:
        return not_applicable(vpc.address, "no task of this VPC goes out by a NAT gateway")
    for subnet in routed:
        zone = platform.network.zone(subnet.resource)
        gateways = [platform.graph.resource(target.address) for target in subnet.egress.nats]
        if not gateways:
            return undetermined(vpc.address, "a NAT gateway is not in this plan", path=subnet.path)
        zones = [_zone(nat, platform) for nat in gateways if nat is not None]
        if any(one == Known("every zone") for one in zones):
            continue
        if not isinstance(zone, Known) or not all(isinstance(one, Known) for one in zones):
            why = f"the zone of {subnet.resource.address} or its NAT gateway is not known"
            return undetermined(vpc.address, why, path=subnet.path)
        if len({str(one) for one in zones}) > 1:
            why = f"which NAT gateway {subnet.resource.address} goes out by is not known"
            return undetermined(vpc.address, f"{why}; give --source-dir", path=subnet.path)
        if str(zones[0]) != str(zone):
            return fail(
                vpc.address,
                f"tasks in {subnet.resource.address} ({zone}) go out by "
                f"{subnet.egress.nats[0].address} in {zones[0]}",
                path=(
                    *subnet.path,
                    Step(subnet.egress.nats[0].address, "subnet_id", str(zones[0])),
                ),
                certainty=subnet.certainty,
                strikes=Phase.RUNTIME,
                fix=f"add a NAT gateway in {zone} and route {subnet.resource.address} to it",
            )
    return passed(vpc.address, "every zone has its own way out", path=routed[0].path)


def _zone(nat: Resource, platform: Platform) -> Value:
    """The zone a NAT gateway stands in; a regional one stands in all."""
    if nat.value("availability_mode") == Known("regional"):
        return Known("every zone")
    targets = platform.graph.resolve(nat, "subnet_id", ["aws_subnet"]).targets
    subnet = platform.graph.resource(targets[0].address) if len(targets) == 1 else None
    return nat.value("availability_zone") if subnet is None else platform.network.zone(subnet)
