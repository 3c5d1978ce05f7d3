"""A service spreads over two availability zones, and its load balancer covers them.

## Why
One zone is one outage. A task in a zone the load balancer does not cover is registered and never
used: `Target.NotInUse`.

## Fix
Name subnets of at least two zones in the service's `network_configuration`, and subnets of the
same zones in the load balancer. Run at least two tasks.

```hcl
resource "aws_ecs_service" "app" {
  desired_count = 2

  network_configuration {
    subnets = [aws_subnet.private_a.id, aws_subnet.private_b.id]
  }
  # ...
}
```

## When unknown
A subnet is not in the plan, AWS picks its zone (`availability_zone` is not set), or the zones of
the load balancer or the number of tasks are known only after apply. A network load balancer that
sends across zones may reach tasks in a zone it does not cover: confirm that.

## Source
Elastic Load Balancing User Guide, "Health checks for target groups"; Amazon ECS API Reference,
AwsVpcConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    ABSENT,
    SUBNETS,
    Finding,
    Known,
    Level,
    Note,
    Parameter,
    Parameters,
    Phase,
    Placement,
    Platform,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Struct,
    Unknown,
    Value,
    edit,
    fail,
    in_private_subnets,
    is_zone_id,
    not_applicable,
    number_of,
    passed,
    replace,
    undetermined,
    weakest,
)

RULE = Rule(
    id="PS901",
    name="single-az",
    group="HA",
    severity=Severity.HIGH,
    title="Services and their load balancers cover at least two zones, with two tasks",
    types=("aws_ecs_service",),
    parameters=(
        Parameter("zones", 2, "availability zones at least", least=1),
        Parameter("tasks", 2, "tasks at least", least=1),
    ),
)

CROSS_ZONE = "enable_cross_zone_load_balancing"
SUBNETS_OF_TASKS = "network_configuration[0].subnets"
WHICH = "which of several subnets are used is not in the plan"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform, parameters)


def _judge(service: Service, platform: Platform, parameters: Parameters) -> Finding:
    placement = platform.placement(service)
    if not placement.is_given:
        return not_applicable(service.address, "no network configuration: not in awsvpc mode")
    zones = _of_tasks(placement, platform)
    path = tuple(step for subnet in placement.subnets for step in subnet.path[1:2])
    unknown = list(zones.doubts) if len(zones.sure) < parameters["zones"] else []
    if len(zones.possible) < parameters["zones"] and not zones.is_open:
        return fail(
            service.address,
            f"its tasks run in {', '.join(sorted(zones.possible))} alone",
            path=path,
            at=SUBNETS_OF_TASKS,
            symptom="the apply ends green; when that zone fails, the service is gone",
            strikes=Phase.RUNTIME,
            cause=next((each.resource.address for each in placement.subnets), ""),
            fix=f"Name subnets of at least {parameters['zones']} zones.",
            snippet=in_private_subnets(service.resource),
        )
    count = _fewest(service, platform)
    tasks = number_of(count.value)
    if tasks is not None and 0 < tasks < parameters["tasks"]:
        return fail(
            service.address,
            f"it may run on {'one task' if tasks == 1 else f'{count.value} tasks'} alone",
            path=(Step(count.resource.address, count.attribute, str(count.value)),),
            at="desired_count",
            symptom="the apply ends green; a lost task or a deployment is an outage",
            strikes=Phase.RUNTIME,
            cause=count.resource.address,
            fix=f"Run at least {parameters['tasks']} tasks.",
            snippet=edit(count.resource, f"{count.attribute} = {parameters['tasks']}"),
        )
    if isinstance(count.value, Unknown) and parameters["tasks"] > 1:
        why = "is known only after apply: write it as a number"
        unknown.append(f"{count.resource.address}.{count.attribute} {why}")
    if finding := _covered(service, zones, path, unknown, platform):
        return finding
    if unknown:
        is_count = len(unknown) == 1 and isinstance(count.value, Unknown)
        at = "desired_count" if is_count else SUBNETS_OF_TASKS
        return undetermined(service.address, "; ".join(unknown), at=at)
    return passed(
        service.address,
        f"its tasks run in {', '.join(sorted(zones.possible))}",
        path=path,
        at=SUBNETS_OF_TASKS,
        notes=_notes(service),
        certainty=weakest(*(subnet.certainty for subnet in placement.subnets)),
    )


def _covered(
    service: Service,
    zones: _Zones,
    path: tuple[Step, ...],
    unknown: list[str],
    platform: Platform,
) -> Finding | None:
    """A failure when a load balancer leaves out a zone; what is not known of one goes to a list."""
    for balancer in platform.balancing.load_balancers_of(service):
        covered = _of_balancer(balancer, platform)
        every = zones.possible | covered.possible
        left = sorted(zones.sure - covered.possible)
        if covered.is_open or len({is_zone_id(zone) for zone in every}) > 1:
            unknown.append(
                f"which zones {balancer.address} covers is not in the plan: look at its subnets"
            )
        elif left and balancer.value(CROSS_ZONE) == Known(value=True) and _is_network(balancer):
            unknown.append(
                f"{balancer.address} does not cover {', '.join(left)}, where tasks run: make "
                "sure that it sends there across zones"
            )
        elif left:
            return _uncovered(service, balancer, left, path)
        elif not zones.possible <= covered.sure:
            unknown.append(
                f"whether {balancer.address} covers every zone: {WHICH}; {platform.graph.advice}"
            )
    return None


def _uncovered(
    service: Service, balancer: Resource, left: list[str], path: tuple[Step, ...]
) -> Finding:
    return fail(
        service.address,
        f"{balancer.address} does not cover {', '.join(left)}, where tasks run",
        path=(*path, Step(balancer.address, "subnets")),
        at=SUBNETS_OF_TASKS,
        symptom="Target.NotInUse: Target is in an Availability Zone that is not enabled for the "
        "load balancer",
        strikes=Phase.RUNTIME,
        cause=balancer.address,
        fix=f"Add a public subnet of {left[0]} to {balancer.address}, beside those it has.",
        snippet=edit(balancer, f"subnets = concat(SUBNETS, [aws_subnet.{_named(left[0])}.id])"),
    )


def _named(zone: str) -> str:
    """A name in capitals for the subnet of a zone. Example: `PUBLIC_US_EAST_1C`."""
    return f"PUBLIC_{zone.replace('-', '_').upper()}"


def _is_network(balancer: Resource) -> bool:
    return balancer.value("load_balancer_type") == Known("network")


def _notes(service: Service) -> tuple[Note, ...]:
    notes = []
    if service.resource.value("availability_zone_rebalancing") == Known("DISABLED"):
        notes.append(Note(Level.INFO, "availability_zone_rebalancing is DISABLED"))
    providers = [
        service.resource.value(f"capacity_provider_strategy[{index}].capacity_provider")
        for index in range(len(service.resource.elements("capacity_provider_strategy")))
    ]
    if providers and all(each == Known("FARGATE_SPOT") for each in providers):
        notes.append(Note(Level.WARNING, "FARGATE_SPOT alone: AWS may take every task back"))
    return tuple(notes)


class _Zones(Struct, frozen=True):
    """The zones that are used for certain and those that may be, and what keeps more unknown.

    `is_open`: there may be others than `possible`.
    """

    sure: frozenset[str]
    possible: frozenset[str]
    is_open: bool
    doubts: tuple[str, ...] = ()


def _of_tasks(placement: Placement, platform: Platform) -> _Zones:
    """The zones a service's tasks run in."""
    subnets = [(subnet.resource, subnet.is_sure) for subnet in placement.subnets]
    zones = _zones(subnets, placement.missing, platform)
    ids = frozenset(zone for zone in zones.sure if is_zone_id(zone))
    if ids and ids != zones.sure:
        doubts = (
            *zones.doubts,
            "some of its zones are told by name, some by id: write them one way",
        )
        return replace(zones, sure=max(ids, zones.sure - ids, key=len), doubts=doubts)
    return zones


def _of_balancer(balancer: Resource, platform: Platform) -> _Zones:
    """The zones a load balancer covers."""
    written = "subnets" if balancer.is_written("subnets") else "subnet_mapping"
    found = platform.graph.resolve(balancer, written, SUBNETS)
    subnets = [(platform.graph.resource_of(target), target.is_sure) for target in found.targets]
    is_open = not subnets or found.is_open or found.external
    return _zones(subnets, (f"{WHICH}; {platform.graph.advice}",) if is_open else (), platform)


def _zones(
    subnets: list[tuple[Resource, bool]], missing: tuple[str, ...], platform: Platform
) -> _Zones:
    """The zones of subnets, each with whether it is used for certain, when some are `missing`."""
    sure, possible, doubts = set(), set(), list(missing)
    for subnet, is_sure in subnets:
        zone = platform.network.zone(subnet)
        if not isinstance(zone, Known):
            doubts.append(f"the zone of {subnet.address} is known only after apply: write it down")
            continue
        possible.add(str(zone))
        if is_sure:
            sure.add(str(zone))
    is_open = bool(doubts)
    doubts += [f"{WHICH}; {platform.graph.advice}"] if possible != sure else []
    return _Zones(frozenset(sure), frozenset(possible), is_open, tuple(doubts))


class _Count(Struct, frozen=True):
    resource: Resource
    attribute: str
    value: Value


def _fewest(service: Service, platform: Platform) -> _Count:
    """Where the least number of tasks is said: by scaling if there is any, else by the service."""
    if service.is_daemon:
        return _Count(service.resource, "scheduling_strategy", ABSENT)
    for target in platform.scaling.targets_of(service):
        return _Count(target.resource, "min_capacity", target.resource.value("min_capacity"))
    return _Count(service.resource, "desired_count", service.resource.value("desired_count"))
