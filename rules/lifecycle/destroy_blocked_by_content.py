"""What fills up outside Terraform must say that it may be destroyed with its content.

Pipelines push images, applications write objects, tasks register themselves. Terraform knows none
of that, and AWS deletes no repository, bucket or registry that holds something. Without the force
flag, `terraform destroy` stops there.

## Why
The flag is off unless it is written, and it must have been applied before the destroy: Terraform
reads it from the state of what it destroys. Turned on in the very plan that destroys or replaces
the resource, it is not there yet.

## Fix
    resource "aws_ecr_repository" "app" {
      name         = "app-${var.environmentSuffix}"
      force_delete = true
    }

The flag is `force_destroy` on buckets, hosted zones, Cloud Map services and most others. If the
resource must go now, apply the flag alone first.

`PS702.force` is `any` where content is to be kept, as in the profile `production`: then only what
this very plan destroys or replaces is judged, because that apply fails.

Types with such a flag that rarely fill up, or whose destroy succeeds anyway, pass with a note.

## When unknown
The flag is known only after apply. Give it a constant or a variable, or apply what it waits for.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`. hashicorp/terraform-provider-aws issue 4853.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policyscan.rule import (
    Finding,
    Known,
    Level,
    Note,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    edit,
    fail,
    passed,
    rows_of_kind,
    undetermined,
)

RULE = Rule(
    id="PS702",
    name="destroy-blocked-by-content",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="What fills up outside Terraform has its force flag",
    types=("aws_*",),
    parameters=(
        Parameter(
            "force",
            "required",
            "whether what fills up has to have its force flag, or may",
            choices=("required", "any"),
        ),
    ),
)

ON = Known(value=True)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per resource with a force flag that stands or is destroyed."""
    for resource, (row,) in rows_of_kind(platform.graph, "force"):
        if _must_go_unforced(resource, row):
            yield _judge_going(resource, row)
        elif not resource.is_deleted:
            if parameters["force"] == "required":
                yield _judge_standing(resource, row)
        elif "delete" in resource.actions:
            yield passed(resource.address, "this plan destroys it, whatever it holds")


def _must_go_unforced(resource: Resource, row: Mapping[str, Any]) -> bool:
    """Whether this plan destroys what fills up, and the flag is not on before it."""
    return (
        "fills" in row
        and "delete" in resource.actions
        and resource.before_value(row["attribute"]) != ON
    )


def _judge_going(resource: Resource, row: Mapping[str, Any]) -> Finding:
    flag = row["attribute"]
    verb = "replaces" if resource.is_created else "destroys"
    late = f"; {flag} = true in this plan comes too late" if resource.value(flag) == ON else ""
    return fail(
        resource.address,
        f"this plan {verb} {resource.address}, whose {flag} is not on before it{late}: this apply "
        "fails if it holds anything",
        path=(Step(resource.address, flag, "before this plan"),),
        symptom=row.get("symptom", row["effect"]),
        strikes=Phase.APPLY,
        cause=resource.block_address,
        fix="first apply this alone, then plan the rest again"
        if resource.is_created
        else "put it back with this and apply that, then take it out again",
        snippet=edit(resource, f"{flag} = true"),
    )


def _judge_standing(resource: Resource, row: Mapping[str, Any]) -> Finding:
    flag = row["attribute"]
    path = (Step(resource.address, flag),)
    match resource.value(flag):
        case Known(value) if value is True:
            return passed(resource.address, f"{flag} is true", path=path)
        case _ if "fills" not in row:
            note = Note(Level.INFO, f"{flag} is not true: {row['effect']}")
            return passed(resource.address, "it rarely blocks a destroy", path=path, notes=(note,))
        case Unknown():
            return undetermined(
                resource.address,
                f"{resource.address}.{flag} is known only after apply: write {flag} = true, or "
                "apply what it waits for first",
                path=path,
            )
        case _:
            return fail(
                resource.address,
                f"{resource.address} fills up outside Terraform and has no {flag} = true: "
                "terraform destroy stops as soon as it holds anything",
                path=path,
                symptom=row.get("symptom", row["effect"]),
                strikes=Phase.DESTROY,
                cause=resource.block_address,
                fix=f"turn {flag} on, and apply that before the destroy",
                snippet=edit(resource, f"{flag} = true"),
            )
