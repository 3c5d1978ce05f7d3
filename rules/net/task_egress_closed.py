"""A task's security groups must let it out to its registry, its logs and its secrets.

The groups AWS makes let everything out. Terraform takes that rule away from every group it makes,
so that one without an `egress` rule is closed. A task calls AWS on port 443 before its container
starts. Whether the routes lead anywhere is PS201, and the load balancer's way out PS202.

## Why
Nothing says so: the apply is green, and the tasks stop one after the other while they wait for
the registry.

## Fix
```hcl
resource "aws_vpc_security_group_egress_rule" "tasks_to_aws" {
  security_group_id = aws_security_group.tasks.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
```

With VPC endpoints alone: port 443 to the endpoints' security group, and to the prefix list of S3.

## When unknown
A security group is not in this plan, or a rule lets port 443 out to less than everywhere and the
plan does not tell whether that is enough.

## Source
Terraform AWS provider, aws_security_group, note on egress rules; Amazon ECS Developer Guide,
"CannotPullContainer task errors" and "Amazon ECR interface VPC endpoints".
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from policyscan.rule import (
    Direction,
    End,
    Entry,
    Finding,
    Parameters,
    Phase,
    Platform,
    Port,
    Reach,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    fail,
    not_applicable,
    passed,
    permission,
    undetermined,
    weakest,
)

RULE = Rule(
    id="PS203",
    name="task-egress-closed",
    group="NET",
    severity=Severity.CRITICAL,
    title="A task's security groups let it out to what it needs to start",
    types=("aws_ecs_service",),
)

HTTPS = Port(443)
SYMPTOM = (
    "ResourceInitializationError: unable to pull secrets or registry auth: ... i/o timeout, or "
    "CannotPullContainerError: ... i/o timeout"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    if not service.resource.elements("network_configuration"):
        why = "not in awsvpc mode: its tasks have no security groups of their own"
        return not_applicable(service.address, why)
    reach = platform.reachability
    tasks = reach.tasks(service.resource)
    answer = reach.from_anywhere(tasks, Direction.EGRESS, HTTPS)
    if answer.entry is not None:
        step = Step(answer.entry.holder.address, answer.entry.path.rstrip("."))
        return passed(
            service.address,
            f"port 443 is open from {tasks.shown} to everywhere",
            path=(*tasks.steps, step),
            certainty=weakest(tasks.certainty, answer.entry.certainty),
            at=tasks.attribute,
        )
    some = reach.about(tasks, Direction.EGRESS, HTTPS)
    if not some and answer.reach is Reach.NO:
        others = " and ".join(each.shown for each in reach.entries(tasks, Direction.EGRESS))
        what = f"lets out {others} alone" if others else "has no egress rule"
        what = f"{tasks.shown} {what}"
        return _failed(service, tasks, f"{what}: no task can call AWS on port 443")
    if some and not (tasks.missing or any(g.doubts[Direction.EGRESS] for g in tasks.groups)):
        return _judge_narrow(service, tasks, some, platform)
    return undetermined(service.address, answer.why, path=tasks.steps, at=tasks.attribute)


def _judge_narrow(
    service: Service, tasks: End, some: tuple[Entry, ...], platform: Platform
) -> Finding:
    """Port 443 is open to less than everywhere: enough where VPC endpoints stand there."""
    vpcs = {
        platform.network.managed_vpc(each.resource) for each in platform.placement(service).subnets
    }
    endpoints = [each for vpc in sorted(vpcs) for each in platform.endpoints.interfaces_in(vpc)]
    met = [(each, _meets(tasks, each, platform)) for each in endpoints]
    served = [each for each, reach in met if reach is Reach.YES]
    shown = ", ".join(dict.fromkeys(entry.holder.address for entry in some))
    has_s3 = any(str(each.value("service_name")).endswith(".s3") for each in served)
    if served and (has_s3 or any(entry.prefix_lists for entry in some)):
        return passed(
            service.address,
            f"port 443 is open from {tasks.shown} to {served[0].address} and to S3",
            path=(*tasks.steps, Step(served[0].address, "security_group_ids")),
            at=tasks.attribute,
        )
    is_inside = all(_is_inside(entry) for entry in some)
    if is_inside and all(vpcs) and vpcs and all(reach is Reach.NO for _, reach in met):
        why = f"port 443 is open by {shown} alone, to where no VPC endpoint of this plan answers"
        return _failed(service, tasks, why)
    doubts = [doubt for entry in some for doubt in entry.doubts]
    why = doubts[0] if doubts else "make sure that it is enough"
    why = f"port 443 is not open to everywhere, but by {shown}: {why}"
    return undetermined(service.address, why, path=tasks.steps, at=tasks.attribute)


def _meets(tasks: End, endpoint: Resource, platform: Platform) -> Reach:
    far = platform.reachability.end(endpoint, "security_group_ids", "subnet_ids")
    return platform.reachability.between(tasks, Direction.EGRESS, far, HTTPS).reach


def _is_inside(entry: Entry) -> bool:
    """Whether a rule leads to private addresses and groups of this plan, and nowhere else."""
    if entry.doubts or entry.ids or entry.may_be or isinstance(entry.first, Unknown):
        return False
    return all(ip_network(cidr, strict=False).is_private for cidr in entry.cidrs)


def _failed(service: Service, tasks: End, message: str) -> Finding:
    return fail(
        service.address,
        message,
        path=tasks.steps,
        certainty=tasks.certainty,
        symptom=SYMPTOM,
        strikes=Phase.TASK_START,
        cause=next((group.key for group in tasks.groups), service.address),
        fix=f"Add an egress rule to {tasks.shown} that lets tcp 443 out to everywhere.",
        snippet=permission(tasks, Direction.EGRESS, HTTPS),
        at=tasks.attribute,
    )
