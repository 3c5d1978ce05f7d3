"""Tasks belong in private subnets, without public addresses.

A subnet is public when its route table sends 0.0.0.0/0 to an internet gateway, whatever its name
says. A task there with a public address can be reached from the internet as far as its security
groups let it.

## Why
Only the load balancer has to be reachable. A task with a public address is one security group
rule away from being open to the world.

## Fix
Name the private subnets in `network_configuration` and set `assign_public_ip = false`.

## When unknown
A subnet, its route table or what its default route leads to is not in the plan: an existing VPC, a
remote state, or a local. Give `--source-dir`.

## Source
Amazon ECS Developer Guide, "Fargate task networking"; Amazon VPC User Guide, "Subnet routing".
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Exit,
    Finding,
    Known,
    Opinion,
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
    if isinstance(public_ip, Known) and public_ip.value is True:
        return fail(
            service.address,
            "its tasks get public addresses: assign_public_ip is true",
            path=(Step(service.address, PUBLIC_IP, "true"),),
            strikes=Phase.RUNTIME,
            fix="set assign_public_ip = false and run in private subnets with a NAT gateway",
        )
    opinion, certainty = placement.agree(_opinion)
    match opinion.verdict:
        case Verdict.FAIL:
            return fail(
                service.address,
                opinion.message,
                path=opinion.path,
                certainty=certainty,
                strikes=Phase.RUNTIME,
                cause=opinion.path[-1].address,
                fix="name private subnets, whose default route leads to a NAT gateway, in "
                "network_configuration.subnets",
            )
        case Verdict.UNKNOWN:
            return undetermined(service.address, opinion.message, path=opinion.path, at=SUBNETS)
    if isinstance(public_ip, Unknown):
        why = f"{PUBLIC_IP} is known only after apply"
        return undetermined(service.address, why, at=PUBLIC_IP)
    return passed(service.address, opinion.message, path=opinion.path, certainty=certainty)


def _opinion(subnet: PlacedSubnet) -> Opinion:
    match subnet.egress.exit:
        case Exit.INTERNET_GATEWAY:
            message = f"its tasks run in {subnet.resource.address}, which is public: its default "
            return Opinion(
                Verdict.FAIL, message + "route leads to an internet gateway", subnet.path
            )
        case Exit.UNKNOWN:
            return Opinion(Verdict.UNKNOWN, subnet.egress.why, subnet.path)
    return Opinion(Verdict.PASS, "its tasks run in private subnets", subnet.path)
