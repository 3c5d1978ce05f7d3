"""What waits before it is really gone waits as short as AWS lets it.

A deleted secret keeps its name until its recovery window ends; a key stays pending for its own.

## Why
An environment that is destroyed and made anew under the same names fails on its secrets for as
long as the old ones can still be recovered. A key in its waiting period blocks nothing, and is only
there longer than it has to be.

## Fix
    resource "aws_secretsmanager_secret" "token" {
      name                    = "token-${var.environmentSuffix}"
      recovery_window_in_days = 0
    }

A KMS key cannot go in less than 7 days: `deletion_window_in_days = 7`.

## When unknown
The window is known only after apply. Give it a constant or a variable.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`. hashicorp/terraform-provider-aws issue 10259.
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
    flags_of_kind,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS705",
    name="recovery-window-long",
    group="LIFECYCLE",
    severity=Severity.MEDIUM,
    title="What waits before it is gone waits as short as AWS lets it",
    types=("aws_*",),
)

SECRET = "aws_secretsmanager_secret"  # noqa: S105 - a resource type
TAKEN = (
    "InvalidRequestException: You can't create this secret because a secret with this name is "
    "already scheduled for deletion"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource with a window before it is gone."""
    for resource, (flag,) in flags_of_kind(platform.graph, "recovery-window"):
        path = (Step(resource.address, flag.path),)
        _, least = flag.row["bad"]
        match flag.is_bad:
            case None:
                yield undetermined(
                    resource.address,
                    f"{resource.address}.{flag.path} is known only after apply: write "
                    f"{flag.path} = {least}, or apply what it waits for first",
                    path=path,
                )
            case True:
                severity, effect = _weight(flag, platform)
                yield fail(
                    resource.address,
                    f"{resource.address} {flag}: {effect}",
                    severity=severity,
                    path=path,
                    symptom=TAKEN if severity is Severity.HIGH else flag.symptom,
                    strikes=Phase.DESTROY if severity is Severity.LOW else Phase.APPLY,
                    cause=resource.block_address,
                    fix="let it wait no longer than AWS asks for",
                    snippet=flag.snippet,
                )
            case _:
                yield passed(resource.address, "it is gone as soon as AWS lets it go", path=path)


def _weight(flag: Flag, platform: Platform) -> tuple[Severity, str]:
    """How bad a long window is, and what it does."""
    if flag.resource.type.startswith("aws_kms_"):
        return Severity.LOW, "after its destroy it is pending for longer than the 7 days it must be"
    if flag.resource.type != SECRET:
        return Severity.MEDIUM, f"after its destroy it is not gone: {flag.row['effect']}"
    if _is_drawn(flag.resource, platform):
        return Severity.LOW, "it stays that long, though the next one will have another name"
    return Severity.HIGH, "its name stays taken that long, and the next apply cannot create it"


def _is_drawn(secret: Resource, platform: Platform) -> bool:
    """Whether the next secret will have another name: a random or a generated one."""
    named = platform.graph.resolve(secret, "name")
    sources = (platform.graph.resource_of(target) for target in named.targets)
    return not secret.is_written("name") or any(
        source.type.startswith(("random_", "time_")) for source in sources
    )
