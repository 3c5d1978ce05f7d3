"""A target group's health check can succeed.

AWS takes a timeout only below the interval, and answers it compares only within what its protocol
knows. A service that is behind a target group and has no grace period lets a task that is still
starting be counted unhealthy and stopped.

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
An argument of the health check is known only after apply.

## Source
Elastic Load Balancing API Reference, CreateTargetGroup; Amazon ECS Developer Guide, "Service event
messages"; Terraform AWS provider, defaults of health_check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from policyscan.rule import (
    TARGET_GROUPS,
    Absent,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    Value,
    arguments,
    block,
    edit,
    fail,
    not_applicable,
    number_of,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS113",
    name="health-check-implausible",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="A target group's health check can succeed",
    types=TARGET_GROUPS,
)

INTERVAL = 30
UNHEALTHY = 3
SHORTEST = 5
CODES = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
RANGES = {"application": (200, 499), "network": (200, 599), "gRPC": (0, 99)}
MATCHER = "health_check[0].matcher"
DECIDING = ("enabled", "interval", "timeout", "matcher")


class _Problem(NamedTuple):
    """What is wrong; `right` is what the block health_check should hold instead."""

    at: str
    message: str
    fix: str
    right: str
    symptom: str
    strikes: Phase = Phase.APPLY


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per target group."""
    for group in platform.graph.of_type(*TARGET_GROUPS):
        if not group.is_deleted:
            yield _judge(group, platform)


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
            f"its health check waits for {codes}: a number or range from {lowest} to {highest} "
            "would be right",
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
            "let it wait shorter for an answer than until it asks again",
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
    for service in platform.services:
        grace = service.resource.value("health_check_grace_period_seconds")
        seconds = 0 if isinstance(grace, Absent) else number_of(grace)
        groups = {
            target.address
            for attachment in platform.balancing.attachments_of(service)
            for target in attachment.groups.targets
        }
        if group.address in groups and seconds is not None and seconds < interval * threshold:
            text = (
                f"{service.address} gives a starting task {seconds} seconds of grace; it counts "
                f"as unhealthy after {interval * threshold}"
            )
            yield Note(Level.WARNING, text)
