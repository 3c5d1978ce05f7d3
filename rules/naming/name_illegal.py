"""A name must be as long as AWS allows, of the characters AWS allows.

The provider checks many names while planning. It does not check those of ECR repositories, ECS
services, Cloud Map services and containers, and none that only apply will complete.

## Why
The plan is fine and the apply stops at the name, with everything before it made.

## Fix
Shorten or spell the name as the message says. For ECR: lower case, digits, and `. _ - /` between
them.

## When unknown
The name is known only after apply: give `--source-dir` and a replay, which tell what it is made
of, or build it of what is known while planning.

## Source
The API references of the services; the limits are in `policyscan/rule/tables/name_limits.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    Absent,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Taken,
    Unknown,
    arguments,
    edit,
    fail,
    in_container,
    load_table,
    not_applicable,
    number_of,
    passed,
    quoted,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS803",
    name="name-illegal",
    group="NAMING",
    severity=Severity.HIGH,
    title="Names that the provider does not check, or that are unknown, still fit",
    types=(
        "aws_ecs_cluster",
        "aws_ecs_service",
        "aws_ecs_task_definition",
        "aws_ecs_capacity_provider",
        "aws_ecr_repository",
        "aws_ecrpublic_repository",
        "aws_lb",
        "aws_lb_target_group",
        "aws_appautoscaling_policy",
        "aws_appautoscaling_scheduled_action",
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_event_rule",
        "aws_service_discovery_private_dns_namespace",
        "aws_service_discovery_service",
        "aws_iam_role",
        "aws_iam_policy",
        "aws_iam_role_policy",
        "aws_iam_instance_profile",
        "aws_security_group",
        "aws_kms_alias",
        "aws_secretsmanager_secret",
        "aws_ssm_parameter",
        "aws_sns_topic",
        "aws_sqs_queue",
        "aws_s3_bucket",
        "aws_db_instance",
        "aws_elasticache_replication_group",
        "aws_dynamodb_table",
        "aws_lambda_function",
        "aws_codedeploy_app",
        "aws_wafv2_web_acl",
    ),
)

CONTAINERS = "container_definitions"
REFUSED = "InvalidParameterException: Invalid parameter at '%s' failed to satisfy constraint"
TOO_LONG = {
    "aws_lb": "ValidationError: The load balancer name '...' cannot be longer than '32' characters",
    "aws_lb_target_group": "ValidationError: Target group name '...' cannot be longer than '32' "
    "characters",
}
"""What AWS says of types whose names the provider checks when it knows them."""
PART = re.compile(r"\$\{[^{}]*\}")
FIXED = {"account_id": 12, "uuid": 36}
"""Attributes whose values are all of one length."""
COUNTED = {
    ("random_id", "hex"): ("byte_length", 2),
    ("random_id", "b64_url"): ("byte_length", 1),
    ("random_string", "result"): ("length", 1),
    ("random_string", "id"): ("length", 1),
}
"""By type and attribute what says how long a value will be, and how much of it each unit takes."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource with a name that has limits."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in load_table("name_limits")["rows"]:
        if row["most"]:
            rows.setdefault(row["type"], []).append(row)
    for resource in platform.graph.of_type(*rows):
        if not resource.is_deleted:
            yield _judge(resource, rows[resource.type], platform)


def _judge(resource: Resource, rows: list[dict[str, Any]], platform: Platform) -> Finding:
    if resource.actions == ("no-op",):
        return passed(resource.address, "it stands already: AWS accepted its name")
    findings: list[Finding] = []
    for row in rows:
        if row["attribute"].startswith(CONTAINERS):
            findings += _inside(resource, row, platform)
        elif not isinstance(resource.value(row["attribute"]), Absent):
            findings.append(_judge_value(resource, row, platform))
    if not findings:
        return not_applicable(resource.address, "nobody gave it a name")
    return worst(findings)


def _judge_value(resource: Resource, row: dict[str, Any], platform: Platform) -> Finding:
    attribute, value = row["attribute"], resource.value(row["attribute"])
    match value:
        case Known():
            if row["checked"] == "yes":
                return passed(resource.address, "the provider checked its name", at=attribute)
            problem = _problem(str(value.value), row)
            return _verdict(resource, attribute, str(value), problem, row)
        case Unknown(template=template):
            known, shown = _written(resource, attribute, platform)
            length = len(known)
            if template is not None:
                known, shown = template.text, str(template)
                length = sum(_least(part, platform) for part in template.parts)
            # Whatever apply fills in, what is known of the name stays.
            problem = _too_long(length, row) or _strange(known, row)
            if problem:
                return _verdict(resource, attribute, shown, problem, row)
    why = f"{resource.address}.{attribute} is known only after apply; {_LIMIT % _limits(row)}"
    return undetermined(resource.address, why, at=attribute)


_LIMIT = "it may have %s characters"


def _written(resource: Resource, attribute: str, platform: Platform) -> tuple[str, str]:
    """What is known of a name's template in the source, and the template; "" for any other."""
    written = platform.graph.written.expression(
        resource.module_path, resource.config_address, attribute
    )
    text = written.text.strip() if written is not None else ""
    known = PART.sub("", text[1:-1])
    is_plain = text[:1] == text[-1:] == '"' and not re.search(r'["\\]|[$%]\{', known)
    return (known, text[1:-1]) if is_plain else ("", "")


def _least(part: object, platform: Platform) -> int:
    """The least length of a part of a name, by what will fill it in."""
    if isinstance(part, str):
        return len(part)
    if not isinstance(part, Taken) or not part.is_whole:
        return 0
    if part.attribute in FIXED:
        return FIXED[part.attribute]
    source = platform.graph.resource(part.address)
    counted, per = COUNTED.get((source.type if source else "", part.attribute), ("", 0))
    number = number_of(source.value(counted)) if source and counted else None
    return int(number or 0) * per


def _inside(resource: Resource, row: dict[str, Any], platform: Platform) -> Iterator[Finding]:
    """The names of the containers of a task definition, or those of their ports."""
    for container in platform.images.of(resource).containers:
        settings = container.settings
        ports = settings.get("portMappings") or ()
        of_ports = [port.get("name") for port in ports if isinstance(port, dict)]
        for name in of_ports if "portMappings" in row["attribute"] else [settings.get("name")]:
            if isinstance(name, str):
                problem = _problem(name, row)
                shown = Known(name, _is_sensitive(resource))
                yield _verdict(resource, CONTAINERS, str(shown), problem, row)


def _is_sensitive(resource: Resource) -> bool:
    """Whether the containers of a task definition must not be shown."""
    value = resource.value(CONTAINERS)
    return isinstance(value, Known) and value.is_sensitive


def _problem(name: str, row: dict[str, Any]) -> str:
    """What is wrong with a whole name, "" when nothing is."""
    if len(name) < row["least"]:
        return f"is too short: {_LIMIT % _limits(row)}"
    if row["pattern"] and not re.search(row["pattern"], name):
        strange = _strange(name, row)
        return _too_long(len(name), row) or strange or f"does not match {row['pattern']}"
    return _too_long(len(name), row)


def _too_long(length: int, row: dict[str, Any]) -> str:
    if length <= row["most"]:
        return ""
    return f"is too long, {length} characters are known of it: {_LIMIT % _limits(row)}"


def _strange(text: str, row: dict[str, Any]) -> str:
    """A character that no name may have: one that may not even stand amid letters."""
    pattern = row["pattern"]
    if not pattern or not re.search(pattern, "aaa"):
        return ""
    strange = [each for each in text if not re.search(pattern, f"a{each}a")]
    return f"may not have {strange[0]!r} in it" if strange else ""


def _limits(row: dict[str, Any]) -> str:
    return f"{row['least']} to {row['most']}"


def _verdict(
    resource: Resource, attribute: str, shown: str, problem: str, row: dict[str, Any]
) -> Finding:
    address = resource.address
    if shown == str(Known("", is_sensitive=True)):
        problem = problem and "is not legal"
    path = (Step(address, attribute, shown),)
    if not problem:
        return passed(address, "its name fits", path=path)
    if row["checked"] == "unsure":
        note = Note(Level.WARNING, f"{shown} may be refused: it {problem}")
        return passed(address, "its name is not known to be wrong", path=path, notes=(note,))
    what = row["attribute"].rpartition(".")[2]
    return fail(
        address,
        f"{address}: the name {shown} {problem}",
        path=path,
        symptom=TOO_LONG.get(resource.type, REFUSED).replace("%s", what),
        strikes=Phase.APPLY,
        cause=resource.block_address,
        fix=f"give it {_limits(row)} characters"
        + (f" that match {row['pattern']}" if row["pattern"] else ""),
        snippet=_snippet(resource, attribute, row, shown),
    )


def _snippet(resource: Resource, attribute: str, row: dict[str, Any], shown: str) -> str:
    """The name as it would be legal, as far as one can be made of it."""
    name = quoted(_legal(shown, row) or "NAME")
    if "portMappings" in row["attribute"]:
        return in_container(resource, "", f"portMappings = [{{ name = {name} }}]")
    if attribute == CONTAINERS:
        inner = arguments(name=name)
        return edit(resource, f"{CONTAINERS} = jsonencode([{{\n  {inner}\n}}])")
    return edit(resource, f"{attribute} = {name}")


def _legal(name: str, row: dict[str, Any]) -> str:
    """A legal name that is near to this one, "" where none is."""
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: row["most"]].strip("-")
    is_legal = len(near) >= row["least"] and re.search(row["pattern"], near)
    return near if is_legal and "(" not in name and "${" not in name else ""
