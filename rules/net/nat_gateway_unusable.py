"""A NAT gateway must stand in a public subnet, with an Elastic IP of its own.

A NAT gateway in a private subnet is made without complaint, and forwards nothing: its own default
route has to lead to an internet gateway. One whose VPC has no internet gateway yet fails.

## Why
Everything in the private subnets goes out by it. Tasks wait for their image until they time out.

## Fix
```hcl
resource "aws_nat_gateway" "main" {
  subnet_id     = aws_subnet.public[0].id
  allocation_id = aws_eip.nat.id
  depends_on    = [aws_internet_gateway.main]
}
```

## When unknown
The subnet, its route table or the Elastic IP cannot be followed, or is not in the plan: it exists
already, or comes from a local. Give `--source-dir`.

Not judged: private NAT gateways, which lead to other networks by design.

## Source
Amazon VPC User Guide, "NAT gateway basics" and "Troubleshoot NAT gateways" (a NAT gateway whose
creation failed: Gateway.NotAttached, Resource.AlreadyAssociated); provider documentation of
aws_nat_gateway (depends_on the internet gateway, availability_mode).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    SUBNETS,
    Absent,
    Confidence,
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    certainty_of,
    fail,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS206",
    name="nat-gateway-unusable",
    group="NET",
    severity=Severity.CRITICAL,
    title="A NAT gateway can forward",
    types=("aws_nat_gateway",),
)

SUBNET = "subnet_id"
ALLOCATION = "allocation_id"
GATEWAY = "aws_internet_gateway"
NOT_ATTACHED = "Gateway.NotAttached: Network vpc-... has no Internet gateway attached"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per NAT gateway."""
    for nat in platform.graph.of_type("aws_nat_gateway"):
        if not nat.is_deleted:
            yield _judge(nat, platform)


def _judge(nat: Resource, platform: Platform) -> Finding:
    match nat.value("connectivity_type"):
        case Known("private"):
            return not_applicable(nat.address, "a private NAT gateway leads to other networks")
        case Unknown():
            why = f"whether {nat.address} is public is known only after apply"
            return undetermined(nat.address, why, at="connectivity_type")
    is_regional = nat.value("availability_mode") == Known("regional")
    where = _regional(nat, platform) if is_regional else _zonal(nat, platform)
    return where or _waits(nat, platform, "vpc_id" if is_regional else SUBNET)


def _regional(nat: Resource, platform: Platform) -> Finding | None:
    """A finding on a gateway for all zones, None when its VPC has an internet gateway."""
    vpc = platform.graph.resource(platform.network.managed_vpc(nat))
    if platform.network.gateways_of(nat):
        return None
    if vpc is None or not vpc.is_created or platform.network.has_loose_gateways:
        why = f"whether the VPC of {nat.address} has an internet gateway is not in this plan"
        return undetermined(nat.address, why, at="vpc_id")
    return _failed(
        nat,
        f"{nat.address} cannot forward: {vpc.address} has no internet gateway",
        path=(Step(nat.address, "vpc_id"), Step(vpc.address)),
        symptom=NOT_ATTACHED,
        strikes=Phase.APPLY,
        fix=f'resource "{GATEWAY}" "main" {{ vpc_id = {vpc.address}.id }}',
    )


def _zonal(nat: Resource, platform: Platform) -> Finding | None:
    """A finding on the subnet or the address of a gateway in one zone, None when both will do."""
    subnets = platform.graph.resolve(nat, SUBNET, SUBNETS)
    problem, is_certain = platform.network.nat_problem(nat)
    resources = [platform.graph.resource(target.address) for target in subnets.targets]
    path = [Step(nat.address, SUBNET)]
    for subnet in resources[:1]:
        if subnet is not None:
            egress = platform.network.egress(subnet)
            path += [Step(subnet.address), *egress.path]
    if problem and (not is_certain or subnets.is_open):
        return undetermined(nat.address, problem, path=tuple(path))
    if problem:
        return _failed(
            nat,
            f"{problem}: what goes out by it gets no answer",
            path=tuple(path),
            certainty=certainty_of(*subnets.targets),
            cause=path[-1].address,
            symptom="the apply ends green; connections through the NAT gateway time out",
            strikes=Phase.RUNTIME,
            fix=f"{SUBNET} = <a subnet whose route table sends 0.0.0.0/0 to an {GATEWAY}>.id",
        )
    return _address(nat, platform)


def _address(nat: Resource, platform: Platform) -> Finding | None:
    if isinstance(nat.value(ALLOCATION), Absent):
        return _failed(
            nat,
            f"{nat.address} is public and has no Elastic IP",
            path=(Step(nat.address, ALLOCATION, "not set"),),
            symptom="MissingParameter: The request must contain the parameter AllocationId",
            strikes=Phase.APPLY,
            fix=f'{ALLOCATION} = aws_eip.nat.id of a resource "aws_eip" "nat" {{ domain = "vpc" }}',
        )
    addresses = platform.graph.resolve(nat, ALLOCATION, ["aws_eip"])
    for target in addresses.targets:
        rivals = _users(target.address, platform) - {nat.address}
        if rivals and not addresses.is_open and target.confidence is not Confidence.AMBIGUOUS:
            return _failed(
                nat,
                f"{nat.address} and {min(rivals)} both take {target.address}",
                path=(Step(nat.address, ALLOCATION), Step(target.address), Step(min(rivals))),
                certainty=certainty_of(target),
                cause=target.address,
                symptom="Resource.AlreadyAssociated: Elastic IP address ... is already associated",
                strikes=Phase.APPLY,
                fix=f"give {nat.address} an aws_eip of its own: {ALLOCATION} = aws_eip.<own>.id",
            )
    return None


def _users(address: str, platform: Platform) -> set[str]:
    """What takes an Elastic IP for itself, for certain."""
    found = set()
    for user in platform.graph.of_type("aws_nat_gateway", "aws_eip_association"):
        targets = platform.graph.resolve(user, ALLOCATION, ["aws_eip"]).targets
        sure = [target for target in targets if target.confidence is not Confidence.AMBIGUOUS]
        if not user.is_deleted and [target.address for target in sure] == [address]:
            found.add(user.address)
    return found


def _waits(nat: Resource, platform: Platform, at: str) -> Finding:
    """The verdict on a gateway that is right, but may come before its internet gateway."""
    for gateway in platform.network.gateways_of(nat):
        joins = [gateway, *platform.network.attachments_of(gateway)]
        is_new = nat.is_created and all(each.is_created for each in joins)
        if is_new and not any(platform.graph.depends_on(nat.address, j.address) for j in joins):
            return _failed(
                nat,
                f"{nat.address} does not wait for {gateway.address}: whichever Terraform makes "
                "first is chance",
                path=(Step(nat.address, at), Step(gateway.address, "vpc_id", "created as well")),
                cause=gateway.address,
                symptom=NOT_ATTACHED,
                strikes=Phase.APPLY,
                severity=Severity.MEDIUM,
                fix=f"depends_on = [{gateway.config_address}]",
            )
    return passed(nat.address, "it stands where an internet gateway leads out", at=at)


def _failed(nat: Resource, message: str, **details: Any) -> Finding:
    details.setdefault("cause", nat.address)
    return fail(nat.address, message, **details)
