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

from policyscan.rule import (
    ROUTE_TABLES,
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
    Struct,
    Target,
    certainty_of,
    edit,
    fail,
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
FIRST = next(iter(PATHS))
REGISTRY = "aws_service_discovery_service"
NAMESPACE = "aws_service_discovery_private_dns_namespace"
BALANCED = "ValidationError: The target group ... is in a different VPC than the load balancer"
UNREACHED = "nobody reaches the tasks by name: the names are known in another VPC"
SYMPTOMS = {
    **dict.fromkeys(
        SECURITY_GROUPS,
        "InvalidParameterException: Security group ... does not appear to belong to the same VPC "
        "as the input subnets.",
    ),
    **dict.fromkeys(SUBNETS, "InvalidParameterException: All subnets must belong to the same VPC"),
    **dict.fromkeys(
        ROUTE_TABLES,
        "InvalidParameterValue: route table ... and network ... belong to different networks",
    ),
    **dict.fromkeys(TARGET_GROUPS, BALANCED),
    NAMESPACE: UNREACHED,
}
"""What AWS says to each that stands elsewhere, or what happens where it says nothing."""


class _Part(Struct, frozen=True):
    """One thing a service touches: the attribute and edge that lead there, and its VPC.

    `by` names it where the service itself does not, as its load balancers and endpoints do.
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
        why = (
            f"{service.address}.{FIRST} names nothing of this plan: make sure that it names subnets"
        )
        return undetermined(service.address, (*doubts, why)[0], at=FIRST)
    return passed(
        service.address,
        f"all it touches stands in {parts[0].home.shown}",
        path=(*steps_to(service.resource, parts[0].at, parts[0].edge), parts[0].home.step),
        certainty=weakest(*(part.home.certainty for part in parts)),
    )


def _endpoints(here: Home, platform: Platform) -> Iterator[_Part]:
    """What the endpoints of a VPC stand in and are guarded by."""
    graph = platform.graph
    for endpoint in platform.homes.endpoints_in(here):
        for path, types in {"subnet_ids": SUBNETS, "security_group_ids": SECURITY_GROUPS}.items():
            by = (Step(endpoint.address, path, "an endpoint of the same VPC"),)
            for edge in graph.resolve(endpoint, path, types).targets:
                yield _Part(FIRST, edge, platform.homes.of(graph.resource_of(edge)), by)


def _parts(service: Service, platform: Platform) -> Iterator[_Part]:
    graph = platform.graph
    for path, types in PATHS.items():
        for edge in graph.resolve(service.resource, path, types).targets:
            yield _Part(path, edge, platform.homes.of(graph.resource_of(edge)))
    yield from _balanced(service, platform)
    yield from _registered(service, platform)
    for subnet in platform.placement(service).subnets:
        for table in map(graph.resource, sorted(subnet.egress.tables)):
            if table is not None and table.mode == "managed" and table.type in ROUTE_TABLES:
                yield _Part(FIRST, subnet.target, platform.homes.of(table))


def _balanced(service: Service, platform: Platform) -> Iterator[_Part]:
    """Target groups, and what stands around the load balancers before them.

    What a load balancer touches is no surer than the load balancer itself.
    """
    graph, balancing = platform.graph, platform.balancing
    for attachment in balancing.attachments_of(service):
        at = attachment.attribute
        for edge in attachment.groups.targets:
            yield _Part(at, edge, platform.homes.of(graph.resource_of(edge)))
        for way in balancing.ways_of(attachment):
            groups = graph.resolve(way.balancer, "security_groups", SECURITY_GROUPS).targets
            subnets = balancing.subnets_of(way.balancer)
            for path, edges in ((subnets.attribute, subnets.edges), ("security_groups", groups)):
                by = (Step(way.balancer.address, path, "sends to the service"),)
                for edge in edges:
                    home = platform.homes.of(graph.resource_of(edge))
                    yield _Part(at, edge if way.is_sure else way.weakest, home, by)


def _registered(service: Service, platform: Platform) -> Iterator[_Part]:
    """Private namespaces that a service is registered in."""
    path, graph = "service_registries[0].registry_arn", platform.graph
    for edge in graph.resolve(service.resource, path, [REGISTRY]).targets:
        registry = graph.resource_of(edge)
        for target in graph.resolve(registry, "dns_config[0].namespace_id", [NAMESPACE]).targets:
            weaker = edge if target.is_sure else target
            yield _Part(path, weaker, platform.homes.of(graph.resource_of(target), "vpc"))


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
    wrong = other if first.home.is_new or not other.home.is_new else first
    right = first if wrong is other else other
    named = wrong.home.holder.address
    symptom = SYMPTOMS[wrong.home.holder.type]
    return fail(
        service.address,
        f"{_used(first)} stands in {first.home.shown} and {_used(other)} in {other.home.shown}: a "
        "service and all it uses must share one VPC",
        path=(*_steps(service, first), *_steps(service, other)[other.at == first.at :]),
        certainty=weakest(
            first.home.certainty, other.home.certainty, certainty_of(first.edge, other.edge)
        ),
        symptom=BALANCED if wrong.at.startswith("load_balancer") else symptom,
        strikes=Phase.RUNTIME if symptom == UNREACHED else Phase.APPLY,
        cause=named,
        fix=f"put {named} into {right.home.shown} as well, or use one that stands there",
        snippet=_moved(wrong.home, platform.graph.resource(right.home.address), right.home.vpc_id),
    )


def _used(part: _Part) -> str:
    """A part as a message calls it, with what uses it."""
    return part.home.holder.address + "".join(f", which {one.address} uses," for one in part.by)


def _steps(service: Service, part: _Part) -> tuple[Step, ...]:
    first = steps_to(service.resource, part.at, part.edge)[0]
    return (first, *part.by, part.home.step)


def _moved(wrong: Home, vpc: Resource | None, vpc_id: str) -> str:
    """What stands elsewhere, in the right VPC."""
    holder = wrong.holder
    if holder.type == "aws_default_subnet":
        return new("aws_subnet", holder.name, "vpc_id = aws_vpc.MAIN.id")
    if holder.mode == "data":
        return edit(holder, "id = NAME_ONE_OF_THE_RIGHT_VPC")
    named = reference(vpc, "id", holder) if vpc is not None else quoted(vpc_id)
    return edit(holder, f"{wrong.attribute} = {named}")
