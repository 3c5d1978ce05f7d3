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
line has to be written.

`PS701.protection` is `required` where the environment is to stay, as in the profile `production`:
what can be protected then has to be, apart from types that come and go in numbers, such as
instances. With `any` only what this very plan destroys is judged, as it is with both others.

## When unknown
The flag is known only after apply. Give it a constant or a variable, or apply what it waits for.

## Source
The pages of the resources in the AWS provider's documentation; the attributes are listed in
`policyscan/rule/tables/destroyability.json`. Checkov asks for the opposite in CKV_AWS_150,
CKV_AWS_139, CKV_AWS_293, CKV_AWS_172, CKV_AWS_344 and CKV2_AWS_58.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from policyscan.rule import (
    Absent,
    Certainty,
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    Value,
    edit,
    fail,
    load_table,
    passed,
    undetermined,
)

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
)

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

Row = dict[str, Any]
Read = Callable[[str], Value]


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per resource that can be protected and stands or is destroyed."""
    rows: dict[str, list[Row]] = {}
    for row in load_table("destroyability")["rows"]:
        if row["kind"] == "protection":
            rows.setdefault(row["type"], []).append(row)
    for resource in platform.graph.of_type(*rows):
        finding = _judge_going(resource, rows[resource.type])
        if finding is None and not resource.is_deleted:
            finding = STANDING[parameters["protection"]](resource, rows[resource.type])
        elif finding is None and "delete" in resource.actions:
            finding = passed(resource.address, "this plan destroys it, and nothing protects it")
        if finding is not None:
            yield finding


def _judge_going(resource: Resource, rows: list[Row]) -> Finding | None:
    """What this plan destroys or replaces must not be protected before it."""
    if "delete" not in resource.actions:
        return None
    read = resource.before_value
    for row, path in _paths(rows, lambda name: _length(read(name))):
        if _is_protected(row, path, read):
            verb = "replaces" if resource.is_created else "destroys"
            return fail(
                resource.address,
                f"this plan {verb} {resource.address}, which {_says(row, path, read)}: this very "
                "apply will fail",
                severity=Severity.CRITICAL,
                path=(Step(resource.address, path, "before this plan"),),
                symptom=row.get("symptom", ""),
                strikes=Phase.APPLY,
                fix=f"first apply {_cure(row)} alone, then plan this again",
            )
    return None


def _judge_standing(resource: Resource, rows: list[Row]) -> Finding:
    read = resource.value
    unknown = None
    for row, path in _paths(rows, lambda name: len(resource.elements(name))):
        match _is_protected(row, path, read):
            case True:
                return fail(
                    resource.address,
                    f"{resource.address} {_says(row, path, read)}: {row['effect']}",
                    path=(Step(resource.address, path),),
                    certainty=_certainty(row, path, read),
                    symptom=row.get("symptom", ""),
                    strikes=Phase.DESTROY,
                    fix=_cure(row),
                )
            case None:
                unknown = unknown or (path if isinstance(read(path), Unknown) else row["unless"])
    if unknown is not None:
        return undetermined(
            resource.address,
            f"{resource.address}.{unknown} is known only after apply: write it as a constant, or "
            "apply what it waits for first",
            path=(Step(resource.address, unknown),),
        )
    steps = tuple(Step(resource.address, row["attribute"]) for row in rows)
    return passed(resource.address, "it is not protected against deletion", path=steps)


def _judge_kept(resource: Resource, rows: list[Row]) -> Finding | None:
    """What has to stay has to be protected; None for what comes and goes in numbers."""
    if resource.type in COME_AND_GO:
        return None
    read, address = resource.value, resource.address
    states = [
        (row, path, _is_protected(row, path, read))
        for row, path in _paths(rows, lambda name: len(resource.elements(name)))
    ]
    for row, path, _ in (state for state in states if state[2] is False):
        block, _, attribute = row["attribute"].rpartition("[*].")
        line = f"{attribute} = {json.dumps(_protecting(row))}"
        return fail(
            address,
            f"{address} {_says(row, path, read)}: a destroy, or a change that replaces it, takes "
            "it away",
            path=(Step(address, path),),
            certainty=_certainty(row, path, read),
            strikes=Phase.DESTROY,
            fix=f"protect it against deletion: {path}",
            snippet=edit(resource, f"{block} {{\n  {line}\n}}" if block else line),
        )
    for _, path, _ in (state for state in states if state[2] is None):
        why = f"{address}.{path} is known only after apply: write it as a constant"
        return undetermined(address, why, path=(Step(address, path),))
    steps = tuple(Step(address, path) for _, path, _ in states)
    return passed(address, "it is protected against deletion", path=steps)


def _judge_nothing(resource: Resource, rows: list[Row]) -> None:
    """What stands may be protected or not."""


STANDING: dict[str, Callable[[Resource, list[Row]], Finding | None]] = {
    "forbidden": _judge_standing,
    "required": _judge_kept,
    "any": _judge_nothing,
}


def _paths(rows: list[Row], count: Callable[[str], int]) -> Iterator[tuple[Row, str]]:
    """Every row with the attribute it speaks of, once per block where blocks repeat."""
    for row in rows:
        blocks, splat, attribute = row["attribute"].partition("[*].")
        if splat:
            yield from ((row, f"{blocks}[{at}].{attribute}") for at in range(count(blocks)))
        else:
            yield row, blocks


def _length(value: Value) -> int:
    return len(value.value) if isinstance(value, Known) else 0


def _is_protected(row: Row, path: str, read: Read) -> bool | None:
    """Whether a row's attribute is bad and no flag lifts it; None when the plan does not tell."""
    value = read(path)
    if isinstance(value, Unknown):
        return None
    operator, operand = row["bad"]
    effective = row["unset"] if isinstance(value, Absent) else value.value
    if (effective == operand) is not (operator == "=="):
        return False
    lifted = read(row["unless"]) if "unless" in row else Absent()
    return None if isinstance(lifted, Unknown) else lifted != Known(value=True)


def _says(row: Row, path: str, read: Read) -> str:
    match read(path):
        case Known(value) as known:
            shown = str(known)
            return f"has {path} = {shown.lower() if isinstance(value, bool) else shown}"
        case _:
            return f"leaves {path} unset, and unset it is {json.dumps(row['unset'])}"


def _certainty(row: Row, path: str, read: Read) -> Certainty:
    """Inferred where the documentation does not tell what an unset attribute means."""
    is_guess = row.get("assumed", False) and isinstance(read(path), Absent)
    return Certainty.INFERRED if is_guess else Certainty.PROVEN


def _protecting(row: Row) -> Any:
    """The value that protects."""
    operator, operand = row["bad"]
    return operand if operator == "==" else row["unset"]


def _cure(row: Row) -> str:
    """The line that protects nothing."""
    operator, operand = row["bad"]
    harmless = operand if operator == "!=" else row["unset"]
    block, _, attribute = row["attribute"].rpartition("[*].")
    line = f"{attribute} = {json.dumps(harmless)}"
    return f"{block} {{ {line} }}" if block else line
