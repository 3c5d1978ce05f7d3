"""No resource forbids Terraform to destroy it.

## Why
`prevent_destroy` makes every plan fail that would destroy or replace the resource: `terraform
destroy` of the whole environment, and a change that needs a new one. The line has to be removed
first, by a change of the code.

## Fix
Remove it, or write

    lifecycle {
      prevent_destroy = false
    }

It counts on resources of every provider. Where something must outlive the environment, such as the
bucket of the state, give it a configuration of its own, or waive this rule for it.

## When unknown
A plan does not hold `lifecycle`: give `--source-dir`. Of a module whose source is not at hand, run
`terraform init` first.

## Source
Terraform language documentation, "The lifecycle Meta-Argument".
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
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
    id="PS703",
    name="prevent-destroy-set",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="No resource forbids Terraform to destroy it",
    types=("*",),
)

FORBIDS = "lifecycle[0].prevent_destroy"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per managed resource that stands, or is let go, after this plan."""
    for resource in platform.standing():
        yield _judge(resource, platform)
    for resource in platform.plan.resources:
        if resource.actions == ("forget",) and not resource.deposed:
            note = Note(Level.INFO, "this plan forgets it: it stays, and Terraform no longer knows")
            yield passed(resource.address, "it is not destroyed", notes=(note,))


def _judge(resource: Resource, platform: Platform) -> Finding:
    match platform.prevents_destroy(resource):
        case None | False if not resource.type.startswith("aws_"):
            # A plan of nothing but such resources is one that nobody judged.
            return not_applicable(resource.address, "it is nothing in AWS that could stay")
        case None:
            why = "whether it sets prevent_destroy is not in a plan; give --source-dir"
            return undetermined(resource.address, why, at=FORBIDS)
        case True:
            return fail(
                resource.address,
                f"{resource.address} sets prevent_destroy: Terraform refuses to plan its destroy",
                path=(Step(resource.address, FORBIDS, "true"),),
                symptom="Error: Instance cannot be destroyed",
                strikes=Phase.DESTROY,
                cause=resource.block_address,
                fix="turn prevent_destroy off, or take it out",
                snippet=edit(resource, block("lifecycle", "prevent_destroy = false")),
            )
        case _:
            return passed(resource.address, "it does not forbid its destroy")
