"""Nothing is locked against its own deletion for a time that nobody can shorten.

## Why
A lock in COMPLIANCE mode, or a vault lock past its grace time, binds everybody, root and AWS
included. `terraform destroy` fails until its last day has passed, and the bill runs that long.

## Fix
Leave the lock out of an environment that comes and goes: no
`aws_s3_bucket_object_lock_configuration`, no `changeable_for_days`, `snaplock_type = "ENTERPRISE"`.
Where an audit asks for it, waive the rule for that bucket or vault.

## When unknown
The mode is known only after apply. Give it a constant or a variable.

## Source
Amazon S3 User Guide, "Locking objects with Object Lock"; AWS Backup Developer Guide, "AWS Backup
Vault Lock". The attributes are listed in `policyscan/rule/tables/destroyability.json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Flag,
    Opposes,
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
    id="PS708",
    name="retention-locked",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="Nothing is locked against its deletion for a time nobody can shorten",
    types=("aws_*",),
    checkov=(Opposes("CKV_AWS_143", "a bucket without an object lock"),),
)

FOR_GOOD = ("aws_backup_vault_lock_configuration", "aws_glacier_vault_lock")
"""Types whose lock nobody lifts once it holds."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource that can lock."""
    for resource, flags in flags_of_kind(platform.graph, "lock"):
        path = tuple(Step(resource.address, flag.path) for flag in flags)
        locked = next((flag for flag in flags if flag.is_bad), None)
        unknown = next((flag for flag in flags if flag.is_bad is None), None)
        if locked is not None:
            yield fail(
                resource.address,
                f"{resource.address} {locked}: {locked.row['effect']}",
                severity=_severity(locked),
                path=(Step(resource.address, locked.path),),
                certainty=locked.certainty,
                symptom="AccessDenied on deletion until the retention ends",
                strikes=Phase.DESTROY,
                cause=resource.block_address,
                fix="leave the lock out, or waive this rule for what an audit wants locked",
                snippet=locked.snippet,
            )
        elif unknown is not None:
            yield undetermined(
                resource.address,
                f"{resource.address}.{unknown.blocker} is known only after apply: write it as a "
                "constant, or apply what it waits for first",
                path=(Step(resource.address, unknown.blocker),),
            )
        else:
            yield passed(resource.address, "no lock keeps it from being deleted", path=path)


def _severity(flag: Flag) -> Severity:
    is_final = flag.resource.type in FOR_GOOD or flag.effective == "COMPLIANCE"
    return Severity.CRITICAL if is_final else Severity.HIGH
