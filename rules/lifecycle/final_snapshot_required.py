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

## When unknown
The flag is known only after apply. Give it a constant or a variable. A name for the snapshot that
is known only after apply changes nothing: either way something goes wrong.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`. A read replica needs the flag too: the provider asks
for the name of a snapshot first, and RDS then refuses to take one of a replica.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Absent,
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
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS704",
    name="final-snapshot-required",
    group="LIFECYCLE",
    severity=Severity.HIGH,
    title="A destroy asks for no last snapshot and leaves none behind",
    types=("aws_*",),
)


FIX = "go without the last snapshot, and apply that before the destroy"
OF_A_CLUSTER = ("aws_docdb_cluster_instance", "aws_rds_cluster_instance")
"""Types that take no snapshot of their own: their cluster does."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource that may take a last snapshot."""
    for resource, (flag,) in flags_of_kind(platform.graph, "final-snapshot"):
        step = Step(resource.address, flag.path)
        match flag.is_bad:
            case None:
                yield undetermined(
                    resource.address,
                    f"{resource.address}.{flag.path} is known only after apply: write "
                    f"{flag.cure}, or apply what it waits for first",
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
    return fail(
        address,
        f"{address} {flag}: its destroy leaves a snapshot or backup behind, and a second destroy "
        "finds a fixed name taken",
        severity=Severity.MEDIUM,
        path=(step,),
        certainty=flag.certainty,
        strikes=Phase.DESTROY,
        symptom=flag.symptom,
        cause=flag.resource.block_address,
        fix=FIX,
        snippet=flag.snippet,
    )
