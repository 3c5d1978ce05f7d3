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
What may use it could not be followed, or may mean another one: give `--source-dir`.

## Source
Amazon VPC pricing, NAT gateways and public IPv4 addresses; Elastic Load Balancing pricing. Checkov
asks in CKV2_AWS_19 that an Elastic IP belongs to an instance, which one of a NAT gateway never
does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from policyscan.rule import (
    LOAD_BALANCERS,
    TARGET_GROUPS,
    Agrees,
    Confidence,
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
    edit,
    fail,
    in_module,
    not_applicable,
    passed,
    undetermined,
)
from policyscan.rule.uses import (
    TARGETS,
    USES,
    Use,
    put_to_use,
    uses,
    with_targets,
)

NAT, ADDRESS, GROUP = "aws_nat_gateway", "aws_eip", "aws_cloudwatch_log_group"
REPOSITORY, ENDPOINT = "aws_ecr_repository", "aws_vpc_endpoint"

RULE = Rule(
    id="PS903",
    name="resource-orphaned",
    group="COST",
    severity=Severity.LOW,
    title="Nothing is paid for and unused",
    types=(NAT, ADDRESS, *LOAD_BALANCERS, *TARGET_GROUPS, GROUP, REPOSITORY, ENDPOINT),
    checkov=(Agrees("CKV2_AWS_19", "an Elastic IP that something has"),),
)


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
    doubts: list[tuple[Step, str]] = []
    for edge, user in platform.users.of(resource.address, use):
        if uses(use, user):
            step = Step(edge.source, edge.from_attribute)
            if edge.confidence is not Confidence.AMBIGUOUS:
                path = (step, Step(resource.address))
                return passed(resource.address, f"{edge.source} uses it", path=path)
            doubts.append((step, f"may mean another one; {platform.graph.advice}"))
    doubts += platform.users.doubts(use.by)
    return _unused(resource, use, doubts, platform, put_to_use(resource))


def _unused(
    resource: Resource,
    use: Use,
    doubts: Sequence[tuple[Step, str]],
    platform: Platform,
    snippet: str,
) -> Finding:
    """The verdict on what nothing is seen to use; `snippet` is what would."""
    address = resource.address
    if address in platform.graph.handed_out:
        note = Note(Level.INFO, f"{use.says}, but an output hands it out")
        return passed(address, "another configuration may use it", notes=(note,))
    if gated := platform.graph.gated_off(*use.by):
        note = Note(Level.INFO, f"{use.says} as long as {gated[0]} is gated off")
        return passed(address, "what may use it is gated off", notes=(note,))
    if doubts:
        step, why = doubts[0]
        return undetermined(
            address,
            f"whether anything uses {address} is open: {step.address}.{step.attribute} {why}",
            path=(Step(address, use.known_by), step),
        )
    return fail(
        address,
        f"{address} is paid for and unused: {use.says}",
        path=(Step(address, "", use.says),),
        symptom=use.symptom,
        strikes=Phase.RUNTIME,
        cause=address,
        fix=f"remove {in_module(address)} and what refers to it, or put it to use",
        snippet=snippet,
    )


def _judge_balancer(balancer: Resource, platform: Platform) -> Finding:
    """A load balancer has a listener, and what it sends to has targets that run."""
    groups = platform.balancing.groups_of(balancer)
    if not groups or platform.balancing.loose:
        return _judge_used(balancer, platform)
    users = [user for group in groups for _, user in platform.users.of(group.address)]
    targets = [each for each in users if each.type in TARGETS]
    for each in targets:
        if not _rests(platform.runners.by_address.get(each.address), platform):
            path = (Step(each.address), Step(groups[0].address), Step(balancer.address))
            return passed(balancer.address, f"it sends to {each.address}", path=path)
    says = f"{groups[0].address}, which it sends to, has no target"
    snippet = with_targets(groups[0])
    if targets:
        says = f"{targets[0].address}, behind it, has a desired_count of 0"
        snippet = edit(targets[0], "desired_count = 1")
    use = Use(TARGETS, says)
    return _unused(balancer, use, platform.users.doubts(TARGETS), platform, snippet)


def _judge_group(group: Resource, platform: Platform) -> Finding:
    """A target group with targets is none too many: that nothing sends to it PS103 says."""
    for edge, user in platform.users.of(group.address):
        if user.type in TARGETS and edge.confidence is not Confidence.AMBIGUOUS:
            path = (Step(edge.source, edge.from_attribute), Step(group.address))
            return passed(group.address, f"{edge.source} is its target", path=path)
    return _judge_used(group, platform)


def _rests(service: Service | None, platform: Platform) -> bool:
    return service is not None and platform.starts_nothing(service)


def _judge_logs(group: Resource, platform: Platform) -> Finding:
    name = group.value("name")
    if isinstance(name, Known) and str(name.value).startswith(BY_NAME):
        return not_applicable(group.address, "a service of AWS writes to it, by its name")
    if definition := platform.log_writers.get(group.address):
        path = (Step(definition.address, "container_definitions"), Step(group.address))
        return passed(group.address, f"{definition.address} logs to it", path=path)
    return _judge_used(group, platform)


def _judge_repository(repository: Resource, platform: Platform) -> Finding:
    address, notes = repository.address, []
    if address not in platform.images.used:
        notes.append(Note(Level.INFO, "no task definition of this plan takes an image from it"))
    policies = platform.graph.joins({"aws_ecr_lifecycle_policy": "repository"}, [REPOSITORY])
    if not policies.to(address):
        text = "without an aws_ecr_lifecycle_policy it keeps, and bills, every image ever pushed"
        notes.append(Note(Level.INFO, text))
    return passed(address, "an empty repository costs nothing", notes=tuple(notes))


def _judge_endpoint(endpoint: Resource, platform: Platform) -> Finding:
    if endpoint.value("vpc_endpoint_type") != Known("Interface"):
        return not_applicable(endpoint.address, "only interface endpoints are paid for")
    own = (each.address for each in platform.network.vpcs_of(endpoint))
    beside = (
        f"{nat.address} gives its VPC a way to the same service: both are paid for"
        for nat in platform.network.nats_in(*own)
    )
    notes = tuple(Note(Level.INFO, text) for text in islice(beside, 1))
    return passed(endpoint.address, "it is in use", notes=notes)
