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
    Finding,
    Index,
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
    edit,
    fail,
    new,
    not_applicable,
    passed,
    quoted,
    reference,
    together,
    undetermined,
    wait_for,
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
TAKERS = ("aws_nat_gateway", "aws_eip_association", "aws_lb", "aws_alb")
"""What takes an Elastic IP that it names."""
NOT_ATTACHED = "Gateway.NotAttached: Network vpc-... has no Internet gateway attached"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per NAT gateway."""
    takers = _takers(platform)
    for nat in platform.graph.of_type("aws_nat_gateway"):
        if not nat.is_deleted:
            yield _judge(nat, takers, platform)


def _judge(nat: Resource, takers: Index[Resource], platform: Platform) -> Finding:
    match nat.value("connectivity_type"):
        case Known("private"):
            return not_applicable(nat.address, "a private NAT gateway leads to other networks")
        case Unknown():
            why = (
                f"{nat.address}.connectivity_type is known only after apply: write it as a constant"
            )
            return undetermined(nat.address, why, at="connectivity_type")
    is_regional = nat.value("availability_mode") == Known("regional")
    where = _regional(nat, platform) if is_regional else _zonal(nat, takers, platform)
    return where or _waits(nat, platform, "vpc_id" if is_regional else SUBNET)


def _regional(nat: Resource, platform: Platform) -> Finding | None:
    """A finding on a gateway for all zones, None when its VPC has an internet gateway."""
    vpc = platform.graph.resource(platform.network.managed_vpc(nat))
    if platform.network.gateways_of(nat):
        return None
    if vpc is None or not vpc.is_created or platform.network.has_loose_gateways:
        why = f"whether the VPC of {nat.address} has an internet gateway is not in this plan"
        return undetermined(nat.address, f"{why}: look it up", at="vpc_id")
    return _failed(
        nat,
        f"{nat.address} cannot forward: {vpc.address} has no internet gateway",
        path=(Step(nat.address, "vpc_id"), Step(vpc.address)),
        symptom=NOT_ATTACHED,
        strikes=Phase.APPLY,
        cause=vpc.address,
        fix=f"Attach an internet gateway to {vpc.address}.",
        snippet=new(GATEWAY, vpc.name, f"vpc_id = {reference(vpc, 'id', vpc)}"),
    )


def _zonal(nat: Resource, takers: Index[Resource], platform: Platform) -> Finding | None:
    """A finding on the subnet or the address of a gateway in one zone, None when both will do."""
    subnets = platform.graph.resolve(nat, SUBNET, SUBNETS)
    problem, is_certain = platform.network.nat_problem(nat)
    path = [Step(nat.address, SUBNET)]
    for subnet in map(platform.graph.resource_of, subnets.targets[:1]):
        path += [Step(subnet.address), *platform.network.egress(subnet).path]
    if problem and (not is_certain or subnets.is_open):
        return undetermined(nat.address, problem, path=tuple(path))
    if problem:
        return _failed(
            nat,
            f"{problem}: what goes out by it gets no answer",
            path=tuple(path),
            certainty=certainty_of(*subnets.targets),
            symptom="the apply ends green; connections through the NAT gateway time out",
            strikes=Phase.RUNTIME,
            fix=f"Let {nat.address} stand in a public subnet: one whose default route leads to an "
            "internet gateway.",
            snippet=edit(nat, f"{SUBNET} = aws_subnet.PUBLIC_A.id"),
        )
    return _address(nat, takers, platform)


def _address(nat: Resource, takers: Index[Resource], platform: Platform) -> Finding | None:
    if isinstance(nat.value(ALLOCATION), Absent):
        return _failed(
            nat,
            f"{nat.address} is public and has no Elastic IP",
            path=(Step(nat.address, ALLOCATION, "not set"),),
            symptom="MissingParameter: The request must contain the parameter AllocationId",
            strikes=Phase.APPLY,
            fix="Give it an Elastic IP.",
            snippet=_own_address(nat, platform),
        )
    addresses = platform.graph.resolve(nat, ALLOCATION, ["aws_eip"])
    for target in addresses.targets:
        eip = platform.graph.resource_of(target)
        rivals = {each.address for each in takers.of(eip.address)} | _holders(eip, platform)
        rivals -= {nat.address}
        if rivals and not addresses.is_open and target.is_sure:
            rival = min(rivals)
            return _failed(
                nat,
                f"{nat.address} and {rival} both take {target.address}",
                path=(Step(nat.address, ALLOCATION), Step(target.address), Step(rival)),
                certainty=certainty_of(target),
                cause=target.address,
                symptom="Resource.AlreadyAssociated: Elastic IP address ... is already associated",
                strikes=Phase.APPLY,
                fix=f"Give {nat.address} an Elastic IP of its own.",
                snippet=_own_address(nat, platform),
            )
    return None


def _own_address(nat: Resource, platform: Platform) -> str:
    """An Elastic IP for each instance of a NAT gateway."""
    name = f"{nat.name}_own"
    keys = [each.key for each in platform.graph.siblings(nat)]
    lines, index = [], ""
    if isinstance(nat.key, int):
        lines, index = [f"count = {len(keys)}", ""], "[count.index]"
    elif nat.key is not None:
        listed = ", ".join(quoted(str(key)) for key in keys)
        lines, index = [f"for_each = toset([{listed}])", ""], "[each.key]"
    eip = new("aws_eip", name, *lines, 'domain = "vpc"')
    return together(eip, edit(nat, f"{ALLOCATION} = aws_eip.{name}{index}.id"))


def _takers(platform: Platform) -> Index[Resource]:
    """What takes Elastic IPs for itself, by those it takes for certain."""
    return Index(
        (user, (address for path in _places(user) for address in _only_end(user, path, platform)))
        for user in platform.graph.of_type(*TAKERS)
        if not user.is_deleted
    )


def _only_end(user: Resource, path: str, platform: Platform) -> tuple[str, ...]:
    """The Elastic IP that an argument names, none where it may be one of several."""
    ends = platform.graph.resolve(user, path, ["aws_eip"]).targets
    return (ends[0].address,) if len(ends) == 1 else ()


def _holders(eip: Resource, platform: Platform) -> set[str]:
    """What an Elastic IP itself says it is for."""
    return {
        target.address
        for name in ("instance", "network_interface")
        for target in platform.graph.resolve(eip, name).targets
    }


def _places(user: Resource) -> list[str]:
    """Where a resource may name Elastic IPs: a network load balancer does so for each subnet."""
    mappings = range(len(user.elements("subnet_mapping")))
    return [ALLOCATION, *(f"subnet_mapping[{index}].{ALLOCATION}" for index in mappings)]


def _waits(nat: Resource, platform: Platform, at: str) -> Finding:
    """The verdict on a gateway that is right, but may come before its internet gateway."""
    for gateway in platform.network.gateways_of(nat):
        # Where an attachment joins the gateway to the VPC, that is what has to come first.
        joins = [gateway, *platform.network.attachments_of(gateway)]
        is_new = nat.is_created and joins[-1].is_created
        if is_new and not platform.graph.depends_on(nat.address, joins[-1].address):
            wait = wait_for(platform.graph, nat, joins[-1])
            return _failed(
                nat,
                f"{nat.address} does not wait for {joins[-1].address}: whichever Terraform makes "
                "first is chance",
                path=(Step(nat.address, at), Step(joins[-1].address, "vpc_id", "created as well")),
                cause=joins[-1].address,
                symptom=NOT_ATTACHED,
                strikes=Phase.APPLY,
                severity=Severity.MEDIUM,
                fix=f"{wait.fix[0].upper()}{wait.fix[1:]}.",
                snippet=wait.snippet,
            )
    return passed(nat.address, "it stands where an internet gateway leads out", at=at)


def _failed(nat: Resource, message: str, **details: Any) -> Finding:
    details.setdefault("cause", nat.address)
    return fail(nat.address, message, **details)
