"""An endpoint that stands in for a NAT gateway must be one the tasks really use.

An endpoint can exist and change nothing: a gateway endpoint that no route table of the tasks
knows, an interface endpoint without private DNS, in no subnet, or behind a security group that
does not let the tasks in on port 443. Its policy may leave out what a pull calls, such as
`s3:GetObject` on ECR's bucket of layers, `prod-<region>-starport-layer-bucket`.

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
local: give `--source-dir`. Or the rules of its security groups, or of the tasks', are not in this
plan.

Not judged: endpoints of VPCs in which no task of this plan runs, endpoints of somebody's own
service, and whom and under which conditions a policy lets through. Which endpoints are missing
altogether is task-without-egress-path (PS201).

## Source
AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint" and "Gateway
endpoints"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints"; provider documentation of
aws_vpc_endpoint (its type defaults to Gateway, private DNS to false).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from policyscan.rule import (
    ENDPOINT,
    Absent,
    Direction,
    Exit,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    PlacedSubnet,
    Platform,
    Port,
    Reach,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    allowed,
    arguments,
    edit,
    effective,
    fail,
    not_applicable,
    passed,
    permission,
    quoted,
    reference,
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
SUBNETS, GROUPS, DNS = "subnet_ids", "security_group_ids", "private_dns_enabled"
GATEWAYS = ("s3", "s3express", "dynamodb")
"""The AWS services that have gateway endpoints."""
NAME = re.compile(r"com\.amazonaws\.([a-z]+(?:-[a-z]+)+-\d+)\.(.+)")
TIMEOUT = "ResourceInitializationError or CannotPullContainerError: ... i/o timeout"
TASK_GROUPS = "network_configuration[0].security_groups"
TASK_SUBNETS = "network_configuration[0].subnets"
HTTPS = Port(443)


class User(NamedTuple):
    """A service and one of the subnets its tasks run in."""

    service: Service
    subnet: PlacedSubnet


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per endpoint."""
    users = [User(s, each) for s in platform.services for each in platform.placement(s).subnets]
    for endpoint in platform.graph.of_type(ENDPOINT):
        if not endpoint.is_deleted:
            yield _judge(endpoint, users, platform)


def _judge(endpoint: Resource, users: list[User], platform: Platform) -> Finding:
    address, name, kind = endpoint.address, endpoint.value(SERVICE), effective(endpoint, TYPE)
    if not users:
        return not_applicable(address, "no task of this plan runs in a subnet of it")
    for attribute, value in ((SERVICE, name), (TYPE, kind)):
        if isinstance(value, Unknown):
            why = f"{address}.{attribute} is known only after apply: write it as a constant"
            return undetermined(address, why, at=attribute)
    parts = NAME.fullmatch(str(name))
    if parts is None or kind not in (Known("Gateway"), Known("Interface")):
        return not_applicable(address, "no endpoint of an AWS service")
    vpc, network = platform.network.managed_vpc(endpoint), platform.network
    if not vpc:
        why = f"which VPC {address} stands in is not in this plan; {platform.graph.advice}"
        return undetermined(address, why, at="vpc_id")
    mine = [user for user in users if network.managed_vpc(user.subnet.resource) == vpc]
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
            fix=f"Name the service of {region}.",
            snippet=edit(endpoint, f'{SERVICE} = "com.amazonaws.{region}.{parts[2]}"'),
        )
    if kind == Known("Gateway"):
        finding = _gateway(endpoint, parts[2], mine, platform)
    else:
        finding = _interface(endpoint, parts[2], mine, platform)
    if any(platform.endpoints.is_needed(parts[2], user.service) for user in mine):
        finding = _policed(finding, endpoint, parts, platform)
    return _weighed(finding, mine)


def _weighed(finding: Finding, mine: list[User]) -> Finding:
    """An endpoint that changes nothing does no harm where tasks have another way out."""
    changes_nothing = finding.strikes is Phase.TASK_START and finding.at not in {GROUPS, "policy"}
    exits = {each.subnet.egress.exit for each in mine if each.subnet.is_sure}
    if not changes_nothing or Exit.NONE in exits:
        return finding
    if Exit.UNKNOWN in exits or not exits:
        why = f"{finding.message}; whether tasks have another way out is not in the plan"
        return undetermined(finding.address, why, path=finding.path)
    return not_applicable(finding.address, "tasks of its VPC have another way out")


def _policed(
    finding: Finding, endpoint: Resource, parts: re.Match[str], platform: Platform
) -> Finding:
    """The verdict on an endpoint that would do, by its policy."""
    call = platform.endpoint_policies.refused(endpoint, parts[2], parts[1])
    if finding.strikes is not None or not call:
        return finding
    return _useless(
        endpoint,
        "policy",
        f"the policy of {endpoint.address} does not allow {call}, which a pull of an image calls",
        severity=Severity.MEDIUM,
        symptom="CannotPullContainerError: ... 403 Forbidden",
        fix=f"Let the policy allow {call}, or leave it out: then it allows everything.",
        snippet=allowed(endpoint, *call.split(" on ")),
    )


def _gateway(endpoint: Resource, service: str, mine: list[User], platform: Platform) -> Finding:
    address = endpoint.address
    if service not in GATEWAYS:
        return _refused(
            endpoint,
            TYPE,
            f"{address} is a gateway endpoint, and {service} has interface endpoints alone",
            symptom="InvalidParameter: Endpoint type (Gateway) does not match available service "
            "types ([Interface])",
            fix="Make it an interface endpoint, with private DNS.",
            snippet=edit(endpoint, arguments(**{TYPE: quoted("Interface"), DNS: "true"})),
        )
    if platform.endpoints.is_open(endpoint, TABLES):
        why = f"which route tables {address} serves is not in the plan; {platform.graph.advice}"
        return undetermined(address, why, at=TABLES)
    served = platform.endpoints.tables_of(endpoint)
    vpc = platform.network.managed_vpc(endpoint)
    for other in platform.graph.of_type(ENDPOINT):
        is_same = other.value(SERVICE) == endpoint.value(SERVICE)
        if is_same and not other.is_deleted and platform.network.managed_vpc(other) == vpc:
            served = served | platform.endpoints.tables_of(other)
    isolated = [each.subnet for each in mine if each.subnet.egress.exit is Exit.NONE]
    sure = [each for each in isolated if each.is_sure]
    lacking = [t for each in sure for t in each.egress.tables if t not in served]
    if lacking or not served:
        table = platform.graph.resource(next(iter(lacking), ""))
        named = reference(table, "id", endpoint) if table else "aws_route_table.PRIVATE.id"
        whom = lacking[0] if lacking else "any route table"
        return _useless(
            endpoint,
            TABLES,
            f"{address} adds no route to {whom}, so that tasks do not find it",
            ends=tuple(Step(table) for table in lacking[:1]),
            fix="Name the route tables of the tasks' subnets.",
            snippet=edit(endpoint, f"{TABLES} = [{named}]"),
        )
    doubtful = [t for each in isolated for t in each.egress.tables if t not in served]
    if doubtful:
        why = f"whether tasks use {doubtful[0]}, which it adds no route to, is not in the plan"
        return undetermined(address, f"{why}; {platform.graph.advice}", at=TABLES)
    return passed(address, "the route tables of the tasks lead to it", at=TABLES)


def _interface(endpoint: Resource, service: str, mine: list[User], platform: Platform) -> Finding:
    address, private_dns = endpoint.address, endpoint.value(DNS)
    if isinstance(private_dns, Unknown):
        why = f"whether {address} has private DNS is known only after apply: write it down"
        return undetermined(address, why, at=DNS)
    has_name = private_dns == Known(value=True)
    vpc = platform.network.managed_vpc(endpoint)
    if not has_name and not platform.endpoints.is_named_elsewhere(endpoint, vpc):
        return _useless(
            endpoint,
            DNS,
            f"{address} has no private DNS: the name tasks ask for leads to the public address",
            fix="Turn private DNS on.",
            snippet=edit(endpoint, f"{DNS} = true"),
        )
    found = _lacks_subnets(endpoint, mine, platform)
    if found is None and has_name:
        found = _shut(endpoint, service, mine, platform)
    if found is not None:
        return found
    return passed(
        address,
        "its public name leads to it from the VPC",
        at=DNS,
        notes=_notes(endpoint, mine, platform),
    )


def _lacks_subnets(endpoint: Resource, mine: list[User], platform: Platform) -> Finding | None:
    """A finding on an endpoint that has, or may have, no subnet."""
    address, endpoints = endpoint.address, platform.endpoints
    if not isinstance(endpoint.value(SUBNETS), Absent) or endpoints.is_joined(endpoint, SUBNETS):
        return None
    if endpoints.is_open(endpoint, SUBNETS):
        why = f"which subnets {address} has is not in the plan; {platform.graph.advice}"
        return undetermined(address, why, at=SUBNETS)
    named = reference(mine[0].subnet.resource, "id", endpoint)
    return _useless(
        endpoint,
        SUBNETS,
        f"{address} stands in no subnet: nothing there answers",
        fix="Name the tasks' subnets.",
        snippet=edit(endpoint, f"{SUBNETS} = [{named}]"),
    )


def _shut(endpoint: Resource, name: str, mine: list[User], platform: Platform) -> Finding | None:
    """A finding when the endpoint's groups do not let in the tasks of a service."""
    address, reach = endpoint.address, platform.reachability
    if platform.endpoints.is_joined(endpoint, GROUPS):
        return None
    door = reach.end(endpoint, GROUPS, SUBNETS)
    for service, subnet in mine:
        tasks = reach.end(service.resource, TASK_GROUPS, TASK_SUBNETS)
        answer = reach.between(door, Direction.INGRESS, tasks, HTTPS)
        is_needed = platform.endpoints.is_needed(name, service)
        why = answer.why
        if answer.reach is Reach.NO and not (is_needed and subnet.is_sure):
            why = f"{door.shown} does not, and whether tasks call {name} is not told: make sure"
        if answer.reach is Reach.YES or is_needed is False:
            continue
        if why:
            why = f"whether {address} lets in {service.address}: {why}"
            return undetermined(address, why, path=door.steps, at=GROUPS)
        says = f"no rule of {door.shown} lets tcp 443 in from {tasks.shown}"
        return _useless(
            endpoint,
            GROUPS,
            f"{address} drops what {service.address} asks: {says}",
            ends=(*door.steps[1:], *tasks.steps),
            certainty=door.certainty,
            cause=door.groups[0].key if door.groups else address,
            fix=f"Add a rule to {door.shown} that lets tcp 443 in from {tasks.shown}.",
            snippet=permission(door, Direction.INGRESS, HTTPS, tasks),
        )
    return None


def _notes(endpoint: Resource, mine: list[User], platform: Platform) -> tuple[Note, ...]:
    """Zones of tasks in which the endpoint has no address."""
    found = platform.graph.resolve(endpoint, SUBNETS)
    homes = [platform.graph.resource(target.address) for target in found.targets]
    zones = {platform.network.zone(each) for each in homes if each is not None}
    theirs = {platform.network.zone(user.subnet.resource) for user in mine if user.subnet.is_sure}
    left = sorted(str(zone) for zone in theirs - zones if isinstance(zone, Known))
    if not left or not all(isinstance(zone, Known) for zone in zones):
        return ()
    return (Note(Level.INFO, f"tasks in {', '.join(left)} call it in another zone"),)


def _refused(endpoint: Resource, attribute: str, message: str, **details: Any) -> Finding:
    return fail(
        endpoint.address,
        message,
        path=(Step(endpoint.address, attribute),),
        strikes=Phase.APPLY,
        cause=endpoint.address,
        **details,
    )


def _useless(
    endpoint: Resource,
    attribute: str,
    message: str,
    *,
    ends: tuple[Step, ...] = (),
    **details: Any,
) -> Finding:
    details.setdefault("symptom", TIMEOUT)
    details.setdefault("cause", endpoint.address)
    return fail(
        endpoint.address,
        message,
        path=(Step(endpoint.address, attribute), *ends),
        at=attribute,
        strikes=Phase.TASK_START,
        **details,
    )
