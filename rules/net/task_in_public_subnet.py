"""Tasks belong in private subnets, without public addresses.

A subnet is public when its route table sends 0.0.0.0/0 to an internet gateway, whatever its name
says. A task there with a public address can be reached from the internet as far as its security
groups let it.

## Why
Only the load balancer has to be reachable. A task with a public address is one security group
rule away from being open to the world.

## Fix
```hcl
resource "aws_ecs_service" "app" {
  network_configuration {
    subnets          = aws_subnet.private[*].id
    assign_public_ip = false
  }
  # ...
}
```

Where public subnets are meant, to save the NAT gateway, waive this rule for the service.

## When unknown
A subnet, its route table or what its default route leads to is not in the plan: an existing VPC, a
remote state, or a local. Give `--source-dir`.

## Source
Amazon ECS Developer Guide, "Fargate task networking"; Amazon VPC User Guide, "Subnet routing".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    IPV6,
    Agrees,
    Exit,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    PlacedSubnet,
    Platform,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    Verdict,
    fail,
    in_private_subnets,
    is_ipv6_only,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS204",
    name="task-in-public-subnet",
    group="NET",
    severity=Severity.HIGH,
    title="Tasks run in private subnets without public addresses",
    types=("aws_ecs_service",),
    checkov=(Agrees("CKV_AWS_333", "tasks without public addresses"),),
)

SUBNETS = "network_configuration[0].subnets"
PUBLIC_IP = "network_configuration[0].assign_public_ip"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    placement = platform.placement(service)
    if not placement.is_given:
        return not_applicable(service.address, "no network configuration: not in awsvpc mode")
    public_ip = service.resource.value(PUBLIC_IP)
    if public_ip == Known(value=True):
        return _failed(
            service,
            "its tasks get public addresses: assign_public_ip is true",
            path=(Step(service.address, PUBLIC_IP, "true"),),
            fix="Set assign_public_ip = false, and let the tasks run in private subnets, whose "
            "default route leads to a NAT gateway.",
        )
    finding = placement.agree(
        service.address, lambda subnet: _judge_subnet(subnet, service, platform)
    )
    if finding.verdict is Verdict.PASS and isinstance(public_ip, Unknown):
        why = f"{service.address}.{PUBLIC_IP} is known only after apply: write it down"
        return undetermined(service.address, why, at=PUBLIC_IP)
    return finding


def _judge_subnet(subnet: PlacedSubnet, service: Service, platform: Platform) -> Finding:
    here, egress, path = subnet.resource.address, subnet.egress, subnet.path
    six = platform.network.egress(subnet.resource, IPV6)
    if is_ipv6_only(subnet.resource):
        egress, path = six, (*subnet.path, *six.path)
    match egress.exit:
        case Exit.INTERNET_GATEWAY:
            return _failed(
                service,
                f"its tasks run in {here}, which is public: its default route leads to an "
                "internet gateway",
                path=path,
                cause=here,
                fix="Let the tasks run in private subnets, whose default route leads to a NAT "
                "gateway.",
            )
        case Exit.UNKNOWN:
            return undetermined(service.address, egress.why, path=path, at=SUBNETS)
    notes: tuple[Note, ...] = ()
    if six.exit is Exit.INTERNET_GATEWAY:
        text = f"{here} leads ::/0 to an internet gateway: with IPv6 addresses tasks are public"
        notes = (Note(Level.WARNING, text),)
    return passed(service.address, "its tasks run in private subnets", path=path, notes=notes)


def _failed(service: Service, message: str, **details: Any) -> Finding:
    return fail(
        service.address,
        message,
        symptom="the apply ends green; the internet reaches the tasks wherever a security group "
        "lets it",
        strikes=Phase.RUNTIME,
        snippet=in_private_subnets(service.resource),
        **details,
    )
