"""No two resources may claim one name.

A `count` without its index in the name, two modules with one log group, a repository that exists
already and is only to be looked up: Terraform plans both, and AWS takes one of them.

## Why
The apply stops half way, and which of the two was made is chance.

## Fix
Put what tells them apart into the name: `name = "shop-${each.key}"`. What exists already is
imported, or only looked up.

## When unknown
The name, or what it must be the only one in (a cluster, a VPC, a namespace), is known only after
apply. Give `--source-dir` and a replay, which tell what it is made of.

Two resources of different provider blocks are taken to be in different accounts or regions.

## Source
The API references of the services; within what a name must be the only one stands in
`policyscan/rule/tables/name_limits.json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Certainty,
    Claim,
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Rule,
    Severity,
    Step,
    arguments,
    block,
    edit,
    fail,
    passed,
    quoted,
    undetermined,
)

RULE = Rule(
    id="PS804",
    name="name-collision",
    group="NAMING",
    severity=Severity.HIGH,
    title="No two resources claim one name",
    types=(
        "aws_ecs_cluster",
        "aws_ecs_service",
        "aws_ecs_capacity_provider",
        "aws_ecr_repository",
        "aws_ecrpublic_repository",
        "aws_lb",
        "aws_lb_target_group",
        "aws_lb_listener_rule",
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

SYMPTOMS = {
    "aws_cloudwatch_log_group": "ResourceAlreadyExistsException: The specified log group already "
    "exists",
    "aws_ecr_repository": "RepositoryAlreadyExistsException: The repository with name '%s' already "
    "exists",
    "aws_iam_role": "EntityAlreadyExists: Role with name %s already exists.",
    "aws_lb": "ELBv2 Load Balancer (%s) already exists",
    "aws_lb_target_group": "ELBv2 Target Group (%s) already exists",
    "aws_lb_listener_rule": "PriorityInUse: Priority '%s' is currently in use",
}


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource whose name must be the only one."""
    for claim in platform.claims.claims:
        if claim.resource.mode == "managed":
            yield _judge(claim, platform)


def _judge(claim: Claim, platform: Platform) -> Finding:
    address, attribute = claim.resource.address, claim.attribute
    if claim.key is None:
        return undetermined(address, f"{claim.why}; {platform.graph.advice}", at=attribute)
    rival = next(platform.claims.rivals(claim), None)
    if rival is None:
        return passed(address, "nothing else claims its name", at=attribute)
    there = rival.resource.address
    exists = rival.resource.mode == "data"
    shown = _shown(claim)
    path = (Step(address, attribute, shown), Step(there, rival.attribute, _shown(rival)))
    asks = "is to have priority" if attribute == "priority" else "is to be called"
    return fail(
        address,
        f"{address} {asks} {shown}, which "
        + (f"exists already, as {there} found" if exists else f"{there} claims as well"),
        path=path,
        certainty=Certainty.PROVEN if claim.is_known and rival.is_known else Certainty.INFERRED,
        symptom=_symptom(claim.resource.type, shown),
        strikes=Phase.APPLY,
        cause=there if exists else min(address, there),
        fix=f"import {address}, or only look it up" if exists else _fix(claim),
        snippet=_adopted(claim) if exists else _snippet(claim),
    )


def _shown(claim: Claim) -> str:
    """A name as a message may say it."""
    value = claim.resource.value(claim.attribute)
    return str(value) if isinstance(value, Known) else "a name of the same parts"


def _symptom(kind: str, shown: str) -> str:
    return SYMPTOMS.get(kind, "...AlreadyExists").replace("%s", shown)


def _fix(claim: Claim) -> str:
    if claim.attribute == "priority":
        return "give it a number that no other rule of the listener has"
    return f"put what tells them apart into its {claim.attribute}"


def _snippet(claim: Claim) -> str:
    """The name with what tells it from the others in it."""
    if claim.attribute == "priority":
        return edit(claim.resource, "priority = PRIORITY")
    key = claim.resource.key
    part = "${count.index}" if isinstance(key, int) else "${each.key}"
    part = part if key is not None else claim.resource.name
    value = claim.resource.value(claim.attribute)
    is_told = isinstance(value, Known) and not value.is_sensitive
    name = quoted(str(value) if is_told else "NAME")[1:-1]
    return edit(claim.resource, f'{claim.attribute} = "{name}-{part}"')


def _adopted(claim: Claim) -> str:
    """How Terraform takes over what exists; of most types the id is the name."""
    value = claim.resource.value(claim.attribute)
    is_told = isinstance(value, Known) and not value.is_sensitive
    name = quoted(str(value) if is_told else "ID")
    return block("import", arguments(to=claim.resource.address, id=name))
