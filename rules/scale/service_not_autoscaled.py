"""Every service needs a scalable target that really points at it.

Application Auto Scaling finds a service by text: `service/<cluster name>/<service name>`. An ARN
in it, another cluster's name or a service nobody creates is a target for nothing.

## Why
Without a working target the number of tasks never follows the load.

## Fix
```hcl
resource "aws_appautoscaling_target" "app" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.app.name}"
  min_capacity       = 2
  max_capacity       = 10
}
```

Where a service need not be scaled, set `PS301.scaling` to `any`: then only a target that exists has
to point at its service.

## When unknown
The `resource_id` of a target is known only after apply and its references end in a local. Give
`--source-dir`.

## Source
Application Auto Scaling API Reference, RegisterScalableTarget, ResourceId.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Certainty,
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    ScalableTarget,
    Service,
    Severity,
    Step,
    arguments,
    block,
    edit,
    fail,
    for_each_of,
    new,
    not_applicable,
    passed,
    quoted,
    reference,
    undetermined,
)

RULE = Rule(
    id="PS301",
    name="service-not-autoscaled",
    group="SCALE",
    severity=Severity.HIGH,
    title="Every service has a working scalable target",
    types=("aws_ecs_service",),
    parameters=(
        Parameter(
            "scaling",
            "required",
            "whether every service has to be scaled, or may be",
            choices=("required", "any"),
        ),
    ),
)

UNSCALED = "the apply ends green; the number of tasks never follows the load"
UNSUPPORTED = (
    "ValidationException: Unsupported service namespace, resource type or scalable dimension"
)
NAMES = "Build resource_id from the names of the cluster and of the service."


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform, parameters)


def _judge(service: Service, platform: Platform, parameters: Parameters) -> Finding:
    if service.is_daemon:
        return not_applicable(service.address, "a DAEMON service runs one task per instance")
    if service.controller == "EXTERNAL":
        return not_applicable(service.address, "an EXTERNAL deployment controller scales by itself")
    targets = platform.scaling.targets_of(service)
    is_asked = parameters["scaling"] == "required"
    if not targets:
        return _without_target(service, platform, is_asked=is_asked)
    target = targets[0]
    path = (Step(target.address, "resource_id", target.resource_id), Step(service.address, "name"))
    certainty = Certainty.PROVEN if target.is_exact else Certainty.INFERRED
    if target.problem:
        return fail(
            service.address,
            f"{target.address}: {target.problem}",
            path=path,
            certainty=certainty,
            symptom=UNSUPPORTED,
            strikes=Phase.APPLY,
            cause=target.address,
            fix=NAMES,
            snippet=_renamed(target.resource, service, platform),
        )
    suspended = "suspended_state[0].dynamic_scaling_out_suspended"
    if is_asked and target.resource.value(suspended) == Known(value=True):
        return fail(
            service.address,
            f"{target.address} does not scale out: {suspended} is true",
            path=(*path, Step(target.address, suspended, "true")),
            symptom=UNSCALED,
            strikes=Phase.RUNTIME,
            cause=target.address,
            fix="Let it scale out again.",
            snippet=edit(
                target.resource, block("suspended_state", "dynamic_scaling_out_suspended = false")
            ),
        )
    if _races(target, service, platform):
        return fail(
            service.address,
            f"{target.address} names the service as text and does not wait for it",
            path=path,
            symptom=f"ECS service doesn't exist: {target.resource_id}",
            strikes=Phase.APPLY,
            severity=Severity.MEDIUM,
            cause=target.address,
            fix=NAMES,
            snippet=_renamed(target.resource, service, platform),
        )
    if len(targets) < len(target.services):
        why = (
            f"which service {target.address} is for is known only after apply: name it by reference"
        )
        return undetermined(service.address, why, path=path)
    return passed(service.address, f"scaled by {target.address}", path=path, certainty=certainty)


def _without_target(service: Service, platform: Platform, *, is_asked: bool) -> Finding:
    for target in platform.scaling.loose_targets:
        why = "; ".join(target.unresolved) or "its references name no service"
        why = f"{target.address}.resource_id could not be followed: {why}"
        why = f"{why}; {platform.graph.advice}"
        return undetermined(service.address, why, at="name")
    astray = platform.scaling.astray_for(service)
    if not is_asked and not astray:
        return not_applicable(service.address, "nothing scales it")
    hint = f"; {astray[0].address} points at {astray[0].resource_id!r}" if astray else ""
    return fail(
        service.address,
        f"no scalable target points at it{hint}",
        path=(Step(service.address, "name"), *(Step(t.address, "resource_id") for t in astray)),
        symptom=UNSCALED,
        strikes=Phase.RUNTIME,
        fix=NAMES if astray else "Add a scalable target for it.",
        snippet=_renamed(astray[0].resource, service, platform)
        if astray
        else _target(service, platform),
    )


def _cluster(service: Service, beside: Resource, platform: Platform) -> str:
    """The name of a service's cluster as HCL."""
    found = (platform.graph.resource_of(target) for target in service.clusters.targets)
    names = (
        reference(each, "name" if each.mode == "managed" else "cluster_name", beside)
        for each in found
    )
    return next(names, "aws_ecs_cluster.CLUSTER.name")


def _resource_id(cluster: str, service: str) -> str:
    return f'"service/${{{cluster}}}/${{{service}}}"'


def _renamed(target: Resource, service: Service, platform: Platform) -> str:
    """A target that names the cluster and the service by reference."""
    name = reference(service.resource, "name", target)
    return edit(target, f"resource_id = {_resource_id(_cluster(service, target, platform), name)}")


def _target(service: Service, platform: Platform) -> str:
    """A new target for each instance of a service's block."""
    resource = service.resource
    one, lines = for_each_of(resource)
    body = arguments(
        service_namespace=quoted("ecs"),
        scalable_dimension=quoted("ecs:service:DesiredCount"),
        resource_id=_resource_id(_cluster(service, resource, platform), f"{one}.name"),
        min_capacity="2",
        max_capacity="10",
    )
    return new("aws_appautoscaling_target", resource.name, *lines, body)


def _races(target: ScalableTarget, service: Service, platform: Platform) -> bool:
    """Whether a new service may not exist yet when the target is registered."""
    return (
        service.resource.is_created
        and target.resource.is_created
        and not target.unresolved
        and not platform.graph.depends_on(target.address, service.address)
    )
