"""A service scales between the agreed bounds, and starts inside them.

## Why
A minimum of one task is an outage with every deployment and every lost task; a low maximum is a
ceiling that shows under load only.

## Fix
`min_capacity = 2`, `max_capacity = 10`, and a `desired_count` between them.

## When unknown
A bound or the desired count is known only after apply, or whether a service that exists already
ignores changes of `desired_count` stands in source that is not at hand. Give `--source-dir`.

## Source
Application Auto Scaling API Reference, RegisterScalableTarget, MinCapacity. The bounds are the
reference platform's.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Rule,
    ScalableTarget,
    Severity,
    Step,
    Unknown,
    fail,
    number_of,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS303",
    name="scaling-bounds-off",
    group="SCALE",
    severity=Severity.HIGH,
    title="Services scale between the agreed bounds and start inside them",
    types=("aws_appautoscaling_target",),
    parameters=(
        Parameter("min", 2, "tasks at least", least=0),
        Parameter("max", 10, "tasks at most", least=1),
    ),
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per scalable target of an ECS service."""
    for target in platform.scaling.targets:
        yield _judge(target, platform, parameters)


def _judge(target: ScalableTarget, platform: Platform, parameters: Parameters) -> Finding:
    problems: list[tuple[str, Step]] = []
    unknowns: list[str] = []
    for name, wanted in (("min_capacity", parameters["min"]), ("max_capacity", parameters["max"])):
        match target.resource.value(name):
            case Known(value) as known if value != wanted:
                step = Step(target.address, name, str(known))
                problems.append((f"{name} is {known}, not {wanted}", step))
            case Unknown():
                unknowns.append(f"{target.address}.{name} is known only after apply")
    for address in target.services:
        _judge_start(address, target, platform, problems, unknowns)
    if problems:
        path = tuple(step for _, step in problems)
        is_own = path[0].address == target.address
        return fail(
            target.address,
            "; ".join(text for text, _ in problems),
            path=path,
            # What the service starts with is wrong only beside the bounds.
            at="" if is_own else "min_capacity",
            strikes=Phase.RUNTIME,
            fix=f"min_capacity = {parameters['min']}, max_capacity = {parameters['max']}, and "
            f"desired_count = {parameters['min']} on the service",
        )
    if unknowns:
        is_high = unknowns[0].startswith(f"{target.address}.max_capacity")
        at = "max_capacity" if is_high else "min_capacity"
        return undetermined(target.address, "; ".join(unknowns), at=at)
    step = Step(target.address, "min_capacity", f"{parameters['min']} to {parameters['max']}")
    return passed(target.address, "bounds and start as agreed", path=(step,))


def _judge_start(
    address: str,
    target: ScalableTarget,
    platform: Platform,
    problems: list[tuple[str, Step]],
    unknowns: list[str],
) -> None:
    """Whether the service starts inside the target's own bounds; unset means 0 tasks."""
    service = platform.graph.resource(address)
    low, high = target.resource.value("min_capacity"), target.resource.value("max_capacity")
    least, most = number_of(low), number_of(high)
    if service is None or least is None or most is None:
        return
    is_ignored = platform.ignores_changes(service, "desired_count")
    if is_ignored and not service.is_created:
        return
    start = service.value("desired_count")
    count = number_of(start)
    match start:
        case Unknown():
            unknowns.append(f"{address}.desired_count is known only after apply")
        case Known() if count is not None and least <= count <= most:
            pass
        case _ if is_ignored is None and not service.is_created:
            why = f"ignores changes of desired_count is not in the plan; {platform.graph.advice}"
            unknowns.append(f"whether {address} {why}")
        case Known() as known:
            text = f"{address} starts with {known} tasks, outside {low} to {high}"
            problems.append((text, Step(address, "desired_count", str(known))))
        case Absent():
            text = f"{address} starts with no task: desired_count is not set"
            problems.append((text, Step(address, "desired_count", "not set")))
