"""Nothing may be protected against its own deletion.

Deletion protection keeps a person from deleting a database by a click. Terraform it keeps from
finishing: the destroy stops halfway, with the rest of the environment already gone.

## Why
The flag has to be off in AWS, not in the configuration, when the destroy begins. Turning it off
and destroying in one go does not work: Terraform does not update what it is about to destroy. So
a plan that destroys or replaces something protected fails in this very apply.

## Fix
Turn it off, apply that alone, and only then destroy or replace:

    enable_deletion_protection = false

A few types are protected when nobody says anything (ledgers, graphs, event data stores): there the
line has to be written. Where a production environment wants the protection, waive the rule for it.

## When unknown
The flag is known only after apply. Give it a constant or a variable, or apply what it waits for.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`. Checkov asks for the opposite in CKV_AWS_150,
CKV_AWS_139, CKV_AWS_293, CKV_AWS_172, CKV_AWS_344 and CKV2_AWS_58.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Flag,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    fail,
    flags_before,
    flags_of_kind,
    not_applicable,
    passed,
    rows_of_kind,
    undetermined,
)

RULE = Rule(
    id="PS701",
    name="deletion-protected",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="Nothing is protected against its own deletion",
    types=("aws_*",),
)

KIND = "protection"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource that can be protected and stands or is destroyed."""
    found: dict[str, Finding] = {}
    for resource, flags in flags_before(platform.graph, KIND):
        if finding := _judge_going(resource, flags):
            found[resource.address] = finding
    for resource, flags in flags_of_kind(platform.graph, KIND):
        found.setdefault(resource.address, _judge_standing(resource, flags))
    for resource, rows in rows_of_kind(platform.graph, "note"):
        if not resource.is_deleted and "protection" in rows[0]["attribute"]:
            says = f"{rows[0]['attribute']} does not forbid its destroy: {rows[0]['effect']}"
            found.setdefault(resource.address, not_applicable(resource.address, says))
    yield from found.values()


def _judge_going(resource: Resource, flags: tuple[Flag, ...]) -> Finding | None:
    """What this plan destroys or replaces must not be protected before it."""
    for flag in flags:
        if flag.is_bad:
            verb = "replaces" if resource.is_created else "destroys"
            return fail(
                resource.address,
                f"this plan {verb} {resource.address}, which {flag}: this very apply will fail",
                severity=Severity.CRITICAL,
                path=(Step(resource.address, flag.path, "before this plan"),),
                symptom=flag.symptom,
                strikes=Phase.APPLY,
                cause=resource.block_address,
                fix="first apply this alone, then plan the rest again",
                snippet=flag.snippet,
            )
    gone = "this plan destroys it, and nothing protects it"
    return passed(resource.address, gone) if resource.is_deleted else None


def _judge_standing(resource: Resource, flags: tuple[Flag, ...]) -> Finding:
    if protecting := next((flag for flag in flags if flag.is_bad), None):
        return fail(
            resource.address,
            f"{resource.address} {protecting}: {protecting.row['effect']}",
            path=(Step(resource.address, protecting.path),),
            certainty=protecting.certainty,
            symptom=protecting.symptom,
            strikes=Phase.DESTROY,
            cause=resource.block_address,
            fix="turn the protection off",
            snippet=protecting.snippet,
        )
    if unknown := next((flag for flag in flags if flag.is_bad is None), None):
        return undetermined(
            resource.address,
            f"{resource.address}.{unknown.blocker} is known only after apply: write it as a "
            "constant, or apply what it waits for first",
            path=(Step(resource.address, unknown.blocker),),
        )
    steps = tuple(Step(resource.address, flag.path) for flag in flags)
    return passed(resource.address, "it is not protected against deletion", path=steps)
