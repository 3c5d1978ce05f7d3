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
The service, the VPC or the route tables of the endpoint are known only after apply. Or its VPC is
not in this plan, or the rules of its security groups, or of the tasks', are not.

Not judged: endpoints of VPCs in which no task of this plan runs, endpoints of somebody's own
service, and whom and under which conditions a policy lets through. Which endpoints are missing
altogether is task-without-egress-path (PS201).

## Source
AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint" and "Gateway
endpoints"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints"; Terraform AWS provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
    Platform,
    Port,
    Reach,
    Resource,
    Rule,
    Severity,
    Step,
    Struct,
    Tenant,
    Unknown,
    Verdict,
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
    service_name,
    serving,
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
TIMEOUT = "ResourceInitializationError or CannotPullContainerError: ... i/o timeout"
HTTPS = Port(443)


class Case(Struct, frozen=True):
    """An endpoint of an AWS service, and the tasks that run in its VPC."""

    endpoint: Resource
    region: str
    service: str
    users: list[Tenant]
    platform: Platform


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per endpoint."""
    for endpoint in platform.graph.of_type(ENDPOINT):
        if not endpoint.is_deleted:
            yield _judge(endpoint, platform)


def _judge(endpoint: Resource, platform: Platform) -> Finding:
    address, network = endpoint.address, platform.network
    vpc = network.managed_vpc(endpoint)
    mine = list(platform.placements.in_vpc(vpc) if vpc else platform.placements.tenants)
    if not mine:
        return not_applicable(address, "no task of this plan runs in its VPC")
    named, kind = service_name(endpoint), effective(endpoint, TYPE)
    for attribute, value in ((SERVICE, endpoint.value(SERVICE)), (TYPE, kind)):
        if isinstance(value, Unknown):
            why = f"{address}.{attribute} is known only after apply: write it as a constant"
            return undetermined(address, why, at=attribute)
    if named is None or kind not in (Known("Gateway"), Known("Interface")):
        return not_applicable(address, "no endpoint of an AWS service")
    if not vpc:
        return undetermined(address, network.unplaced(endpoint), at="vpc_id")
    case = Case(endpoint, *named, mine, platform)
    if astray := _astray(case):
        return astray
    finding = _gateway(case) if kind == Known("Gateway") else _interface(case)
    is_fit = finding.verdict in {Verdict.PASS, Verdict.UNKNOWN}
    return (is_fit and _policed(case)) or finding


def _astray(case: Case) -> Finding | None:
    """A failure when an endpoint asks for the service of another region than its own."""
    endpoint, name = case.endpoint, case.endpoint.value(SERVICE)
    region = endpoint.value("region")
    is_here = isinstance(endpoint.value("service_region"), Absent)
    if not is_here or region == Known(case.region) or not isinstance(region, Known):
        return None
    there = quoted(str(name).replace(case.region, str(region)))
    return _failed(
        endpoint,
        SERVICE,
        f"{endpoint.address} asks for {name}, and stands in {region}",
        symptom=f"InvalidServiceName: The Vpc Endpoint Service '{name}' does not exist",
        fix=f"Name the service of {region}.",
        snippet=edit(endpoint, f"{SERVICE} = {there}"),
    )


def _policed(case: Case) -> Finding | None:
    """A failure when the policy of an endpoint that would do refuses what a pull calls."""
    endpoint, is_needed = case.endpoint, case.platform.endpoints.is_needed
    call = case.platform.endpoint_policies.refused(endpoint, case.service, case.region)
    if not call or not any(is_needed(case.service, each.service) for each in case.users):
        return None
    return _failed(
        endpoint,
        "policy",
        f"the policy of {endpoint.address} does not allow {call}, which a pull of an image calls",
        severity=Severity.MEDIUM,
        strikes=Phase.TASK_START,
        symptom="CannotPullContainerError: ... 403 Forbidden",
        fix=f"Let the policy allow {call} as well, or leave it out: then it allows everything.",
        snippet=allowed(endpoint, *call.split(" on ")),
    )


def _gateway(case: Case) -> Finding:
    endpoint, address, platform = case.endpoint, case.endpoint.address, case.platform
    if case.service not in GATEWAYS:
        return _failed(
            endpoint,
            TYPE,
            f"{address} is a gateway endpoint, and {case.service} has interface endpoints alone",
            symptom="InvalidParameter: Endpoint type (Gateway) does not match available service "
            "types ([Interface])",
            fix="Make it an interface endpoint, with private DNS.",
            snippet=edit(endpoint, arguments(**{TYPE: quoted("Interface"), DNS: "true"})),
        )
    if platform.endpoints.is_open(endpoint, TABLES):
        why = f"which route tables {address} serves is not in the plan; {platform.graph.advice}"
        return undetermined(address, why, at=TABLES)
    lacking = platform.endpoints.unserved(endpoint, (each.subnet for each in case.users))
    sure = [table for table, is_sure in lacking.items() if is_sure]
    if sure or not platform.endpoints.served_by(endpoint):
        own = sorted(platform.endpoints.tables_of(endpoint))
        tables = (platform.graph.resource(each) for each in (*own, *sure))
        whom = sure[0] if sure else "any route table"
        return _useless(
            case,
            TABLES,
            f"{address} adds no route to {whom}, so that tasks do not find it",
            ends=tuple(Step(table) for table in sure[:1]),
            fix="Name the route tables of the tasks' subnets as well.",
            snippet=serving(endpoint, filter(None, tables)),
        )
    if lacking:
        why = f"whether tasks use {min(lacking)}, which it adds no route to, is not in the plan"
        return undetermined(address, f"{why}; {platform.graph.advice}", at=TABLES)
    return passed(address, "the route tables of the tasks lead to it", at=TABLES)


def _interface(case: Case) -> Finding:
    endpoint, private_dns = case.endpoint, case.endpoint.value(DNS)
    address, endpoints = endpoint.address, case.platform.endpoints
    if isinstance(private_dns, Unknown):
        why = f"whether {address} has private DNS is known only after apply: write it down"
        return undetermined(address, why, at=DNS)
    has_name = private_dns == Known(value=True)
    if not has_name and not endpoints.is_named_elsewhere(endpoint):
        return _useless(
            case,
            DNS,
            f"{address} has no private DNS: the name tasks ask for leads to the public address",
            fix="Turn private DNS on.",
            snippet=edit(endpoint, f"{DNS} = true"),
        )
    far = endpoints.far_zones(endpoint, (each.subnet for each in case.users))
    notes = (Note(Level.INFO, f"tasks in {', '.join(far)} call it in another zone"),) if far else ()
    good = passed(address, "its public name leads to it from the VPC", at=DNS, notes=notes)
    return _homeless(case) or (has_name and _shut(case)) or good


def _homeless(case: Case) -> Finding | None:
    """A finding on an endpoint that has, or may have, no subnet."""
    endpoint, endpoints = case.endpoint, case.platform.endpoints
    if not isinstance(endpoint.value(SUBNETS), Absent) or endpoints.is_joined(endpoint, SUBNETS):
        return None
    if endpoints.is_open(endpoint, SUBNETS):
        why = f"which subnets it has is not in the plan; {case.platform.graph.advice}"
        return undetermined(endpoint.address, why, at=SUBNETS)
    named = reference(case.users[0].subnet.resource, "id", endpoint)
    return _useless(
        case,
        SUBNETS,
        f"{endpoint.address} stands in no subnet: nothing there answers",
        fix="Name the tasks' subnets.",
        snippet=edit(endpoint, f"{SUBNETS} = [{named}]"),
    )


def _shut(case: Case) -> Finding | None:
    """A finding when the endpoint's groups do not let in the tasks of a service."""
    endpoint, platform = case.endpoint, case.platform
    address, reach = endpoint.address, platform.reachability
    if platform.endpoints.is_joined(endpoint, GROUPS):
        return None
    door = reach.end(endpoint, GROUPS, SUBNETS)
    for service, subnet in case.users:
        tasks = reach.tasks(service.resource)
        answer = reach.between(door, Direction.INGRESS, tasks, HTTPS)
        is_needed = platform.endpoints.is_needed(case.service, service)
        if answer.reach is Reach.YES or is_needed is False:
            continue
        says = f"no rule of {door.shown} lets tcp 443 in from {tasks.shown}"
        if answer.reach is Reach.MAYBE:
            why = f"whether it lets in {service.address}: {answer.why}"
            return undetermined(address, why, path=door.steps, at=GROUPS)
        if not (is_needed and subnet.is_sure):
            why = f"{says}: make sure that {service.address} needs no {case.service} there"
            return undetermined(address, why, path=door.steps, at=GROUPS)
        return _failed(
            endpoint,
            GROUPS,
            f"{address} drops what {service.address} asks: {says}",
            ends=(*door.steps[1:], *tasks.steps),
            strikes=Phase.TASK_START,
            symptom=TIMEOUT,
            certainty=door.certainty,
            cause=next((group.key for group in door.groups), address),
            fix=f"Add a rule to {door.shown} that lets tcp 443 in from {tasks.shown}.",
            snippet=permission(door, Direction.INGRESS, HTTPS, tasks),
        )
    return None


def _useless(case: Case, attribute: str, message: str, **details: Any) -> Finding:
    """The verdict on an endpoint that changes nothing: no harm where tasks have another way out."""
    address, is_needed = case.endpoint.address, case.platform.endpoints.is_needed
    exits = {each.subnet.egress.exit for each in case.users if each.subnet.is_sure}
    if exits and not exits & {Exit.NONE, Exit.UNKNOWN}:
        return not_applicable(address, "tasks of its VPC have another way out")
    if Exit.NONE not in exits:
        why = f"{message}: make sure that they have another way out"
        return undetermined(address, why, at=attribute)
    strikes, symptom = Phase.TASK_START, TIMEOUT
    if all(is_needed(case.service, each.service) is False for each in case.users):
        strikes = Phase.RUNTIME
        symptom = f"the apply ends green; what tasks ask of {case.service} times out"
    return _failed(case.endpoint, attribute, message, strikes=strikes, symptom=symptom, **details)


def _failed(endpoint: Resource, attribute: str, message: str, **details: Any) -> Finding:
    """A failure at an attribute of an endpoint; `ends` are the steps of its path after that."""
    path = (Step(endpoint.address, attribute), *details.pop("ends", ()))
    details = {"cause": endpoint.address, "strikes": Phase.APPLY} | details
    return fail(endpoint.address, message, path=path, at=attribute, **details)
