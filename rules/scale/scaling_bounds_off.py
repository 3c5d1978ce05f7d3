"""A service scales between the agreed bounds, and starts inside them.

## Why
A minimum of one task is an outage with every deployment and every lost task; a low maximum is a
ceiling that shows under load only. A maximum below the minimum is refused.

## Fix
```hcl
resource "aws_appautoscaling_target" "app" {
  min_capacity = 2
  max_capacity = 10
  # ...
}

resource "aws_ecs_service" "app" {
  desired_count = 2
  # ...
}
```

Where less is enough, say so for the plan: `--set PS303.min=1`.

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
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Problem,
    Question,
    Resource,
    Rule,
    ScalableTarget,
    Severity,
    Step,
    Unknown,
    arguments,
    concluded,
    edit,
    number_of,
    passed,
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

LOW, HIGH, COUNT = "min_capacity", "max_capacity", "desired_count"
SYMPTOMS = {
    (LOW, False): "the apply ends green; too few tasks run where there is little to do",
    (LOW, True): "the apply ends green; more tasks run than there is to do",
    (HIGH, False): "the apply ends green; a ceiling shows under load",
    (HIGH, True): "the apply ends green; under load it scales further than agreed",
}
"""What comes of a bound, by which it is and whether it is too high."""
STRAYED = "the apply ends green; another number of tasks than agreed runs until it scales"
REFUSED = "ValidationException: Maximum capacity cannot be less than minimum capacity"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per scalable target of an ECS service."""
    for target in platform.scaling.targets:
        yield _judge(target, platform, parameters)


def _judge(target: ScalableTarget, platform: Platform, parameters: Parameters) -> Finding:
    low, high = (number_of(target.resource.value(name)) for name in (LOW, HIGH))
    step = Step(target.address, LOW, f"{parameters['min']} to {parameters['max']}")
    good = passed(target.address, "bounds and start as agreed", path=(step,))
    if low is not None and high is not None and high < low:
        return concluded(good, (_reversed(target.resource, parameters),))
    found = [*_bounds(target.resource, parameters)]
    for address in target.services:
        service = platform.graph.resource(address)
        if service is not None and low is not None and high is not None:
            found += _start(service, target.resource, platform, parameters)
    problems = (each for each in found if isinstance(each, Problem))
    return concluded(good, problems, (each for each in found if isinstance(each, Question)))


def _reversed(target: Resource, parameters: Parameters) -> Problem:
    """The problem of bounds the wrong way round, which AWS does not take."""
    low, high = target.value(LOW), target.value(HIGH)
    return Problem(
        f"AWS refuses it: min_capacity is {low}, and max_capacity is {high}, which is less",
        (Step(target.address, LOW, str(low)), Step(target.address, HIGH, str(high))),
        REFUSED,
        f"Let it scale between {parameters['min']} and {parameters['max']} tasks.",
        Phase.APPLY,
        snippet=_bounded(target, parameters),
        cause=target.address,
    )


def _bounds(target: Resource, parameters: Parameters) -> Iterator[Problem | Question]:
    """Bounds that are others than the policy's."""
    for name, wanted in ((LOW, parameters["min"]), (HIGH, parameters["max"])):
        match target.value(name):
            case Known(value) as known if value != wanted:
                yield Problem(
                    f"{name} is {known}, and the policy is {wanted}",
                    (Step(target.address, name, str(known)),),
                    SYMPTOMS[name, (number_of(known) or 0) > wanted],
                    f"Let it scale between {parameters['min']} and {parameters['max']} tasks.",
                    Phase.RUNTIME,
                    snippet=_bounded(target, parameters),
                )
            case Unknown():
                why = f"{target.address}.{name} is known only after apply: write it as a number"
                yield Question(why, name)


def _bounded(target: Resource, parameters: Parameters) -> str:
    bounds = {LOW: str(parameters["min"]), HIGH: str(parameters["max"])}
    return edit(target, arguments(**bounds))


def _start(
    service: Resource, target: Resource, platform: Platform, parameters: Parameters
) -> Iterator[Problem | Question]:
    """What is wrong with the number a service starts with; unset means 0 tasks."""
    is_ignored = platform.ignores_changes(service, COUNT)
    if is_ignored and not service.is_created:
        return
    start = service.value(COUNT)
    if isinstance(start, Unknown):
        why = f"{service.address}.{COUNT} is known only after apply: write it as a number"
        yield Question(why, LOW)
        return
    count, least, most = (number_of(each) or 0 for each in (start, *map(target.value, (LOW, HIGH))))
    if least <= count <= most:
        return
    if is_ignored is None and not service.is_created:
        why = f"ignores changes of desired_count is not in the plan; {platform.graph.advice}"
        yield Question(f"whether {service.address} {why}", LOW)
        return
    said = f"{service.address} starts with no task: desired_count is not set"
    if isinstance(start, Known):
        tasks = "task" if count == 1 else "tasks"
        scales = f"scales between {target.value(LOW)} and {target.value(HIGH)}"
        said = f"{service.address} starts with {start} {tasks}, and {scales}"
    # What the service starts with is wrong only beside the bounds.
    steps = (
        Step(target.address, LOW, str(target.value(LOW))),
        Step(service.address, COUNT, str(start) if isinstance(start, Known) else "not set"),
    )
    fix = f"Let it start with {parameters['min']} tasks."
    snippet = edit(service, f"{COUNT} = {parameters['min']}")
    yield Problem(said, steps, STRAYED, fix, Phase.RUNTIME, snippet=snippet)
