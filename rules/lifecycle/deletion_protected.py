"""Nothing may be protected against its own deletion, where the environment comes and goes.

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
line has to be written.

`PS701.protection` is `required` where the environment is to stay, as in the profile `production`:
what can be protected then has to be, apart from types that come and go in numbers, such as
instances. With `any` only what this very plan destroys is judged, as it is with both others.

## When unknown
The flag is known only after apply. Give it a constant or a variable, or apply what it waits for.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Agrees,
    Finding,
    Flag,
    Opposes,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    When,
    edit,
    fail,
    flags_before,
    flags_of_kind,
    not_applicable,
    passed,
    rows_of_kind,
    undetermined,
)

CHECKS = (
    ("CKV_AWS_139", "a cluster of RDS"),
    ("CKV_AWS_150", "a load balancer"),
    ("CKV_AWS_172", "a ledger of QLDB"),
    ("CKV_AWS_293", "an instance of RDS"),
    ("CKV_AWS_344", "a network firewall"),
    ("CKV2_AWS_58", "a cluster of Neptune"),
)
"""What in Checkov looks at the same flag, each on a type of its own."""

RULE = Rule(
    id="PS701",
    name="deletion-protected",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="Protection against deletion is as agreed",
    types=("aws_*",),
    parameters=(
        Parameter(
            "protection",
            "forbidden",
            "whether what stands may be protected, has to be, or either",
            choices=("forbidden", "required", "any"),
        ),
    ),
    checkov=(
        *(
            Opposes(
                check,
                f"{what} that is not protected against deletion",
                when=(When("protection", ("forbidden",)),),
            )
            for check, what in CHECKS
        ),
        *(
            Agrees(
                check,
                f"{what} that is protected against deletion",
                # Where this apply fails, protection is what is wrong.
                strikes=Phase.DESTROY,
                when=(When("protection", ("required",)),),
            )
            for check, what in CHECKS
        ),
    ),
)

KIND = "protection"
COME_AND_GO = (
    "aws_autoscaling_group",
    "aws_cloudwatch_log_group",
    "aws_gamelift_fleet",
    "aws_gamelift_game_server_group",
    "aws_instance",
    "aws_launch_template",
    "aws_spot_instance_request",
)
"""Types of which there are many: nobody protects each, even where things are to stay."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per resource that can be protected and stands or is destroyed."""
    found: dict[str, Finding] = {}
    for resource, flags in flags_before(platform.graph, KIND):
        if finding := _judge_going(resource, flags):
            found[resource.address] = finding
    for resource, flags in flags_of_kind(platform.graph, KIND):
        match parameters["protection"]:
            case "forbidden":
                found.setdefault(resource.address, _judge_standing(resource, flags))
            case "required" if resource.type not in COME_AND_GO:
                found.setdefault(resource.address, _judge_kept(resource, flags))
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
                fix="first apply this alone, then plan the rest again"
                if resource.is_created
                else "put it back with this and apply that, then take it out again",
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
    says = "it is not protected against deletion"
    return _untold(resource, flags) or passed(resource.address, says, path=_steps(flags))


def _judge_kept(resource: Resource, flags: tuple[Flag, ...]) -> Finding:
    """What has to stay has to be protected."""
    if bare := next((flag for flag in flags if flag.is_bad is False), None):
        return fail(
            resource.address,
            f"{resource.address} {bare}: a destroy, or a change that replaces it, takes it away",
            path=(Step(resource.address, bare.path),),
            certainty=bare.certainty,
            symptom="nothing: it is gone, with what it held",
            strikes=Phase.DESTROY,
            cause=resource.block_address,
            fix="protect it against deletion",
            snippet=edit(resource, bare.guard),
        )
    says = "it is protected against deletion"
    return _untold(resource, flags) or passed(resource.address, says, path=_steps(flags))


def _untold(resource: Resource, flags: tuple[Flag, ...]) -> Finding | None:
    """Unknown, where a flag is or what lifts it."""
    if unknown := next((flag for flag in flags if flag.is_bad is None), None):
        return undetermined(
            resource.address,
            f"{resource.address}.{unknown.blocker} is known only after apply: write it as a "
            "constant, or apply what it waits for first",
            path=(Step(resource.address, unknown.blocker),),
        )
    return None


def _steps(flags: tuple[Flag, ...]) -> tuple[Step, ...]:
    return tuple(Step(flag.resource.address, flag.path) for flag in flags)
