"""Nothing is told to stay behind when Terraform destroys it.

`skip_destroy` and the like take a resource out of the state and leave it in AWS, where nobody looks
after it.

## Why
What stays behind costs money, and holds its name: the next apply of the same environment fails
because it already exists. A file system that stays behind keeps its VPC from going.

## Fix
Remove the line, or turn it around: `skip_destroy = false`, `delete_on_termination = true`.

Old revisions of a task definition that stay registered (`skip_destroy = true`) are there to go back
to; that counts little.

## When unknown
The attribute is known only after apply. Give it a constant or a variable.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Flag,
    Parameters,
    Phase,
    Platform,
    Rule,
    Severity,
    Step,
    fail,
    flags_of_kind,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS706",
    name="resource-retained",
    group="LIFECYCLE",
    severity=Severity.MEDIUM,
    title="Nothing is told to stay behind when it is destroyed",
    types=("aws_*",),
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource that can be told to stay."""
    for resource, flags in flags_of_kind(platform.graph, "retain"):
        path = tuple(Step(resource.address, flag.path) for flag in flags)
        stays = next((flag for flag in flags if flag.is_bad), None)
        unknown = next((flag for flag in flags if flag.is_bad is None), None)
        if stays is not None:
            yield fail(
                resource.address,
                f"{resource.address} {stays}: {stays.row['effect']}",
                severity=_severity(stays),
                path=(Step(resource.address, stays.path),),
                certainty=stays.certainty,
                symptom="left behind; what is created again under its name already exists",
                strikes=Phase.DESTROY,
                cause=resource.block_address,
                fix="let it go with the rest",
                snippet=stays.snippet,
            )
        elif unknown is not None:
            yield undetermined(
                resource.address,
                f"{resource.address}.{unknown.path} is known only after apply: write it as a "
                "constant, or apply what it waits for first",
                path=(Step(resource.address, unknown.path),),
            )
        else:
            yield passed(resource.address, "it goes when it is destroyed", path=path)


def _severity(flag: Flag) -> Severity:
    """Task definitions that stay are a way back, and cost nothing."""
    is_way_back = flag.resource.type == "aws_ecs_task_definition"
    return Severity.LOW if is_way_back else Severity.MEDIUM
