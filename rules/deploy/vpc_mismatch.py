"""Everything a service touches stands in one VPC.

Its subnets, its security groups, its target groups, the load balancers that send there with their
subnets and groups, and the namespace it is registered in.

## Why
A data source that looks up the default VPC, or a security group without `vpc_id`, ends up in
another VPC than the rest. `terraform plan` compares neither.

## Fix
```hcl
resource "aws_lb_target_group" "app" {
  vpc_id = aws_vpc.main.id
  # ...
}
```

## When unknown
A VPC is known only after apply, or a resource is not in this plan.

## Source
Amazon ECS API Reference, AwsVpcConfiguration; Elastic Load Balancing API Reference, CreateListener
and CreateTargetGroup; badmintoncryer/cdk-preflight, as measured there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policyscan.rule import (
    ENDPOINT,
    SECURITY_GROUPS,
    SUBNETS,
    TARGET_GROUPS,
    Finding,
    Home,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Target,
    certainty_of,
    edit,
    fail,
    home_of,
    new,
    not_applicable,
    passed,
    quoted,
    reference,
    steps_to,
    undetermined,
    weakest,
)

RULE = Rule(
    id="PS111",
    name="vpc-mismatch",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="Everything a service touches stands in one VPC",
    types=("aws_ecs_service",),
)

PATHS = {
    "network_configuration[0].subnets": SUBNETS,
    "network_configuration[0].security_groups": SECURITY_GROUPS,
}
NAMESPACE = "aws_service_discovery_private_dns_namespace"
SYMPTOMS = {
    "aws_security_group": "InvalidParameterException: Security group ... does not appear to belong "
    "to the same VPC as the input subnets.",
    "aws_subnet": "InvalidParameterException: All subnets must belong to the same VPC",
    "aws_route_table": "InvalidParameterValue: route table ... and network ... belong to different "
    "networks",
    "aws_lb_target_group": "ValidationError: The target group ... is in a different VPC than the "
    "load balancer",
}
OTHER = "tasks cannot be reached: they stand in another VPC"


class _Part(NamedTuple):
    """One thing a service touches: the attribute and edge that lead there, and its VPC.

    `by` names it where the service itself does not, as its endpoints do.
    """

    at: str
    edge: Target
    home: Home
    by: tuple[Step, ...] = ()


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    if not service.resource.elements("network_configuration"):
        why = "not in awsvpc mode: it names no subnets"
        return not_applicable(service.address, why)
    parts = tuple(_parts(service, platform))
    parts += tuple(_endpoints(parts[0].home, platform)) if parts else ()
    doubts = list(_doubts(service, platform))
    advice = platform.graph.advice
    for first, other in ((a, b) for index, a in enumerate(parts) for b in parts[index + 1 :]):
        differs = first.home.differs(other.home)
        if differs and first.edge.is_sure and other.edge.is_sure:
            return _failed(service, first, other, platform)
        if differs is not False:
            names = f"{first.home.holder.address} and {other.home.holder.address}"
            doubts.append(f"whether {names} stand in one VPC is not in the plan; {advice}")
    if doubts or not parts:
        path = next(iter(PATHS))
        why = (
            f"{service.address}.{path} names nothing of this plan: make sure that it names subnets"
        )
        why = doubts[0] if doubts else why
        return undetermined(service.address, why, at=next(iter(PATHS)))
    return passed(
        service.address,
        f"all it touches stands in {parts[0].home.shown}",
        path=(*steps_to(service.resource, parts[0].at, parts[0].edge), parts[0].home.step),
        certainty=weakest(*(part.home.certainty for part in parts)),
    )


def _endpoints(here: Home, platform: Platform) -> Iterator[_Part]:
    """What the endpoints of a VPC stand in and are guarded by."""
    graph = platform.graph
    for endpoint in graph.of_type(ENDPOINT):
        if endpoint.is_deleted or home_of(graph, endpoint).differs(here) is not False:
            continue
        for path, types in {"subnet_ids": SUBNETS, "security_group_ids": SECURITY_GROUPS}.items():
            for edge in graph.resolve(endpoint, path, types).targets:
                if (end := graph.resource(edge.address)) is not None:
                    by = (Step(endpoint.address, path, "an endpoint of the same VPC"),)
                    yield _Part(next(iter(PATHS)), edge, home_of(graph, end), by)


def _parts(service: Service, platform: Platform) -> Iterator[_Part]:
    graph = platform.graph
    for at, edge, address in _edges(service, platform):
        if (end := graph.resource(address)) is not None:
            yield _Part(at, edge, home_of(graph, end))
    for path, namespace, edge in _namespaces(service, platform):
        yield _Part(path, edge, home_of(graph, namespace, "vpc"))
    for subnet in platform.placement(service).subnets:
        for table in subnet.egress.tables:
            if (end := graph.resource(table)) is not None:
                yield _Part(next(iter(PATHS)), subnet.target, home_of(graph, end))


def _edges(service: Service, platform: Platform) -> Iterator[tuple[str, Target, str]]:
    """What has a VPC of its own: the service's attribute and the edge that lead to its address.

    What a load balancer touches is no surer than the load balancer itself.
    """
    graph, balancing = platform.graph, platform.balancing
    for path, types in PATHS.items():
        for edge in graph.resolve(service.resource, path, types).targets:
            yield path, edge, edge.address
    for attachment in balancing.attachments_of(service):
        at = attachment.attribute
        yield from ((at, edge, edge.address) for edge in attachment.groups.targets)
        for way in balancing.ways_of(attachment):
            groups = graph.resolve(way.balancer, "security_groups", SECURITY_GROUPS)
            for edge in (*balancing.subnets_of(way.balancer).edges, *groups.targets):
                yield at, edge if way.is_sure else way.weakest, edge.address


def _namespaces(service: Service, platform: Platform) -> Iterator[tuple[str, Resource, Target]]:
    path = "service_registries[0].registry_arn"
    graph = platform.graph
    for edge in graph.resolve(service.resource, path, ["aws_service_discovery_service"]).targets:
        if (registry := graph.resource(edge.address)) is None or registry.mode == "data":
            continue
        named = graph.resolve(registry, "dns_config[0].namespace_id", [NAMESPACE]).targets
        for target in named:
            if (end := graph.resource(target.address)) is not None and end.mode != "data":
                yield path, end, edge if target.is_sure else target


def _doubts(service: Service, platform: Platform) -> Iterator[str]:
    graph = platform.graph
    for path, types in PATHS.items():
        found = graph.resolve(service.resource, path, types)
        if found.is_open:
            why = "; ".join(found.unresolved) or "it could not be followed"
            yield f"{service.address}.{path}: {why}; {graph.advice}"
        look = "look it up with a data source to have its VPC compared"
        yield from (
            f"{service.address}.{path}: {each} is not in this plan; {look}"
            for each in found.external
        )
    for attachment in platform.balancing.attachments_of(service):
        if not attachment.groups.targets:
            yield (
                f"{service.address}.{attachment.attribute} leads to no target group of this plan; "
                "look it up with a data source to have its VPC compared"
            )


def _failed(service: Service, first: _Part, other: _Part, platform: Platform) -> Finding:
    ends = first.home.holder, other.home.holder
    vpcs = first.home.shown, other.home.shown
    used = "".join(f", which {step.address} uses," for step in other.by)
    wrong = other if first.home.is_new or not other.home.is_new else first
    right = first if wrong is other else other
    return fail(
        service.address,
        f"{ends[0].address} stands in {vpcs[0]} and {ends[1].address}{used} in {vpcs[1]}",
        path=(
            *steps_to(service.resource, first.at, first.edge)[:1],
            first.home.step,
            *other.by,
            other.home.step,
        ),
        certainty=weakest(
            first.home.certainty, other.home.certainty, certainty_of(first.edge, other.edge)
        ),
        symptom=SYMPTOMS.get(_type(wrong.home.holder), OTHER),
        strikes=Phase.APPLY,
        cause=wrong.home.holder.address,
        fix=f"put {wrong.home.holder.address} into {right.home.shown} as well",
        snippet=_moved(wrong.home, platform.graph.resource(right.home.address), right.home.vpc_id),
    )


def _moved(wrong: Home, vpc: Resource | None, vpc_id: str) -> str:
    """What stands elsewhere, in the right VPC."""
    holder = wrong.holder
    if holder.type == "aws_default_subnet":
        return new("aws_subnet", holder.name, "vpc_id = aws_vpc.MAIN.id")
    if holder.mode == "data":
        return edit(holder, "id = NAME_ONE_OF_THE_RIGHT_VPC")
    named = reference(vpc, "id", holder) if vpc is not None else quoted(vpc_id)
    return edit(holder, f"{wrong.attribute} = {named}")


def _type(resource: Resource) -> str:
    return "aws_lb_target_group" if resource.type in TARGET_GROUPS else resource.type
