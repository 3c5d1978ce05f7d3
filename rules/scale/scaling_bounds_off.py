"""A service scales between the agreed bounds, and starts inside them.

## Why
A minimum of one task is an outage with every deployment and every lost task; a low maximum is a
ceiling that shows under load only.

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
SYMPTOM = "the apply ends green; too few tasks run, or a ceiling shows under load"
REFUSED = "ValidationException: Maximum capacity cannot be less than minimum capacity"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per scalable target of an ECS service."""
    for target in platform.scaling.targets:
        yield _judge(target, platform, parameters)


def _judge(target: ScalableTarget, platform: Platform, parameters: Parameters) -> Finding:
    problems: list[Problem] = []
    questions: list[Question] = []
    low, high = (number_of(target.resource.value(name)) for name in (LOW, HIGH))
    is_reversed = low is not None and high is not None and high < low
    for name, wanted in ((LOW, parameters["min"]), (HIGH, parameters["max"])):
        match target.resource.value(name):
            case Known(value) as known if value != wanted:
                problems.append(
                    Problem(
                        f"{name} is {known}, not {wanted}",
                        (Step(target.address, name, str(known)),),
                        REFUSED if is_reversed else SYMPTOM,
                        f"Let it scale between {parameters['min']} and {parameters['max']} tasks.",
                        Phase.APPLY if is_reversed else Phase.RUNTIME,
                        snippet=_bounded(target.resource, parameters),
                    )
                )
            case Unknown():
                why = f"{target.address}.{name} is known only after apply: write it as a number"
                questions.append(Question(why, name))
    for address in target.services:
        service = platform.graph.resource(address)
        if service is not None and low is not None and high is not None:
            found = _start(service, target, platform, parameters)
            problems += [found] if isinstance(found, Problem) else []
            questions += [found] if isinstance(found, Question) else []
    step = Step(target.address, LOW, f"{parameters['min']} to {parameters['max']}")
    return concluded(
        passed(target.address, "bounds and start as agreed", path=(step,)), problems, questions
    )


def _bounded(target: Resource, parameters: Parameters) -> str:
    bounds = {LOW: str(parameters["min"]), HIGH: str(parameters["max"])}
    return edit(target, arguments(**bounds))


def _start(
    service: Resource, target: ScalableTarget, platform: Platform, parameters: Parameters
) -> Problem | Question | None:
    """What is wrong with the number a service starts with; unset means 0 tasks."""
    low, high = (target.resource.value(name) for name in (LOW, HIGH))
    least, most = number_of(low), number_of(high)
    is_ignored = platform.ignores_changes(service, COUNT)
    if is_ignored and not service.is_created:
        return None
    start = service.value(COUNT)
    count = number_of(start)
    if isinstance(start, Unknown):
        why = f"{service.address}.{COUNT} is known only after apply: write it as a number"
        return Question(why, LOW)
    if None not in {count, least, most} and (least or 0) <= (count or 0) <= (most or 0):
        return None
    if is_ignored is None and not service.is_created:
        why = f"ignores changes of desired_count is not in the plan; {platform.graph.advice}"
        return Question(f"whether {service.address} {why}", LOW)
    said = f"{service.address} starts with no task: desired_count is not set"
    if isinstance(start, Known):
        tasks = "task" if count == 1 else "tasks"
        said = f"{service.address} starts with {start} {tasks}, outside {low} to {high}"
    # What the service starts with is wrong only beside the bounds.
    steps = (
        Step(target.address, LOW, str(low)),
        Step(service.address, COUNT, str(start) if isinstance(start, Known) else "not set"),
    )
    fix = f"Let it start with {parameters['min']} tasks."
    snippet = edit(service, f"{COUNT} = {parameters['min']}")
    return Problem(said, steps, SYMPTOM, fix, Phase.RUNTIME, snippet=snippet)
