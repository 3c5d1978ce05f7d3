"""A task must be able to reach its registry, its log group and its secrets.

Before a container starts, Fargate pulls the image and opens the log stream from the task's own
network interface. Without a way out of the subnet nothing answers, and the task stops.

## Why
A subnet leads out by a NAT gateway, or by an internet gateway for tasks with a public address
(only `assign_public_ip` gives Fargate one, `map_public_ip_on_launch` does not), or by VPC
endpoints for every service the task needs: `ecr.api` (from platform 1.4.0 on), `ecr.dkr`, `s3`,
`logs` for awslogs, `secretsmanager` or `ssm` for secrets, and `ssmmessages` for
`enable_execute_command`, with `kms` when the cluster names a key for it.

In a subnet with IPv6 alone, only ECR's dual-stack host answers, and no VPC endpoint leads to that:
`<account>.dkr-ecr.<region>.on.aws`.

## Fix
Give the subnet's route table a default route to a NAT gateway in a public subnet of the same
zone, or the VPC the endpoints that the finding names.

```hcl
resource "aws_route" "private_out" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}
```

## When unknown
A subnet, a route table or the target of a default route is not in the plan, or the way out is a
transit gateway, a peering connection or an appliance. Give `--source-dir`, or confirm the way.
In a subnet with IPv6 alone: an image is known only after apply, or lives outside of ECR.

## Source
Amazon ECS Developer Guide, "CannotPullContainer task errors" and "Amazon ECS interface VPC
endpoints"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints" and "Making requests to
Amazon ECR registries".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    IPV6,
    Exit,
    Finding,
    Image,
    ImageError,
    Known,
    Parameters,
    Phase,
    PlacedSubnet,
    Platform,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    Verdict,
    arguments,
    default_route,
    edit,
    endpoints_for,
    fail,
    in_private_subnets,
    is_fargate,
    is_ipv6_only,
    new,
    not_applicable,
    parse_image,
    passed,
    quoted,
    reference,
    replace,
    rerouted,
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
BROKEN = "its tasks cannot start"
COMMANDS = frozenset({"ssmmessages", "kms"})
"""What a command run inside a task takes, and no start."""
PUBLIC_SUBNET = "aws_subnet.PUBLIC_A.id"
PRIVATE_TABLE = "aws_route_table.PRIVATE.id"


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
        why = "whether it runs on Fargate is known only after apply: write launch_type down"
        at = next((kind for kind in KINDS if service.resource.is_written(kind)), "cluster")
        return undetermined(service.address, why, at=at)
    if not fargate:
        return not_applicable(service.address, "on EC2 the instance pulls the image, not the task")
    return placement.agree(service.address, lambda each: _judge_subnet(each, service, platform))


def _judge_subnet(subnet: PlacedSubnet, service: Service, platform: Platform) -> Finding:
    if is_ipv6_only(subnet.resource):
        return _by_ipv6(subnet, service, platform)
    match subnet.egress.exit:
        case Exit.INTERNET_GATEWAY:
            return _by_internet_gateway(subnet, service)
        case Exit.NAT:
            return _by_nat(subnet, service, platform)
        case Exit.NONE:
            return _by_endpoints(subnet, service, platform)
        case Exit.OTHER:
            return _elsewhere(subnet, service)
    why = subnet.egress.why
    return undetermined(service.address, why, path=subnet.path, at=SUBNETS)


def _elsewhere(subnet: PlacedSubnet, service: Service) -> Finding:
    why = f"{subnet.resource.address} leads out through another network: make sure of that way"
    return undetermined(service.address, why, path=subnet.path, at=SUBNETS)


def _by_internet_gateway(subnet: PlacedSubnet, service: Service) -> Finding:
    match service.resource.value(PUBLIC_IP):
        case Known(True):
            return passed(service.address, "out by the internet gateway", path=subnet.path)
        case Unknown():
            why = f"{service.address}.{PUBLIC_IP} is known only after apply: write it down"
            return undetermined(service.address, why, path=subnet.path, at=PUBLIC_IP)
    return _failed(
        service,
        f"they run in {subnet.resource.address}, whose way out is an internet gateway, "
        "without a public address: assign_public_ip is not true",
        path=(*subnet.path, Step(service.address, PUBLIC_IP, "not true")),
        at=PUBLIC_IP,
        cause=subnet.resource.address,
        fix="Run them in private subnets, whose default route leads to a NAT gateway. With "
        "assign_public_ip = true they start too, in reach of the internet.",
        snippet=in_private_subnets(service.resource),
    )


def _by_nat(subnet: PlacedSubnet, service: Service, platform: Platform) -> Finding:
    for target in subnet.egress.nats:
        nat = platform.graph.resource_of(target)
        if nat.mode == "data":
            continue
        problem, is_certain = platform.network.nat_problem(nat)
        path = (*subnet.path, Step(nat.address, "subnet_id"))
        if problem and is_certain and len(subnet.egress.nats) == 1:
            fix, snippet = _mended(nat, subnet, platform)
            return _failed(service, problem, path=path, cause=nat.address, fix=fix, snippet=snippet)
        if problem and is_certain:
            problem = f"{problem}, and whether it is used is not in the plan"
            problem = f"{problem}; {platform.graph.advice}"
        if problem:
            return undetermined(service.address, problem, path=path, at=SUBNETS)
    return passed(service.address, "out by a NAT gateway", path=subnet.path)


def _mended(nat: Resource, subnet: PlacedSubnet, platform: Platform) -> tuple[str, str]:
    """What makes a NAT gateway lead out, in words and as HCL."""
    if nat.is_deleted:
        fix = f"Let {subnet.resource.address} lead to a NAT gateway that stays."
        return fix, rerouted(platform.graph, subnet.egress.path, "aws_nat_gateway.PUBLIC_A.id")
    if nat.value("connectivity_type") == Known("private"):
        public = arguments(
            connectivity_type=quoted("public"),
            allocation_id="aws_eip.NAT.id",
            subnet_id=PUBLIC_SUBNET,
        )
        return f"Make {nat.address} public, with an Elastic IP.", edit(nat, public)
    return f"Move {nat.address} to a public subnet.", edit(nat, f"subnet_id = {PUBLIC_SUBNET}")


def _by_endpoints(subnet: PlacedSubnet, service: Service, platform: Platform) -> Finding:
    gap = platform.endpoint_gaps(service, subnet)
    if gap.verdict is Verdict.UNKNOWN:
        return undetermined(service.address, gap.message, path=subnet.path, at=SUBNETS)
    if gap.verdict is Verdict.PASS:
        return passed(service.address, gap.message, path=subnet.path)
    here = subnet.resource
    table = platform.graph.resource(next(iter(subnet.egress.tables), ""))
    if table is None or table.type == "aws_vpc":
        ends = {"subnet_id": reference(here, "id", here), "route_table_id": PRIVATE_TABLE}
        fix = f"Associate {here.address} with a route table that leads to a NAT gateway"
        snippet = new("aws_route_table_association", here.name, arguments(**ends))
    else:
        fix = f"Give {table.address} a default route to a NAT gateway in a public subnet"
        snippet = default_route(table)
    if gap.services and platform.endpoints.are_in(platform.network.managed_vpc(here)):
        fix = f"Add VPC endpoints for {', '.join(gap.services)}, or {fix[0].lower()}{fix[1:]}"
        vpc = platform.graph.resource(platform.network.managed_vpc(here))
        snippet = endpoints_for(gap.services, here, vpc, table)
    finding = _failed(
        service,
        f"they run in {here.address}, which has no way out: no default route, and {gap.message}",
        path=subnet.path,
        cause=subnet.path[-1].address,
        fix=f"{fix}.",
        snippet=snippet,
    )
    return _without_commands(finding) if COMMANDS.issuperset(gap.services or ("all",)) else finding


def _without_commands(finding: Finding) -> Finding:
    """The tasks start, and nobody can run a command in them."""
    return replace(
        finding,
        message=finding.message.replace(BROKEN, "no command can be run in its tasks"),
        symptom="TargetNotConnectedException: The execute command failed due to an internal error",
        strikes=Phase.RUNTIME,
        severity=Severity.MEDIUM,
    )


def _by_ipv6(subnet: PlacedSubnet, service: Service, platform: Platform) -> Finding:
    """The verdict on a subnet without IPv4: where ECR answers there, by its host."""
    here = subnet.resource.address
    egress = platform.network.egress(subnet.resource, IPV6)
    path = (*subnet.path, *egress.path)
    images = _images(service, platform)
    hosts = ", ".join(sorted({each.domain for each in images}))
    if egress.exit is Exit.OTHER:
        return _elsewhere(subnet, service)
    why = egress.why if egress.exit is Exit.UNKNOWN else ""
    if subnet.resource.value("enable_dns64") == Known(value=True):
        why = f"{here} has DNS64: make sure that a NAT gateway translates"
    elif not images or not all(each.is_private_ecr for each in images):
        why = why or f"{here} has IPv6 alone: make sure that its images can be had so"
    if why:
        return undetermined(service.address, why, path=path, at=SUBNETS)
    is_out = egress.exit in {Exit.INTERNET_GATEWAY, Exit.EGRESS_ONLY}
    has_ipv6 = all(each.has_ipv6 for each in images)
    if is_out and has_ipv6:
        return passed(service.address, "out by IPv6", path=path)
    if not is_out and not has_ipv6:
        why = f"{here} has IPv6 alone and no way out: make sure that VPC endpoints answer"
        return undetermined(service.address, why, path=path, at=SUBNETS)
    lacks = "which has no IPv6 address" if is_out else "to which no route and no VPC endpoint leads"
    return _failed(
        service,
        f"they run in {here} with IPv6 alone, and pull from {hosts}, {lacks}",
        path=path,
        cause=here,
        severity=Severity.MEDIUM if is_out else None,
        fix="Run them in subnets with IPv4. Or pull from ECR's dual-stack host, "
        "ACCOUNT.dkr-ecr.REGION.on.aws, and route ::/0 to an egress-only internet gateway.",
        snippet=in_private_subnets(service.resource),
    )


def _images(service: Service, platform: Platform) -> tuple[Image, ...]:
    """The images of a service, none when not all are known."""
    definition, _ = platform.definition_of(service)
    task = platform.images.of(definition) if definition else None
    if task is None or not task.is_known:
        return ()
    try:
        return tuple(parse_image(str(each.image)) for each in task.containers)
    except ImageError:
        return ()


def _failed(service: Service, message: str, *, at: str = SUBNETS, **details: Any) -> Finding:
    return fail(
        service.address,
        f"{BROKEN}: {message}",
        at=at,
        symptom=SYMPTOM,
        strikes=Phase.TASK_START,
        **details,
    )
