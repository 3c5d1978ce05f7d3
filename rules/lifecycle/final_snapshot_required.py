"""A destroy asks for no last snapshot, and leaves none behind.

Databases take a last snapshot when they go, unless somebody says no. Without a name for it the
provider refuses the destroy; with one, the snapshot stays, and the next destroy finds its name
taken.

## Why
The environment comes and goes as a whole. A database that cannot go without a snapshot stops the
destroy halfway, and one that leaves a snapshot costs money and fails the second time.

## Fix
    skip_final_snapshot = true

Apply it before the destroy: Terraform reads it from the state. For ElastiCache and MemoryDB leave
the name of the final snapshot out; file systems of FSx have `skip_final_backup`.

`PS704.snapshot` is `required` where what a database holds has to outlast it, as in the profile
`production`: then what can take a last snapshot has to, with a name for it where one is asked for.

## When unknown
The flag is known only after apply. Give it a constant or a variable. A name for the snapshot that
is known only after apply changes nothing: either way something goes wrong.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`. A read replica needs the flag too: the provider asks
for the name of a snapshot first, and RDS then refuses to take one of a replica. Amazon FSx for
Lustre User Guide, "Protecting your data with backups": scratch file systems have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Finding,
    Flag,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    arguments,
    edit,
    fail,
    flags_of_kind,
    not_applicable,
    passed,
    quoted,
    undetermined,
)

RULE = Rule(
    id="PS704",
    name="final-snapshot-required",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="Whether a destroy takes a last snapshot is as agreed",
    types=("aws_*",),
    parameters=(
        Parameter(
            "snapshot",
            "forbidden",
            "whether a destroy may leave a last snapshot behind, or has to",
            choices=("forbidden", "required"),
        ),
    ),
)

FIX = "go without the last snapshot, and apply that before the destroy"
OF_A_CLUSTER = ("aws_docdb_cluster_instance", "aws_rds_cluster_instance")
"""Types that take no snapshot of their own: their cluster does."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per resource that may take a last snapshot."""
    is_required = parameters["snapshot"] == "required"
    for resource, (flag,) in flags_of_kind(platform.graph, "final-snapshot"):
        step = Step(resource.address, flag.path)
        match flag.is_bad:
            case bool() if is_required:
                yield _judge_kept(flag, step)
            case None:
                cure = "a constant" if is_required else flag.cure
                yield undetermined(
                    resource.address,
                    f"{resource.address}.{flag.path} is known only after apply: write {cure}, or "
                    "apply what it waits for first",
                    path=(step,),
                )
            case True:
                yield _judge(flag, step)
            case _:
                yield passed(resource.address, "it goes without a last snapshot", path=(step,))
    for instance in platform.graph.of_type(*OF_A_CLUSTER):
        if not instance.is_deleted:
            yield not_applicable(instance.address, "its cluster takes the last snapshot")


def _judge(flag: Flag, step: Step) -> Finding:
    address, name = flag.resource.address, flag.row.get("beside", "")
    if name and isinstance(flag.resource.value(name), Absent):
        return fail(
            address,
            f"{address} {flag}, and names no {name}: terraform destroy stops here",
            severity=Severity.CRITICAL,
            path=(step, Step(address, name, "not set")),
            symptom=f"{name} is required when skip_final_snapshot is false",
            strikes=Phase.DESTROY,
            cause=flag.resource.block_address,
            fix=FIX,
            snippet=flag.snippet,
        )
    if flag.resource.type == "aws_db_instance" and not isinstance(
        flag.resource.value("replicate_source_db"), Absent
    ):
        return fail(
            address,
            f"{address} {flag} and is a read replica, of which RDS takes no last snapshot: "
            "terraform destroy stops here",
            severity=Severity.CRITICAL,
            path=(step, Step(address, "replicate_source_db")),
            symptom="InvalidParameterCombination: a final snapshot of a read replica",
            strikes=Phase.DESTROY,
            cause=flag.resource.block_address,
            fix=FIX,
            snippet=flag.snippet,
        )
    is_named = bool(name) or flag.row["bad"] == ["set"]
    return fail(
        address,
        f"{address} {flag}: its destroy leaves a snapshot or backup behind"
        + (", and a second destroy finds a fixed name taken" if is_named else ""),
        severity=Severity.MEDIUM,
        path=(step,),
        certainty=flag.certainty,
        strikes=Phase.DESTROY,
        symptom=flag.symptom,
        cause=flag.resource.block_address,
        fix=FIX,
        snippet=flag.snippet,
    )


def _judge_kept(flag: Flag, step: Step) -> Finding:
    """The verdict where what it holds has to outlast it."""
    resource, name = flag.resource, flag.row.get("beside", "")
    if why := _takes_none(resource):
        return not_applicable(resource.address, why)
    is_named = not name or not isinstance(resource.value(name), Absent)
    if flag.is_bad and is_named:
        return passed(resource.address, "its destroy takes a last snapshot", path=(step,))
    unnamed = f", and names no {name}: terraform destroy stops here"
    return fail(
        resource.address,
        f"{resource.address} {flag}"
        + (unnamed if flag.is_bad else ": what it holds is gone with its destroy"),
        path=(step,) if is_named else (step, Step(resource.address, name, "not set")),
        certainty=flag.certainty,
        symptom=f"{name} is required when skip_final_snapshot is false"
        if flag.is_bad
        else "nothing: what it held is gone",
        strikes=Phase.DESTROY,
        cause=resource.block_address,
        fix="let its destroy take a last snapshot, and apply that before the destroy",
        snippet=edit(resource, _kept(flag, name)),
    )


def _takes_none(resource: Resource) -> str:
    """Why nothing can take a last snapshot of it, "" when something can."""
    match resource.type:
        case "aws_db_instance" if not isinstance(resource.value("replicate_source_db"), Absent):
            return "RDS takes no last snapshot of a read replica"
        case "aws_elasticache_cluster" if resource.value("engine") == Known("memcached"):
            return "Memcached has no snapshots"
        case "aws_elasticache_cluster" if resource.is_written("replication_group_id"):
            return "its replication group takes the last snapshot"
        case "aws_fsx_lustre_file_system" if not str(resource.value("deployment_type")).startswith(
            "PERSISTENT"
        ):
            return "a scratch file system has no backups"
    return ""


def _kept(flag: Flag, name: str) -> str:
    """The arguments that take a last snapshot."""
    label = quoted(f"{flag.resource.name.replace('_', '-')}-final")
    match flag.row["bad"]:
        case ["set"]:
            return arguments(**{flag.path: label})
        case ["!=", skips]:
            named = {name: label} if name else {}
            return arguments(**{flag.path: json.dumps(not skips)}, **named)
        case _:
            return arguments(**{flag.path: "true"})
