"""A service's target group needs a listener, and the service has to wait for it.

ECS takes a target group only when a load balancer already sends to it. A service that refers to
its target group alone is made beside the listener, not after it: Terraform sees no reason to wait.

## Why
The provider tries again for some four minutes. A new load balancer often takes longer, so that
the same code works one day and fails the next.

## Fix
```hcl
resource "aws_ecs_service" "app" {
  # ...
  depends_on = [aws_lb_listener.http]
}
```

Where a rule sends to the target group: `depends_on = [aws_lb_listener_rule.app]`.

## When unknown
The target group is not managed by this plan, or what a listener sends to could not be followed.

## Source
hashicorp/terraform issue 32908; aws/aws-cdk issue 1160; Terraform AWS provider, creation of
aws_ecs_service, which retries this error. Amazon ECS Developer Guide, "Service load balancing".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain

from policyscan.rule import (
    LISTENERS,
    LOAD_BALANCERS,
    Attachment,
    Finding,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Sender,
    Severity,
    Step,
    Target,
    advised,
    arguments,
    block,
    certainty_of,
    edit,
    fail,
    new,
    not_applicable,
    passed,
    reference,
    settle,
    steps_to,
    together,
    undetermined,
    wait_for,
    weakest,
    worst,
)

RULE = Rule(
    id="PS103",
    name="target-group-detached",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="A service's target group has a listener, and the service waits for it",
    types=("aws_ecs_service",),
)

SYMPTOM = (
    "InvalidParameterException: The target group with targetGroupArn ... does not have an "
    "associated load balancer"
)
SURE = "make sure that a listener sends to it"
SOON = "%s is not waited for, but is made in seconds: ECS is asked again until then"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        findings = [
            _judge(attachment, platform)
            for attachment in platform.balancing.attachments_of(service)
        ]
        if not findings:
            findings = [not_applicable(service.address, "it has no target group")]
        yield worst(findings)


def _judge(attachment: Attachment, platform: Platform) -> Finding:
    address, at = attachment.service.address, attachment.attribute
    targets = attachment.groups.targets
    judged = [(_judge_group(attachment, target, platform), target.is_sure) for target in targets]
    if not judged:
        why = "; ".join(attachment.groups.unresolved) or "it is not in this plan"
        why = f"{address}.{at} cannot be judged: {why}; {SURE}"
        return undetermined(address, why, at=at)
    why = f"which target group {address}.{at} names is not in the plan; {platform.graph.advice}"
    return settle(address, judged, why)


def _judge_group(attachment: Attachment, target: Target, platform: Platform) -> Finding:
    group, service = platform.graph.resource_of(target), attachment.service.resource
    here = steps_to(service, attachment.attribute, target)
    senders = platform.balancing.senders_of(group.address)
    if not senders:
        return _without_listener(attachment, target, group, platform)
    waits = partial(platform.graph.depends_on, service.address)
    standing = (each for each in senders if not each.holder.is_created)
    awaited = (each for each in senders if waits(each.holder.address))
    for sender in chain(standing, awaited):
        is_new = sender.holder.is_created
        what = "is made before the service" if is_new else "stands already"
        return passed(
            service.address,
            f"{sender.holder.address} sends to {group.address} and {what}",
            path=(*here, *sender.steps),
            certainty=weakest(certainty_of(target), sender.certainty),
        )
    if not {"create", "update"} & set(service.actions):
        text = "the service stands, and this plan does not change it"
        return passed(service.address, text, path=here)
    quick = [_is_quick(each, service, platform) for each in senders]
    for sender, is_quick in zip(senders, quick, strict=True):
        if is_quick:
            return passed(
                service.address,
                f"{sender.holder.address} sends to {group.address}",
                path=(*here, *sender.steps),
                certainty=weakest(certainty_of(target), sender.certainty),
                notes=(Note(Level.WARNING, SOON % sender.holder.address),),
            )
    if None in quick:
        why = (
            f"whether what {senders[0].holder.address} belongs to stands already is not in the "
            f"plan; {platform.graph.advice}"
        )
        return undetermined(service.address, why, path=here)
    first = senders[0]
    wait = wait_for(platform.graph, service, first.holder)
    return fail(
        service.address,
        f"it does not wait for {first.holder.address}, and {group.address} belongs to no load "
        "balancer before that",
        path=(*here, *first.steps),
        certainty=weakest(certainty_of(target), first.certainty),
        severity=Severity.HIGH,
        symptom=SYMPTOM,
        strikes=Phase.APPLY,
        cause=first.holder.address,
        fix=wait.fix,
        snippet=wait.snippet,
    )


def _is_quick(sender: Sender, service: Resource, platform: Platform) -> bool | None:
    """Whether what is slow, the load balancer, stands before the service is made."""
    is_listener = sender.holder.type in LISTENERS
    attribute = "load_balancer_arn" if is_listener else "listener_arn"
    found = platform.graph.resolve(sender.holder, attribute, (*LOAD_BALANCERS, *LISTENERS))
    if found.external:
        return True
    if not found.targets:
        return None
    slow = [platform.graph.resource_of(target) for target in found.targets]
    return all(
        not each.is_created
        or (not is_listener and platform.graph.depends_on(service.address, each.address))
        for each in slow
    )


def _without_listener(
    attachment: Attachment, target: Target, group: Resource, platform: Platform
) -> Finding:
    address, at = attachment.service.address, attachment.attribute
    service = attachment.service.resource
    if platform.balancing.loose:
        why = advised(platform.balancing.loose[0], platform.graph.advice)
        return undetermined(address, why, at=at)
    if not group.is_created:
        why = f"no listener of this plan sends to {group.address}, which exists already: {SURE}"
        return undetermined(address, why, at=at)
    return fail(
        address,
        f"no listener sends to {group.address}, which this plan creates: ECS refuses the service",
        path=(
            *steps_to(service, at, target),
            Step(group.address, "", "no listener and no listener rule forwards to it"),
        ),
        certainty=certainty_of(target),
        symptom=SYMPTOM,
        strikes=Phase.APPLY,
        cause=group.address,
        fix=f"let a listener, or a rule of one, forward to {group.address}, and the service wait "
        "for it",
        snippet=_forwarding(service, group),
    )


def _forwarding(service: Resource, group: Resource) -> str:
    """A rule that sends to a target group, and the service waiting for it."""
    action = arguments(type='"forward"', target_group_arn=reference(group, "arn", service))
    condition = block("condition", block("path_pattern", 'values = ["/*"]'))
    rule = new(
        "aws_lb_listener_rule",
        group.name,
        "listener_arn = aws_lb_listener.LISTENER.arn",
        "",
        block("action", action),
        "",
        condition,
    )
    return together(rule, edit(service, f"depends_on = [aws_lb_listener_rule.{group.name}]"))
