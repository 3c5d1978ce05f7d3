"""A subnet's range must lie in its VPC, meet no other subnet's and stand in a zone of the region.

Ranges are mostly worked out by `cidrsubnet`, so a wrong number moves a subnet out of its VPC or
onto its neighbour. Terraform does not look: AWS refuses the subnet in the middle of the apply.

## Why
What needs the subnet is not made either: half a network stands, and the next apply needs a range
that is free.

## Fix
Give every subnet its own part of the VPC's block, between /16 and /28:

```hcl
resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.here.names[count.index]
}
```

## When unknown
The range comes from an IPAM pool or is known only after apply, or the plan does not hold all
address blocks of the VPC: it exists already, or is only named by its id. Which VPC a subnet stands
in may hang on a local: give `--source-dir`.

Not judged: subnets that stand already, which AWS accepted.

## Source
Amazon VPC User Guide, "Subnet CIDR blocks" (between /28 and /16, inside the VPC's blocks, no
overlap) and "VPC CIDR blocks"; Amazon EC2 API Reference, error codes InvalidSubnet.Range and
InvalidSubnet.Conflict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    LARGEST,
    SMALLEST,
    Absent,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Rule,
    Service,
    Severity,
    Step,
    SubnetRange,
    edit,
    fail,
    network_of,
    not_applicable,
    number_of,
    passed,
    quoted,
    reference,
    replace,
    undetermined,
)

RULE = Rule(
    id="PS209",
    name="subnet-range-illegal",
    group="NET",
    severity=Severity.CRITICAL,
    title="Subnet ranges are legal",
    types=("aws_subnet",),
)

CIDR = "cidr_block"
ZONE = "availability_zone"
RESERVED = 5
"""Addresses of each subnet that AWS keeps."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per subnet."""
    for subnet in platform.ranges.subnets:
        yield replace(_judge(subnet, platform), notes=_notes(subnet, platform))


def _judge(subnet: SubnetRange, platform: Platform) -> Finding:
    resource, address = subnet.resource, subnet.resource.address
    if not resource.is_created:
        return passed(address, "it stands already: AWS accepted its range", at=CIDR)
    zone, region = resource.value(ZONE), resource.value("region")
    is_told = isinstance(zone, Known) and isinstance(region, Known)
    if is_told and not str(zone).startswith(str(region)):
        return _failed(
            subnet,
            f"{address} is to stand in {zone}, which is no zone of {region}",
            path=(Step(address, ZONE, str(zone)),),
            symptom=f"InvalidParameterValue: Value ({zone}) for parameter availabilityZone is "
            "invalid",
            fix=f"Name a zone of {region}.",
            snippet=edit(resource, f"{ZONE} = {quoted(f'{region}a')}"),
        )
    if subnet.network is None:
        if resource.value("ipv6_native") == Known(value=True):
            return not_applicable(address, "an IPv6-only subnet has no IPv4 range")
        is_given = not isinstance(resource.value(CIDR), Absent)
        why = (
            "is known only after apply: write it as a constant"
            if is_given
            else "is picked by AWS, from an IPAM pool"
        )
        return undetermined(address, f"the range of {address} {why}", at=CIDR)
    if not LARGEST <= subnet.network.prefixlen <= SMALLEST:
        return _failed(
            subnet,
            f"{address} asks for {subnet.network}: a subnet is between /16 and /28 in size",
            symptom=f"InvalidSubnet.Range: The CIDR '{subnet.network}' is invalid",
            fix="Ask for a range between /16 and /28.",
            snippet=_moved(subnet, platform),
        )
    return _neighbours(subnet, platform) or _inside(subnet, platform)


def _neighbours(subnet: SubnetRange, platform: Platform) -> Finding | None:
    """The verdict on a range that meets another subnet's, None when it meets none."""
    address = subnet.resource.address
    for other in platform.ranges.overlaps(subnet):
        there = other.resource.address
        path = (Step(address, CIDR, str(subnet.network)), Step(there, CIDR, str(other.network)))
        if not subnet.vpc or not other.vpc:
            why = f"{address} and {there} overlap, and may stand in one VPC"
            return undetermined(address, f"{why}; {platform.graph.advice}", path=path)
        return _failed(
            subnet,
            f"{address} ({subnet.network}) overlaps {there} ({other.network}) in the same VPC",
            path=path,
            symptom=f"InvalidSubnet.Conflict: The CIDR '{subnet.network}' conflicts with another "
            "subnet",
            cause=min(address, there),
            fix=f"Give {address} a range of its own, such as by another number in cidrsubnet(...).",
            snippet=_moved(subnet, platform),
        )
    return None


def _inside(subnet: SubnetRange, platform: Platform) -> Finding:
    address, network = subnet.resource.address, subnet.network
    path = (Step(address, CIDR, str(network)),)
    if not subnet.vpc or network is None:
        return undetermined(address, platform.network.unplaced(subnet.resource), at="vpc_id")
    blocks = platform.ranges.blocks(subnet.vpc)
    here = Step(subnet.vpc, CIDR, ", ".join(map(str, blocks.networks)))
    if any(network.subnet_of(block) for block in blocks.networks):
        return passed(
            address,
            f"{network} lies in its VPC",
            path=(*path, here),
            certainty=subnet.certainty,
        )
    if blocks.why:
        return undetermined(address, blocks.why, path=path)
    return _failed(
        subnet,
        f"{address} asks for {network}, outside of its VPC's {here.note}",
        path=(*path, here),
        symptom=f"InvalidSubnet.Range: The CIDR '{network}' is invalid",
        cause=subnet.vpc,
        fix="Ask for a part of the VPC's block.",
        snippet=_moved(subnet, platform),
    )


def _moved(subnet: SubnetRange, platform: Platform) -> str:
    """Another range: one that is free, or for several subnets of one block by their number."""
    resource, vpc = subnet.resource, platform.graph.resource(subnet.vpc)
    if resource.key is None:
        free = platform.ranges.free(subnet)
        return edit(resource, f"{CIDR} = {quoted(str(free)) if free else 'FREE_RANGE'}")
    block = network_of(vpc.value(CIDR)) if vpc else None
    size = subnet.network.prefixlen if subnet.network else SMALLEST
    bits = max(min(size, SMALLEST) - block.prefixlen, 1) if block else 8
    number = "count.index" if isinstance(resource.key, int) else "index(KEYS, each.key)"
    whole = reference(vpc, CIDR, resource) if vpc else "VPC_CIDR_BLOCK"
    return edit(resource, f"{CIDR} = cidrsubnet({whole}, {bits}, {number})")


def _notes(subnet: SubnetRange, platform: Platform) -> tuple[Note, ...]:
    """A warning when the subnets of its services may run out of addresses at full scale.

    A deployment runs twice the tasks for a while.
    """
    tenants = platform.placements.in_subnet(subnet.resource)
    services = {tenant.service.address: tenant.service for tenant in tenants}
    subnets = {
        each.resource.address: network_of(each.resource.value(CIDR))
        for service in services.values()
        for each in platform.placement(service).subnets
    }
    tasks = sum(_most(service, platform) for service in services.values())
    room = sum(each.num_addresses - RESERVED for each in subnets.values() if each)
    if None in subnets.values() or 2 * tasks <= room:
        return ()
    text = f"{room} addresses are few for the {tasks} tasks that may run in {', '.join(subnets)}: "
    text += f"with a deployment under way it takes {2 * tasks}"
    return (Note(Level.WARNING, text),)


def _most(service: Service, platform: Platform) -> int:
    """The tasks a service may come to, as far as the plan tells."""
    tops = [each.resource.value("max_capacity") for each in platform.scaling.targets_of(service)]
    counts = [number_of(each) for each in (*tops, service.resource.value("desired_count"))]
    return int(max((each for each in counts if each is not None), default=0))


def _failed(subnet: SubnetRange, message: str, **details: Any) -> Finding:
    address = subnet.resource.address
    details.setdefault("path", (Step(address, CIDR, str(subnet.network)),))
    details.setdefault("cause", address)
    return fail(address, message, strikes=Phase.APPLY, certainty=subnet.certainty, **details)
