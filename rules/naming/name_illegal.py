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
    Template,
    Unknown,
    edit,
    fail,
    in_container,
    not_applicable,
    passed,
    quoted,
    undetermined,
    worst,
)
from policyscan.rule.name_limits import NameLimits, least_length, name_limits
from policyscan.rule.settings import mappings_in

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


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource with a name that has limits."""
    limits = name_limits()
    for resource in platform.graph.of_type(*limits):
        if not resource.is_deleted:
            yield _judge(resource, limits[resource.type], platform)


def _judge(resource: Resource, rows: list[NameLimits], platform: Platform) -> Finding:
    if resource.actions == ("no-op",):
        return passed(resource.address, "it stands already: AWS accepted its name")
    findings: list[Finding] = []
    for limits in rows:
        if limits.attribute.startswith(CONTAINERS):
            findings += _inside(resource, limits, platform)
        elif not isinstance(resource.value(limits.attribute), Absent):
            findings.append(_judge_value(resource, limits, platform))
    return worst(findings) if findings else not_applicable(resource.address, "nobody named it")


def _judge_value(resource: Resource, limits: NameLimits, platform: Platform) -> Finding:
    attribute = limits.attribute
    match resource.value(attribute):
        case Known() as value:
            if limits.checked == "yes":
                return passed(resource.address, "the provider checked its name", at=attribute)
            return _verdict(resource, attribute, value, limits.problem(str(value.value)), limits)
        case Unknown(template=Template() as template):
            length, known = least_length(template, platform.graph), template.text
            shown = Known(str(template), template.is_sensitive)
        case _:
            known, text = _written(resource, attribute, platform)
            length, shown = len(known), Known(text)
    # Whatever apply fills in, what is known of the name stays.
    if problem := limits.problem_so_far(length, known):
        return _verdict(resource, attribute, shown, problem, limits)
    why = f"{resource.address}.{attribute} is known only after apply; make sure it has "
    return undetermined(resource.address, f"{why}{limits.asked}", at=attribute)


def _written(resource: Resource, attribute: str, platform: Platform) -> tuple[str, str]:
    """What is known of a name's template in the source, and the template; "" for any other."""
    written = platform.graph.written.expression(
        resource.module_path, resource.config_address, attribute
    )
    text = written.text.strip() if written is not None else ""
    known = PART.sub("", text[1:-1])
    is_plain = text[:1] == text[-1:] == '"' and not re.search(r'["\\]|[$%]\{', known)
    return (known, text[1:-1]) if is_plain else ("", "")


def _inside(resource: Resource, limits: NameLimits, platform: Platform) -> Iterator[Finding]:
    """The names of the containers of a task definition, or those of their ports."""
    for container in platform.images.of(resource).containers:
        names = [container.settings.get("name")]
        if "portMappings" in limits.attribute:
            ports = mappings_in(container.settings, "portMappings")
            names = [port.get("name") for port in ports]
        for name in names:
            if isinstance(name, str):
                shown = Known(name, container.is_sensitive)
                yield _verdict(resource, CONTAINERS, shown, limits.problem(name), limits)


def _verdict(
    resource: Resource, attribute: str, name: Known, problem: str, limits: NameLimits
) -> Finding:
    address = resource.address
    path = (Step(address, attribute, str(name)),)
    if not problem:
        return passed(address, "its name fits", path=path)
    if name.is_sensitive:
        problem = "is not legal"
    if limits.checked == "unsure":
        note = Note(Level.WARNING, f"{name} may be refused: it {problem}")
        return passed(address, "its name is not known to be wrong", path=path, notes=(note,))
    what = limits.attribute.rpartition(".")[2]
    return fail(
        address,
        f"{address}: the name {name} {problem}",
        path=path,
        symptom=TOO_LONG.get(resource.type, REFUSED).replace("%s", what),
        strikes=Phase.APPLY,
        cause=resource.block_address,
        fix=f"give it a name of {limits.asked}",
        snippet=_snippet(resource, attribute, limits, name),
    )


def _snippet(resource: Resource, attribute: str, limits: NameLimits, name: Known) -> str:
    """The name as it would be legal, as far as one can be made of it."""
    is_told = not name.is_sensitive and "${" not in str(name)
    legal = quoted((limits.nearest(str(name)) if is_told else "") or "NAME")
    if "portMappings" in limits.attribute:
        return in_container(resource, "", f"portMappings = [{{ name = {legal} }}]")
    if attribute == CONTAINERS:
        return in_container(resource, "", f"name = {legal}")
    return edit(resource, f"{attribute} = {legal}")
