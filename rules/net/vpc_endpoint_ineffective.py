"""An endpoint that stands in for a NAT gateway must be one the tasks really use.

An endpoint can exist and change nothing: a gateway endpoint that no route table of the tasks
knows, an interface endpoint without private DNS, in no subnet, or behind the default security
group, which lets in only its own members.

## Why
The tasks still look for the public address, and have no way to it. Or they find the endpoint, and
its security group drops them.

## Fix
```hcl
resource "aws_vpc_endpoint" "ecr_api" {
  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.us-east-1.ecr.api"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = aws_subnet.private[*].id
  security_group_ids  = [aws_security_group.endpoints.id]
}
```

## When unknown
The service, the VPC or the route tables of the endpoint are known only after apply, or end in a
local: give `--source-dir`.

Not judged: endpoints of VPCs in which no task of this plan runs, endpoints of somebody's own
service, endpoint policies, and what the named security groups let in. Which endpoints are missing
altogether is task-without-egress-path (PS201).

## Source
AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint" and "Gateway
endpoints"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints"; provider documentation of
aws_vpc_endpoint (its type defaults to Gateway, private DNS to false).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    ENDPOINT,
    Absent,
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
    Unknown,
    effective,
    fail,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS207",
    name="vpc-endpoint-ineffective",
    group="NET",
    severity=Severity.HIGH,
    title="Endpoints used instead of NAT really work",
    types=(ENDPOINT,),
)

TYPE, SERVICE, TABLES = "vpc_endpoint_type", "service_name", "route_table_ids"
GATEWAYS = ("s3", "s3express", "dynamodb")
"""The AWS services that have gateway endpoints."""
NAME = re.compile(r"com\.amazonaws\.([a-z]+(?:-[a-z]+)+-\d+)\.(.+)")
TIMEOUT = "ResourceInitializationError or CannotPullContainerError: ... i/o timeout"
JOINS = {
    "subnet_ids": "aws_vpc_endpoint_subnet_association",
    "security_group_ids": "aws_vpc_endpoint_security_group_association",
    TABLES: "aws_vpc_endpoint_route_table_association",
}
"""What an endpoint may be joined to by a resource of its own, by the argument that does so."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per endpoint."""
    placed = [s for each in platform.services for s in platform.placement(each).subnets]
    for endpoint in platform.graph.of_type(ENDPOINT):
        if not endpoint.is_deleted:
            yield _judge(endpoint, placed, platform)


def _judge(endpoint: Resource, placed: list[PlacedSubnet], platform: Platform) -> Finding:
    address, name, kind = endpoint.address, endpoint.value(SERVICE), effective(endpoint, TYPE)
    if not placed:
        return not_applicable(address, "no task of this plan runs in a subnet of it")
    for attribute, value in ((SERVICE, name), (TYPE, kind)):
        if isinstance(value, Unknown):
            why = f"{address}.{attribute} is known only after apply"
            return undetermined(address, why, at=attribute)
    parts = NAME.fullmatch(str(name))
    if parts is None or kind not in (Known("Gateway"), Known("Interface")):
        return not_applicable(address, "no endpoint of an AWS service")
    vpc, network = platform.network.managed_vpc(endpoint), platform.network
    if not vpc:
        why = f"which VPC {address} stands in is not in this plan; {platform.graph.advice}"
        return undetermined(address, why, at="vpc_id")
    mine = [each for each in placed if network.managed_vpc(each.resource) == vpc]
    if not mine:
        return not_applicable(address, "no task of this plan runs in its VPC")
    region = endpoint.value("region")
    is_here = isinstance(endpoint.value("service_region"), Absent)
    if is_here and isinstance(region, Known) and str(region) != parts[1]:
        return _refused(
            endpoint,
            SERVICE,
            f"{address} asks for {name}, and stands in {region}",
            symptom=f"InvalidServiceName: The Vpc Endpoint Service '{name}' does not exist",
            fix=f'{SERVICE} = "com.amazonaws.{region}.{parts[2]}"',
        )
    if kind == Known("Gateway"):
        return _weighed(_gateway(endpoint, parts[2], vpc, mine, platform), mine)
    return _weighed(_interface(endpoint, vpc, platform), mine)


def _weighed(finding: Finding, mine: list[PlacedSubnet]) -> Finding:
    """An endpoint that changes nothing does no harm where tasks have another way out."""
    changes_nothing = finding.strikes is Phase.TASK_START and finding.at != "security_group_ids"
    exits = {each.egress.exit for each in mine if each.is_sure}
    if not changes_nothing or Exit.NONE in exits:
        return finding
    if Exit.UNKNOWN in exits or not exits:
        why = f"{finding.message}; whether tasks have another way out is not in the plan"
        return undetermined(finding.address, why, path=finding.path)
    return not_applicable(finding.address, "tasks of its VPC have another way out")


def _gateway(
    endpoint: Resource, service: str, vpc: str, mine: list[PlacedSubnet], platform: Platform
) -> Finding:
    address = endpoint.address
    if service not in GATEWAYS:
        return _refused(
            endpoint,
            TYPE,
            f"{address} is a gateway endpoint, and {service} has interface endpoints alone",
            symptom="InvalidParameter: Endpoint type (Gateway) does not match available service "
            "types ([Interface])",
            fix=f'{TYPE} = "Interface"\nprivate_dns_enabled = true',
        )
    if _may_be_joined(endpoint, TABLES, platform):
        why = f"which route tables {address} serves is not in the plan; {platform.graph.advice}"
        return undetermined(address, why, at=TABLES)
    served = platform.endpoints.tables_of(endpoint)
    for other in platform.graph.of_type(ENDPOINT):
        is_same = other.value(SERVICE) == endpoint.value(SERVICE)
        if is_same and not other.is_deleted and platform.network.managed_vpc(other) == vpc:
            served = served | platform.endpoints.tables_of(other)
    isolated = [each for each in mine if each.egress.exit is Exit.NONE]
    sure = [each for each in isolated if each.is_sure]
    lacking = [t for each in sure for t in each.egress.tables if t not in served]
    if lacking or not served:
        whom = lacking[0] if lacking else "any route table"
        return _useless(
            endpoint,
            TABLES,
            f"{address} adds no route to {whom}, so that tasks do not find it",
            ends=tuple(Step(table) for table in lacking[:1]),
            fix=f"{TABLES} = [{lacking[0] if lacking else 'aws_route_table.<private>'}.id]",
        )
    doubtful = [t for each in isolated for t in each.egress.tables if t not in served]
    if doubtful:
        why = f"whether tasks use {doubtful[0]}, which it adds no route to, is not in the plan"
        return undetermined(address, f"{why}; {platform.graph.advice}", at=TABLES)
    return passed(address, "the route tables of the tasks lead to it", at=TABLES)


def _interface(endpoint: Resource, vpc: str, platform: Platform) -> Finding:
    address, private_dns = endpoint.address, endpoint.value("private_dns_enabled")
    if isinstance(private_dns, Unknown):
        why = f"whether {address} has private DNS is known only after apply"
        return undetermined(address, why, at="private_dns_enabled")
    if private_dns != Known(value=True) and not _is_named(endpoint, vpc, platform):
        return _useless(
            endpoint,
            "private_dns_enabled",
            f"{address} has no private DNS: the name tasks ask for leads to the public address",
            fix="private_dns_enabled = true",
        )
    for attribute in ("subnet_ids", "security_group_ids"):
        if not isinstance(endpoint.value(attribute), Absent) or _joined(
            endpoint, attribute, platform
        ):
            continue
        if _may_be_joined(endpoint, attribute, platform):
            why = f"which {attribute} {address} has is not in the plan; {platform.graph.advice}"
            return undetermined(address, why, at=attribute)
        if attribute == "subnet_ids":
            says = "stands in no subnet: nothing there answers"
        elif _uses_default_group(platform):
            why = f"{address} is behind the default security group: what it lets in is not judged"
            return undetermined(address, why, at=attribute)
        else:
            says = "is behind the default security group, which lets in its own members alone"
        fix = f"{attribute} = [...]"
        if attribute == "security_group_ids":
            fix += ", a group that lets in port 443 from the tasks"
        return _useless(endpoint, attribute, f"{address} {says}", fix=fix)
    return passed(address, "its public name leads to it from the VPC", at="private_dns_enabled")


def _is_named(endpoint: Resource, vpc: str, platform: Platform) -> bool:
    """Whether something else leads to the service: a gateway, or a private zone of its name."""
    others = [
        other
        for other in platform.graph.of_type(ENDPOINT)
        if other is not endpoint
        and other.value(SERVICE) == endpoint.value(SERVICE)
        and platform.network.managed_vpc(other) == vpc
    ]
    zones = platform.graph.of_type("aws_route53_zone")
    return bool(others) or any(
        not isinstance(name := zone.value("name"), Known) or "amazonaws.com" in str(name)
        for zone in zones
    )


def _joined(endpoint: Resource, attribute: str, platform: Platform) -> bool:
    return any(
        endpoint.address in {target.address for target in found.targets}
        for join in platform.graph.of_type(JOINS[attribute])
        for found in (platform.graph.resolve(join, "vpc_endpoint_id", [ENDPOINT]),)
    )


def _may_be_joined(endpoint: Resource, attribute: str, platform: Platform) -> bool:
    """Whether the endpoint may have more than is seen, or less."""
    own = platform.graph.resolve(endpoint, attribute)
    if own.is_open or not all(target.is_sure for target in own.targets):
        return True
    return any(
        platform.graph.resolve(join, "vpc_endpoint_id", [ENDPOINT]).is_open
        for join in platform.graph.of_type(JOINS[attribute])
    )


def _uses_default_group(platform: Platform) -> bool:
    """Whether the plan changes the default group, or tasks are members of it."""
    path = "network_configuration[0].security_groups"
    return bool(platform.graph.of_type("aws_default_security_group")) or any(
        isinstance(each.resource.value(path), Absent)
        or any(
            target.attribute == "default_security_group_id"
            for target in platform.graph.resolve(each.resource, path).targets
        )
        for each in platform.services
    )


def _refused(endpoint: Resource, attribute: str, message: str, **details: Any) -> Finding:
    path = (Step(endpoint.address, attribute),)
    return fail(
        endpoint.address,
        message,
        path=path,
        strikes=Phase.APPLY,
        cause=endpoint.address,
        **details,
    )


def _useless(
    endpoint: Resource, attribute: str, message: str, *, fix: str, ends: tuple[Step, ...] = ()
) -> Finding:
    return fail(
        endpoint.address,
        message,
        path=(Step(endpoint.address, attribute), *ends),
        at=attribute,
        symptom=TIMEOUT,
        strikes=Phase.TASK_START,
        cause=endpoint.address,
        fix=fix,
    )
