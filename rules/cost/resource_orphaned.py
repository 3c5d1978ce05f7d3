"""Nothing may be paid for that nothing uses.

A NAT gateway without a route, an Elastic IP that nobody has, a load balancer that sends to nobody:
each works, and each is on the bill by the hour.

## Why
What used it was removed, or never written. Nothing breaks, so nobody looks.

## Fix
Remove the resource, or write what was to use it: the route, the association, the listener.

    resource "aws_route" "out" {
      route_table_id         = aws_route_table.private.id
      destination_cidr_block = "0.0.0.0/0"
      nat_gateway_id         = aws_nat_gateway.main.id
    }

A failure is of low severity: another configuration may use the resource without this plan showing
it. What a root output hands out passes, as does what waits for a service that `count` or `for_each`
gates off. Notes alone are given for a repository that no task definition of the plan uses, or that
has no lifecycle policy, and for an interface endpoint in a VPC that has a NAT gateway too.

## When unknown
What may use it could not be followed: give `--source-dir`.

## Source
Amazon VPC pricing, NAT gateways and public IPv4 addresses; Elastic Load Balancing pricing. Checkov
asks in CKV2_AWS_19 that an Elastic IP belongs to an instance, which one of a NAT gateway never
does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

from policyscan.rule import (
    LISTENER_RULES,
    LISTENERS,
    LOAD_BALANCERS,
    TARGET_GROUPS,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    arguments,
    fail,
    in_module,
    new,
    not_applicable,
    passed,
    quoted,
    removed,
    undetermined,
)

NAT, ADDRESS, GROUP = "aws_nat_gateway", "aws_eip", "aws_cloudwatch_log_group"
REPOSITORY, ENDPOINT, SERVICE = "aws_ecr_repository", "aws_vpc_endpoint", "aws_ecs_service"

RULE = Rule(
    id="PS903",
    name="resource-orphaned",
    group="COST",
    severity=Severity.LOW,
    title="Nothing is paid for and unused",
    types=(NAT, ADDRESS, *LOAD_BALANCERS, *TARGET_GROUPS, GROUP, REPOSITORY, ENDPOINT),
)


class Use(NamedTuple):
    """What uses a resource: by type the attribute that names it. `says` is how it goes without.

    `has_others`: whatever else refers to it uses it too.
    """

    by: Mapping[str, str]
    says: str
    symptom: str = "it is on the bill by the hour"
    has_others: bool = False


ROUTES = {"aws_route": "nat_gateway_id", "aws_route_table": "route"}
LISTENS = dict.fromkeys(LISTENERS, "load_balancer_arn")
SENDS = dict.fromkeys(LISTENERS, "default_action") | dict.fromkeys(LISTENER_RULES, "action")
TARGETS = {
    SERVICE: "load_balancer",
    "aws_ecs_task_set": "load_balancer",
    "aws_autoscaling_attachment": "lb_target_group_arn",
    "aws_autoscaling_group": "target_group_arns",
    "aws_lb_target_group_attachment": "target_group_arn",
}
LOGS = {"aws_ecs_task_definition": "container_definitions"}
HOLDS = {NAT: "allocation_id", "aws_eip_association": "allocation_id", "aws_lb": "subnet_mapping"}
BY_MONTH = "what it holds is on the bill by the month"
USES = {
    NAT: Use(ROUTES, "no route leads to it"),
    ADDRESS: Use(HOLDS, "nothing has this address", has_others=True),
    GROUP: Use(LOGS, "nothing in this plan writes to it", BY_MONTH, has_others=True),
    **dict.fromkeys(LOAD_BALANCERS, Use(LISTENS, "it has no listener")),
    **dict.fromkeys(
        TARGET_GROUPS, Use(SENDS, "no listener sends to it", "its targets get no request")
    ),
}
NO_USE = ("aws_cloudwatch_", "aws_iam_", "aws_route53_", "aws_wafv2_", "aws_security_group")
"""How types begin that speak about a resource, and do not use it."""
BY_NAME = ("/aws/", "API-Gateway-Execution-Logs", "aws-waf-logs-")
"""How log groups are called that AWS itself writes to, by that name."""
HELD_BY = ("instance", "network_interface")
"""Where an Elastic IP says itself who has it."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource that is paid for by itself."""
    judges = {
        **dict.fromkeys(LOAD_BALANCERS, _judge_balancer),
        **dict.fromkeys(TARGET_GROUPS, _judge_group),
        GROUP: _judge_logs,
        REPOSITORY: _judge_repository,
        ENDPOINT: _judge_endpoint,
    }
    for resource in platform.graph.of_type(*RULE.types):
        if not resource.is_deleted:
            yield judges.get(resource.type, _judge_used)(resource, platform)


def _judge_used(resource: Resource, platform: Platform) -> Finding:
    """Whether anything uses a resource, by the table."""
    use = USES[resource.type]
    if held := next((name for name in HELD_BY if resource.is_written(name)), ""):
        return passed(resource.address, f"{held} says who has it", at=held)
    open_users = []
    for edge in platform.graph.edges.into(resource.address):
        user = platform.graph.resource(edge.source)
        if user is None or user.mode != "managed" or edge.kind != "value" or user.is_deleted:
            continue
        if user.type in use.by or (use.has_others and not user.type.startswith(NO_USE)):
            if edge.confidence != "ambiguous":
                path = (Step(edge.source, edge.from_attribute), Step(resource.address))
                return passed(resource.address, f"{edge.source} uses it", path=path)
            open_users.append(f"whether {edge.source}.{edge.from_attribute} means it is open")
    open_users += _open_users(use.by, platform)
    return _unused(resource, use, open_users, platform)


def _open_users(by: Mapping[str, str], platform: Platform) -> Iterator[str]:
    """What may use it as well, and could not be followed."""
    for user in platform.graph.of_type(*by):
        found = platform.graph.resolve(user, by[user.type])
        if not user.is_deleted and found.is_open:
            why = "; ".join(found.unresolved) or platform.graph.advice
            yield f"what {user.address}.{by[user.type]} names is known only after apply: {why}"


def _unused(resource: Resource, use: Use, open_users: list[str], platform: Platform) -> Finding:
    address = resource.address
    if address in platform.graph.handed_out:
        note = Note(Level.INFO, f"{use.says}, but an output hands it out")
        return passed(address, "another configuration may use it", notes=(note,))
    if gated := platform.graph.gated_off(*use.by):
        note = Note(Level.INFO, f"{use.says} as long as {gated[0]} is gated off")
        return passed(address, "what may use it is gated off", notes=(note,))
    if open_users:
        return undetermined(address, f"whether anything uses {address} is open: {open_users[0]}")
    return fail(
        address,
        f"{address} is paid for and unused: {use.says}",
        path=(Step(address, "", use.says),),
        symptom=use.symptom,
        strikes=Phase.RUNTIME,
        cause=address,
        fix=f"remove {in_module(address)}, or write what is to use it",
        snippet=_snippet(resource),
    )


def _judge_balancer(balancer: Resource, platform: Platform) -> Finding:
    """A load balancer has a listener, and what it sends to has targets that run."""
    listeners = platform.balancing.listeners_of(balancer)
    groups = sorted(
        group.address
        for group in platform.graph.of_type(*TARGET_GROUPS)
        for sender in platform.balancing.senders_of(group.address)
        if sender.listener in listeners
    )
    if not listeners or not groups or platform.balancing.loose:
        return _judge_used(balancer, platform)
    users = {
        edge.source: platform.graph.resource(edge.source)
        for group in groups
        for edge in platform.graph.edges.into(group)
        if edge.kind == "value"
    }
    targets = [each for each in users.values() if each and each.type in TARGETS]
    services = {service.address: service for service in platform.services}
    running = [each for each in targets if not _rests(services.get(each.address), platform)]
    if running:
        path = (Step(running[0].address), Step(groups[0]), Step(balancer.address))
        return passed(balancer.address, f"it sends to {running[0].address}", path=path)
    says = f"{groups[0]}, which it sends to, has no target"
    if targets:
        says = f"{targets[0].address}, behind it, has a desired_count of 0"
    return _unused(balancer, Use(TARGETS, says), list(_open_users(TARGETS, platform)), platform)


def _judge_group(group: Resource, platform: Platform) -> Finding:
    """A target group with targets is none too many: that nothing sends to it PS103 says."""
    for edge in platform.graph.edges.into(group.address):
        user = platform.graph.resource(edge.source)
        is_sure = edge.kind == "value" and edge.confidence != "ambiguous"
        if is_sure and user and user.type in TARGETS and not user.is_deleted:
            path = (Step(edge.source, edge.from_attribute), Step(group.address))
            return passed(group.address, f"{edge.source} is its target", path=path)
    return _judge_used(group, platform)


def _rests(service: Service | None, platform: Platform) -> bool:
    return service is not None and platform.starts_nothing(service)


def _judge_logs(group: Resource, platform: Platform) -> Finding:
    name = group.value("name")
    if isinstance(name, Known) and str(name.value).startswith(BY_NAME):
        return not_applicable(group.address, "a service of AWS writes to it, by its name")
    for definition in platform.task_definitions:
        named = (platform.logs.group(each) for each in platform.logs.of(definition) or ())
        if group.address in {each.resource.address for each in named if each.resource}:
            path = (Step(definition.address, "container_definitions"), Step(group.address))
            return passed(group.address, f"{definition.address} logs to it", path=path)
    return _judge_used(group, platform)


def _judge_repository(repository: Resource, platform: Platform) -> Finding:
    address, notes = repository.address, []
    used = {
        target.address
        for definition in platform.task_definitions
        for origin in platform.images.of(definition).origins
        for target in origin.repositories
    }
    if address not in used:
        notes.append(Note(Level.INFO, "no task definition of this plan takes an image from it"))
    policies = platform.graph.of_type("aws_ecr_lifecycle_policy")
    resolve = partial(platform.graph.resolve, path="repository", types=[REPOSITORY])
    if not any(address in {t.address for t in resolve(each).targets} for each in policies):
        text = "without an aws_ecr_lifecycle_policy it keeps, and bills, every image ever pushed"
        notes.append(Note(Level.INFO, text))
    return passed(address, "an empty repository costs nothing", notes=tuple(notes))


def _judge_endpoint(endpoint: Resource, platform: Platform) -> Finding:
    if endpoint.value("vpc_endpoint_type") != Known("Interface"):
        return not_applicable(endpoint.address, "only interface endpoints are paid for")
    network, resolve = platform.network, platform.graph.resolve
    own = {each.address for each in network.vpcs_of(endpoint)}
    for nat in platform.graph.of_type(NAT):
        subnets = [platform.graph.resource(t.address) for t in resolve(nat, "subnet_id").targets]
        if any(own & {each.address for each in network.vpcs_of(one)} for one in subnets if one):
            text = f"{nat.address} gives its VPC a way to the same service: both are paid for"
            notes = (Note(Level.INFO, text),)
            return passed(endpoint.address, "it is in use", notes=notes)
    return passed(endpoint.address, "it is in use")


def _snippet(resource: Resource) -> str:
    """What would use it, where one resource does; else what takes it away."""
    here, name = in_module(resource.address), resource.name
    match resource.type:
        case "aws_nat_gateway":
            return new(
                "aws_route",
                name,
                arguments(
                    route_table_id="aws_route_table.PRIVATE.id",
                    destination_cidr_block=quoted("0.0.0.0/0"),
                    nat_gateway_id=f"{here}.id",
                ),
            )
        case "aws_eip":
            held = arguments(allocation_id=f"{here}.id", instance_id="aws_instance.INSTANCE.id")
            return new("aws_eip_association", name, held)
    return removed(resource)
