"""A health check can succeed.

AWS takes a timeout only below the interval, and answers it compares only within what its protocol
knows. A service that is behind a target group and has no grace period lets a task that is still
starting be counted unhealthy and stopped.

A container's own health check has bounds of its own, and a container can wait until another one is
healthy only if that one has a health check.

## Why
One of these is refused by AWS in the middle of an apply. The rest is worse: the apply ends green,
and tasks are replaced for ever.

## Fix
```hcl
health_check {
  path     = "/health"
  matcher  = "200"
  interval = 30
  timeout  = 5
}
```

## When unknown
An argument of the health check is known only after apply. Task definitions whose containers neither
check their health nor wait for others are not judged.

## Source
Amazon ECS API Reference, HealthCheck and ContainerDependency. A command without CMD in front
passes: the reference asks for one, and images are reported to work without (aws/aws-cdk issue
34389). Elastic Load Balancing API Reference, CreateTargetGroup; Amazon ECS Developer Guide,
"Service event messages"; Terraform AWS provider, defaults of health_check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policyscan.rule import (
    ABSENT,
    TARGET_GROUPS,
    Absent,
    Container,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Problem,
    Resource,
    Rule,
    Severity,
    Step,
    Struct,
    TaskImages,
    Unknown,
    Value,
    arguments,
    block,
    concluded,
    edit,
    fail,
    in_container,
    listed,
    mappings_in,
    not_applicable,
    number,
    number_of,
    passed,
    setting,
    undetermined,
    veiled,
)

RULE = Rule(
    id="PS113",
    name="health-check-implausible",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="Health checks of target groups and containers can succeed",
    types=(*TARGET_GROUPS, "aws_ecs_task_definition"),
)

INTERVAL = 30
UNHEALTHY = 3
SHORTEST = 5
CODES = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
RANGES = {"application": (200, 499), "network": (200, 599), "gRPC": (0, 99)}
MATCHER = "health_check[0].matcher"
DEFINITIONS = "container_definitions"
CHECKED = ("healthCheck", "dependsOn")
BOUNDS = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
"""Source: Amazon ECS API Reference, HealthCheck."""
HEALTHY = block("healthCheck =", 'command = ["CMD-SHELL", "CHECK"]')
DECIDING = ("enabled", "interval", "timeout", "matcher")


class _Problem(Struct, frozen=True):
    """What is wrong; `right` is what the block health_check should hold instead."""

    at: str
    message: str
    fix: str
    right: str
    symptom: str
    strikes: Phase = Phase.APPLY


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per target group, and one per task definition that checks its containers."""
    for group in platform.graph.of_type(*TARGET_GROUPS):
        if not group.is_deleted:
            yield _judge(group, platform)
    for definition in platform.task_definitions:
        containers = platform.images.of(definition).containers
        if any(setting(each, name) != ABSENT for each in containers for name in CHECKED):
            yield _judge_containers(platform.images.of(definition))


def _judge_containers(images: TaskImages) -> Finding:
    """The health checks of a task's containers, and what waits for them."""
    definition, containers = images.resource, images.containers
    step = Step(definition.address, DEFINITIONS)
    problems = tuple(_unsound(definition, containers))
    if images.is_sensitive:
        problems = veiled(problems, step, in_container(definition, "", HEALTHY))
    notes = tuple(
        Note(
            Level.INFO,
            f"the health check of container {each.shown} calls curl: its image must have it",
        )
        for each in containers
        if any("curl" in str(word) for word in listed(each, "healthCheck.command"))
    )
    good = passed(definition.address, "its containers can be healthy", path=(step,), notes=notes)
    return concluded(good, problems)


def _unsound(definition: Resource, containers: tuple[Container, ...]) -> Iterator[Problem]:
    checked = {each.name for each in containers if setting(each, "healthCheck") != ABSENT}
    for at, container in enumerate(containers):
        for name, (least, most) in BOUNDS.items():
            amount = number(container, f"healthCheck.{name}")
            if amount is not None and not least <= amount <= most:
                right = block("healthCheck =", f"{name} = {min(max(amount, least), most)}")
                yield Problem(
                    f"{name} of the health check of container {container.shown} is {amount}, and "
                    f"must be from {least} to {most}",
                    (
                        Step(
                            definition.address,
                            f"{DEFINITIONS}[{at}].healthCheck.{name}",
                            str(amount),
                        ),
                    ),
                    "ClientException at RegisterTaskDefinition",
                    f"let {name} be from {least} to {most}",
                    snippet=in_container(definition, container.name, right),
                )
        for each in mappings_in(container.settings, "dependsOn"):
            wanted, waits = each.get("containerName"), each.get("condition") == "HEALTHY"
            if waits and isinstance(wanted, str) and wanted not in checked:
                yield Problem(
                    f"container {container.shown} waits until {wanted} is healthy, and {wanted} "
                    "has no health check",
                    (Step(definition.address, f"{DEFINITIONS}[{at}].dependsOn", "HEALTHY"),),
                    "ClientException at RegisterTaskDefinition",
                    f"give {wanted} a health check, or wait until it has started",
                    snippet=in_container(definition, wanted, HEALTHY),
                )


def _judge(group: Resource, platform: Platform) -> Finding:
    if group.value("target_type") == Known("lambda"):
        return not_applicable(group.address, "a function needs no health check")
    if problem := next(_problems(group), None):
        return fail(
            group.address,
            problem.message,
            path=(Step(group.address, problem.at),),
            symptom=problem.symptom,
            strikes=problem.strikes,
            fix=problem.fix,
            snippet=edit(group, block("health_check", problem.right)),
        )
    for name in DECIDING:
        at = f"health_check[0].{name}"
        if isinstance(group.value(at), Unknown):
            why = f"{group.address}.{at} is known only after apply: write it as a constant"
            return undetermined(group.address, why, at=at)
    if isinstance(group.value("protocol_version"), Unknown) and group.is_written(MATCHER):
        why = (
            f"which answers it may wait for depends on {group.address}.protocol_version, which is "
            "known only after apply: write it as a constant"
        )
        return undetermined(group.address, why, at="protocol_version")
    return passed(
        group.address,
        "its health check can succeed",
        path=(Step(group.address, "health_check"),),
        notes=tuple(_notes(group, platform)),
    )


def _problems(group: Resource) -> Iterator[_Problem]:
    health = {name: group.value(f"health_check[0].{name}") for name in DECIDING}
    yield from _timing(group, health)
    if health["enabled"] == Known(value=False):
        text = "health checks are off, which AWS allows for functions alone"
        symptom = "ValidationError: Health check enabled must be true for target groups with ..."
        fix = f"turn the health check of {group.address} on"
        yield _Problem("health_check[0].enabled", text, fix, "enabled = true", symptom)
    version, codes = group.value("protocol_version"), health["matcher"]
    if not isinstance(codes, Known) or isinstance(version, Unknown):
        return
    kind = "gRPC" if version == Known("GRPC") else _kind(group)
    lowest, highest = RANGES[kind]
    # A check that opens a connection alone has no answer to match.
    if codes.value and not _fits(str(codes), lowest, highest):
        yield _Problem(
            MATCHER,
            f"its health check waits for the answer {codes}, and AWS takes numbers and ranges from "
            f"{lowest} to {highest}",
            f"let it wait for an answer from {lowest} to {highest}",
            f'matcher = "{lowest}"',
            f"ValidationError: Health check matcher ... '{codes}' ...",
        )


def _kind(group: Resource) -> str:
    """The kind of load balancer that may send to it."""
    is_web = group.value("protocol") in {Known("HTTP"), Known("HTTPS")}
    return "application" if is_web else "network"


def _timing(group: Resource, health: dict[str, Value]) -> Iterator[_Problem]:
    """A network load balancer takes a timeout as long as the interval, an application one does not.

    A timeout nobody gave is five seconds or more.
    """
    interval, timeout = health["interval"], health["timeout"]
    if isinstance(interval, Unknown) or isinstance(timeout, Unknown):
        return
    is_web = group.value("protocol") in {Known("HTTP"), Known("HTTPS")}
    every = number_of(interval) or INTERVAL
    wait = number_of(timeout) or SHORTEST
    if wait > every or (wait == every and is_web):
        at = "interval" if isinstance(timeout, Absent) else "timeout"
        yield _Problem(
            f"health_check[0].{at}",
            f"its health check waits {wait} seconds for an answer and asks every {every}",
            "let timeout be less than interval",
            arguments(interval=f"{max(every, INTERVAL):g}", timeout="5"),
            f"ValidationError: Health check timeout '{wait}' must be smaller than the interval "
            f"'{every}'",
        )


def _fits(codes: str, lowest: int, highest: int) -> bool:
    for part in codes.split(","):
        found = CODES.fullmatch(part.strip())
        if found is None:
            return False
        first, last = int(found[1]), int(found[2] or found[1])
        if not lowest <= first <= last <= highest:
            return False
    return True


def _notes(group: Resource, platform: Platform) -> Iterator[Note]:
    """Services behind it that give a starting task no time."""
    interval = number_of(group.value("health_check[0].interval")) or INTERVAL
    threshold = number_of(group.value("health_check[0].unhealthy_threshold")) or UNHEALTHY
    for service in platform.runners.behind(group):
        grace = service.resource.value("health_check_grace_period_seconds")
        seconds = 0 if isinstance(grace, Absent) else number_of(grace)
        if seconds is not None and seconds < interval * threshold:
            text = (
                f"{service.address} gives a starting task {seconds} seconds of grace; it counts "
                f"as unhealthy after {interval * threshold}"
            )
            yield Note(Level.WARNING, text)
