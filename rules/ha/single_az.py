"""A service spreads over two availability zones, and its load balancer covers them.

## Why
One zone is one outage. A task in a zone the load balancer does not cover is registered and never
used: `Target.NotInUse`.

## Fix
Name subnets of at least two zones in the service's `network_configuration`, and subnets of the
same zones in the load balancer. Run at least two tasks.

## When unknown
A subnet is not in the plan, or AWS picks its zone (`availability_zone` is not set).

## Source
Elastic Load Balancing User Guide, "Health checks for target groups"; Amazon ECS API Reference,
AwsVpcConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Certainty,
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
    fail,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS901",
    name="single-az",
    group="HA",
    severity=Severity.HIGH,
    title="Services and their load balancers cover at least two zones, with two tasks",
    types=("aws_ecs_service",),
    parameters=(
        Parameter("zones", 2, "availability zones at least"),
        Parameter("tasks", 2, "tasks at least"),
    ),
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform, parameters)


def _judge(service: Service, platform: Platform, parameters: Parameters) -> Finding:
    placement = platform.placement(service)
    if not placement.is_given:
        return not_applicable(service.address, "no network configuration: not in awsvpc mode")
    zones, unknown = _zones(placement, platform)
    path = tuple(step for subnet in placement.subnets for step in subnet.path[:2][-1:])
    if len(zones) < parameters["zones"]:
        if unknown:
            return undetermined(service.address, "; ".join(unknown))
        return fail(
            service.address,
            f"its tasks run in {len(zones)} availability zone ({', '.join(sorted(zones))})",
            path=path,
            strikes=Phase.RUNTIME,
            fix=f"name subnets of {parameters['zones']} zones in network_configuration.subnets",
        )
    if few := _too_few(service, platform, parameters["tasks"]):
        return few
    for balancer in platform.balancing.load_balancers_of(service):
        covered = _covered(balancer, platform)
        if covered is not None and (left := sorted(zones - covered)):
            return fail(
                service.address,
                f"{balancer.address} does not cover {', '.join(left)}, where tasks run",
                path=(*path, Step(balancer.address, "subnets")),
                symptom="Target.NotInUse: Target is in an Availability Zone that is not enabled "
                "for the load balancer",
                strikes=Phase.RUNTIME,
                fix=f"add a subnet of {left[0]} to {balancer.address}",
            )
    notes: tuple[Note, ...] = ()
    if service.resource.value("availability_zone_rebalancing") == Known("DISABLED"):
        notes = (Note(Level.INFO, "availability_zone_rebalancing is DISABLED"),)
    proven = all(subnet.certainty is Certainty.PROVEN for subnet in placement.subnets)
    return passed(
        service.address,
        f"its tasks run in {', '.join(sorted(zones))}",
        path=path,
        notes=notes,
        certainty=Certainty.PROVEN if proven else Certainty.INFERRED,
    )


def _zones(placement: Placement, platform: Platform) -> tuple[set[str], list[str]]:
    """The known zones of a placement, and what keeps the others from being known."""
    zones = set()
    unknown = list(placement.missing)
    for subnet in placement.subnets:
        zone = platform.network.zone(subnet.resource)
        if isinstance(zone, Known):
            zones.add(str(zone))
        else:
            unknown.append(f"the zone of {subnet.resource.address} is known only after apply")
    return zones, unknown


def _covered(balancer: Resource, platform: Platform) -> set[str] | None:
    """The zones of a load balancer, None when one of them is not known."""
    found = platform.graph.resolve(balancer, "subnets", ["aws_subnet"])
    subnets = [platform.graph.resource(target.address) for target in found.targets]
    zones = [platform.network.zone(subnet) for subnet in subnets if subnet is not None]
    if not zones or found.is_open or found.external:
        return None
    known = {str(zone) for zone in zones if isinstance(zone, Known)}
    return known if all(isinstance(zone, Known) for zone in zones) else None


def _too_few(service: Service, platform: Platform, wanted: int) -> Finding | None:
    """A failure when fewer tasks are asked for than the least, by count and by scaling."""
    if service.is_daemon:
        return None
    counts = [
        target.resource.value("min_capacity") for target in platform.scaling.targets_of(service)
    ]
    count = service.resource.value("desired_count")
    lowest = counts[0] if counts else count
    if isinstance(lowest, Known) and 0 < lowest.value < wanted:
        return fail(
            service.address,
            f"it may run on {lowest} task",
            path=(Step(service.address, "desired_count", str(lowest)),),
            strikes=Phase.RUNTIME,
            fix=f"run at least {wanted} tasks: desired_count and min_capacity",
        )
    return None
