"""A task must be able to reach its registry, its log group and its secrets.

Before a container starts, Fargate pulls the image and opens the log stream from the task's own
network interface. Without a way out of the subnet nothing answers, and the task stops.

## Why
A subnet leads out by a NAT gateway, or by an internet gateway for tasks with a public address
(only `assign_public_ip` gives Fargate one, `map_public_ip_on_launch` does not), or by VPC
endpoints for every service the task needs: `ecr.api`, `ecr.dkr`, `s3`, `logs` for awslogs, and
`secretsmanager`, `ssm` or `ssmmessages` for secrets and `enable_execute_command`.

## Fix
Give the subnet's route table a default route to a NAT gateway in a public subnet of the same
zone, or the VPC the endpoints that the finding names.

## When unknown
A subnet, a route table or the target of a default route is not in the plan, or the way out is a
transit gateway, a peering connection or an appliance. Give `--source-dir`, or confirm the way.
Subnets without IPv4 are not judged.

## Source
Amazon ECS Developer Guide, "CannotPullContainer task errors" and "Amazon ECS interface VPC
endpoints"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints".
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
    is_fargate,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS201",
    name="task-without-egress-path",
    group="NET",
    severity=Severity.CRITICAL,
    title="A task can reach its registry, logs and secrets",
    types=("aws_ecs_service",),
)

SUBNETS = "network_configuration[0].subnets"
PUBLIC_IP = "network_configuration[0].assign_public_ip"
KINDS = ("launch_type", "capacity_provider_strategy")
SYMPTOM = (
    "ResourceInitializationError: unable to pull secrets or registry auth: ... RequestError ...; "
    "CannotPullContainerError: ... net/http: request canceled while waiting for connection"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    placement = platform.placement(service)
    if not placement.is_given:
        return not_applicable(service.address, "no network configuration: not in awsvpc mode")
    fargate = is_fargate(service, platform.graph)
    if fargate is None:
        why = "whether it runs on Fargate is known only after apply"
        at = next((kind for kind in KINDS if service.resource.is_written(kind)), "cluster")
        return undetermined(service.address, why, at=at)
    if not fargate:
        return not_applicable(service.address, "on EC2 the instance pulls the image, not the task")
    opinion, certainty = placement.agree(lambda subnet: _opinion(subnet, service, platform))
    match opinion.verdict:
        case Verdict.FAIL:
            return fail(
                service.address,
                opinion.message,
                path=opinion.path,
                at=opinion.at or SUBNETS,
                certainty=certainty,
                symptom=SYMPTOM,
                strikes=Phase.TASK_START,
                cause=opinion.path[-1].address,
                fix="route 0.0.0.0/0 of the subnet's route table to a NAT gateway in a public "
                "subnet, or add the VPC endpoints the tasks need",
            )
        case Verdict.UNKNOWN:
            at = opinion.at or SUBNETS
            return undetermined(service.address, opinion.message, path=opinion.path, at=at)
    return passed(service.address, opinion.message, path=opinion.path, certainty=certainty)


def _opinion(subnet: PlacedSubnet, service: Service, platform: Platform) -> Opinion:
    match subnet.egress.exit:
        case Exit.INTERNET_GATEWAY:
            return _by_internet_gateway(subnet, service)
        case Exit.NAT:
            return _by_nat(subnet, platform)
        case Exit.NONE:
            return _by_endpoints(subnet, service, platform)
        case Exit.OTHER:
            why = f"{subnet.resource.address} leads out through another network: confirm that way"
            return Opinion(Verdict.UNKNOWN, why, subnet.path)
    return Opinion(Verdict.UNKNOWN, subnet.egress.why, subnet.path)


def _by_internet_gateway(subnet: PlacedSubnet, service: Service) -> Opinion:
    match service.resource.value(PUBLIC_IP):
        case Known(True):
            return Opinion(Verdict.PASS, "out by the internet gateway", subnet.path)
        case Unknown():
            why = f"{service.address}.{PUBLIC_IP} is known only after apply"
            return Opinion(Verdict.UNKNOWN, why, subnet.path, PUBLIC_IP)
    return Opinion(
        Verdict.FAIL,
        f"its tasks run in {subnet.resource.address}, whose way out is an internet gateway, "
        "without a public address: assign_public_ip is not true",
        (*subnet.path, Step(service.address, PUBLIC_IP, "not true")),
        PUBLIC_IP,
    )


def _by_nat(subnet: PlacedSubnet, platform: Platform) -> Opinion:
    for target in subnet.egress.nats:
        nat = platform.graph.resource(target.address)
        if nat is None or nat.mode == "data":
            continue
        problem, is_certain = platform.network.nat_problem(nat)
        if problem:
            is_certain = is_certain and len(subnet.egress.nats) == 1
            verdict = Verdict.FAIL if is_certain else Verdict.UNKNOWN
            return Opinion(verdict, problem, (*subnet.path, Step(nat.address, "subnet_id")))
    return Opinion(Verdict.PASS, "out by a NAT gateway", subnet.path)


def _by_endpoints(subnet: PlacedSubnet, service: Service, platform: Platform) -> Opinion:
    lack = platform.endpoint_gaps(service, subnet)
    if lack.verdict is not Verdict.FAIL:
        return Opinion(lack.verdict, lack.message, subnet.path)
    return Opinion(
        Verdict.FAIL,
        f"its tasks run in {subnet.resource.address}, which has no way out: no default route, "
        f"and {lack.message}",
        subnet.path,
    )
