"""A task with a network interface of its own is registered by address: `target_type = "ip"`.

Fargate tasks, and all tasks in awsvpc mode, have addresses of their own. A target group takes
instances unless it is told otherwise. Tasks in bridge or host mode share their instance's address
and need a target group of instances.

## Why
The default is the wrong one for Fargate, and `terraform validate` and `plan` are content.

## Fix
```hcl
resource "aws_lb_target_group" "app" {
  target_type = "ip"
  # ...
}
```

## When unknown
The target group is not in this plan, its type is known only after apply, or the network mode of
the tasks is not told.

## Source
Amazon ECS Developer Guide, "Use load balancing to distribute Amazon ECS service traffic"; ECS API
Reference, CreateService; Terraform AWS provider, default of target_type.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Attachment,
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Rule,
    Severity,
    Step,
    Target,
    certainty_of,
    edit,
    effective,
    fail,
    network_mode,
    not_applicable,
    passed,
    settle,
    steps_to,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS104",
    name="target-group-type-mismatch",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="A target group's type fits the network mode of the tasks in it",
    types=("aws_ecs_service",),
)

SYMPTOM = (
    "InvalidParameterException: The provided target group ... has target type %s, which is "
    "incompatible with the %s network mode specified in the task definition"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        attachments = tuple(platform.balancing.attachments_of(service))
        if not attachments:
            yield not_applicable(service.address, "it has no target group")
            continue
        mode = network_mode(service, platform.graph)
        yield worst(_judge(each, mode, platform) for each in attachments)


def _judge(attachment: Attachment, mode: str, platform: Platform) -> Finding:
    address, at = attachment.service.address, attachment.attribute
    if not mode:
        why = (
            f"the network mode of the tasks of {address} is not in this plan; "
            f"{platform.graph.advice}"
        )
        return undetermined(address, why, at="task_definition")
    judged = [
        (_judge_group(attachment, target, mode, platform), target.is_sure)
        for target in attachment.groups.targets
    ]
    if not judged:
        why = "; ".join(attachment.groups.unresolved) or "it is not in this plan"
        look = "look it up with a data source to have its type compared"
        return undetermined(address, f"{address}.{at} cannot be judged: {why}; {look}", at=at)
    why = f"which target group {address}.{at} names is not in the plan; {platform.graph.advice}"
    return settle(address, judged, why)


def _judge_group(attachment: Attachment, target: Target, mode: str, platform: Platform) -> Finding:
    address = attachment.service.address
    group = platform.graph.resource_of(target)
    kind = effective(group, "target_type")
    wanted = "ip" if mode == "awsvpc" else "instance"
    path = steps_to(attachment.service.resource, attachment.attribute, target)
    match kind:
        case Known(value) if value == wanted:
            text = f"{target.address} takes {wanted} targets, as {mode} tasks need"
            return passed(address, text, path=path, certainty=certainty_of(target))
        case Known():
            found = str(kind)
        case _:
            why = f"{target.address}.target_type is known only after apply: write it as a constant"
            return undetermined(address, why, path=path)
    return fail(
        address,
        f"{target.address} takes {found} targets, and its tasks run in {mode} mode",
        path=(*path[:-1], Step(target.address, "target_type", f"it is {found}")),
        certainty=certainty_of(target),
        symptom=SYMPTOM % (found, mode),
        strikes=Phase.APPLY,
        cause=target.address,
        fix=f"let {target.address} take {wanted} targets; that replaces it, so that it needs a "
        "name_prefix and create_before_destroy while a listener uses it",
        snippet=edit(group, f'target_type = "{wanted}"'),
    )
