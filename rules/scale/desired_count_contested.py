"""Terraform does not set back the number of tasks that autoscaling has chosen.

## Why
With a scalable target, Application Auto Scaling changes `desired_count` all day. Terraform sees the
difference at the next plan and puts its own number back, in the middle of the traffic the tasks
were added for.

## Fix
    resource "aws_ecs_service" "app" {
      desired_count = 2

      lifecycle {
        ignore_changes = [desired_count]
      }
    }

The number then counts for the first deployment only.

## When unknown
A plan does not hold `lifecycle`: give `--source-dir`. Or which service a scalable target is for is
known only after apply.

## Source
AWS provider documentation, `aws_ecs_service`, "Ignoring Changes to Desired Count".
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Rule,
    ScalableTarget,
    Service,
    Severity,
    Step,
    block,
    edit,
    fail,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS304",
    name="desired-count-contested",
    group="SCALE",
    severity=Severity.MEDIUM,
    title="Terraform and autoscaling do not fight over desired_count",
    types=("aws_ecs_service",),
)

COUNT = "desired_count"
FIX = "Let Terraform ignore changes of desired_count: it then counts for the first deployment only."


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        # A target that cannot be made scales nothing; PS301 says why.
        targets = [each for each in platform.scaling.targets_of(service) if not each.problem]
        if service.is_daemon or not targets:
            yield not_applicable(service.address, "nothing but Terraform sets its desired_count")
        else:
            yield _judge(service, targets[0], platform)
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")


def _judge(service: Service, target: ScalableTarget, platform: Platform) -> Finding:
    before = service.resource.before_value(COUNT)
    after = service.resource.value(COUNT)
    is_ignored = platform.ignores_changes(service.resource, COUNT)
    path = (Step(service.address, COUNT), Step(target.address, "resource_id"))
    snippet = edit(service.resource, block("lifecycle", "ignore_changes = [desired_count]"))
    is_reset = isinstance(before, Known) and service.resource.actions == ("update",)
    if is_ignored is not True and target.services != (service.address,):
        why = (
            f"which service {target.address} scales is known only after apply: name it by reference"
        )
        return undetermined(service.address, why, path=path)
    if is_reset and isinstance(after, Known) and before != after:
        return fail(
            service.address,
            f"this apply sets desired_count from {before} to {after}, whatever {target.address} "
            "has made of it",
            path=(Step(service.address, COUNT, f"{before} -> {after}"), path[1]),
            symptom=f"desired_count: {before} -> {after}",
            strikes=Phase.APPLY,
            cause=target.address,
            fix=FIX,
            snippet=snippet,
        )
    match is_ignored:
        case True:
            says = "Terraform leaves its desired_count alone once it is there"
            return passed(service.address, says, path=path)
        case None:
            why = "whether it ignores changes of desired_count is not in a plan; give --source-dir"
            return undetermined(service.address, why, path=path)
        case _:
            return fail(
                service.address,
                f"{target.address} scales it, and every later apply sets desired_count back",
                path=path,
                symptom="an apply stops tasks that autoscaling has added",
                strikes=Phase.APPLY,
                cause=target.address,
                fix=FIX,
                snippet=snippet,
            )
