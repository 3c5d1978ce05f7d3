"""What is replaced does not stand in its own way.

A replacement either comes first, beside the old one, and then both cannot have one name; or it
comes second, and then nothing may hold on to the old one.

## Why
Both ways the apply stops in the middle. Created first, the name is taken, by the very resource that
is to be replaced. Destroyed first, a target group is still used by its listener.

## Fix
With `create_before_destroy`, let every replacement have a name of its own:

    resource "aws_lb_target_group" "app" {
      name_prefix = "app-"
      port        = var.port

      lifecycle {
        create_before_destroy = true
      }
    }

That is also what a target group needs that a listener or a rule uses.

## When unknown
The new name is known only after apply. A `name_prefix` is never taken.

## Source
Terraform language documentation, "The lifecycle Meta-Argument"; Elastic Load Balancing API
Reference, CreateTargetGroup and DeleteTargetGroup.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Certainty,
    Confidence,
    Finding,
    Join,
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
    Unknown,
    block,
    edit,
    fail,
    load_table,
    passed,
    quoted,
    undetermined,
)

RULE = Rule(
    id="PS117",
    name="replacement-name-collision",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="Replacement cannot collide or block",
    types=("aws_*",),
)

FIRST = "lifecycle[0].create_before_destroy"
STAYING = (("no-op",), ("update",))
TARGET_GROUPS = ("aws_lb_target_group", "aws_alb_target_group")
USERS = {
    "aws_lb_listener": "default_action",
    "aws_alb_listener": "default_action",
    "aws_lb_listener_rule": "action",
    "aws_alb_listener_rule": "action",
    "aws_ecs_service": "load_balancer",
}
"""What holds on to a target group, and by which attribute.

A service holds on to none by itself, but works with one only that a listener sends to, wherever
that is kept.
"""
SCOPES = {
    "aws_alb": "",
    "aws_alb_target_group": "",
    "aws_cloudwatch_log_group": "",
    "aws_db_instance": "",
    "aws_dynamodb_table": "",
    "aws_ecr_repository": "",
    "aws_ecs_capacity_provider": "",
    "aws_ecs_service": "cluster",
    "aws_iam_instance_profile": "",
    "aws_iam_policy": "",
    "aws_iam_role": "",
    "aws_kms_alias": "",
    "aws_lambda_function": "",
    "aws_lb": "",
    "aws_lb_target_group": "",
    "aws_s3_bucket": "",
    "aws_secretsmanager_secret": "",
    "aws_security_group": "vpc_id",
    "aws_service_discovery_service": "dns_config[0].namespace_id",
    "aws_sns_topic": "",
    "aws_sqs_queue": "",
}
"""Types whose names there can be one of only, in a region or in what an attribute names."""
PREFIXED = {
    "aws_alb": 6,
    "aws_alb_target_group": 6,
    "aws_cloudwatch_log_group": 64,
    "aws_iam_instance_profile": 38,
    "aws_iam_policy": 38,
    "aws_iam_role": 38,
    "aws_lb": 6,
    "aws_lb_target_group": 6,
    "aws_secretsmanager_secret": 64,
    "aws_security_group": 64,
    "aws_sns_topic": 64,
    "aws_sqs_queue": 54,
}
"""Types that take a name_prefix, and how much of a name may stand in it."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per resource that this plan replaces."""
    for resource in platform.graph.of_type(*SCOPES):
        if resource.actions == ("create", "delete"):
            yield _judge_name(resource)
        elif resource.actions == ("delete", "create"):
            yield _judge_hold(resource, platform)


def _judge_name(resource: Resource) -> Finding:
    """A replacement that comes first must have another name than what it replaces."""
    address = resource.address
    attribute = load_table("name_attributes")["types"][resource.type][0]
    path = (Step(address, attribute),)
    name, before = resource.value(attribute), resource.before_value(attribute)
    if isinstance(name, Absent) or (isinstance(name, Known) and name != before):
        return passed(address, "its replacement has another name", path=path)
    if _moves(resource):
        return passed(address, "its replacement is where the name is free", path=path)
    if isinstance(name, Unknown):
        why = f"{address}.{attribute} is known only after apply, and may be what it is now"
        return undetermined(address, f"{why}: use name_prefix", path=path)
    return fail(
        address,
        f"{address} is created before the old one is destroyed, and both are called {name}",
        path=(Step(address, attribute, "the same before and after"),),
        symptom=f"{name} already exists",
        strikes=Phase.APPLY,
        fix="use name_prefix, or a name that changes with what forces the replacement",
        snippet=edit(resource, _renamed(resource, attribute, str(name))),
    )


def _renamed(resource: Resource, attribute: str, name: str) -> str:
    """A name that is free whenever a replacement comes first."""
    if resource.type in PREFIXED:
        most = PREFIXED[resource.type]
        return f"{attribute}_prefix = {quoted(f'{name[: most - 1]}-')}"
    return f'{attribute} = "${{var.NAME}}-${{var.WHAT_FORCES_THE_REPLACEMENT}}"'


def _moves(resource: Resource) -> bool:
    """Whether the replacement is in another cluster, network, namespace or region."""
    scopes = [name for name in (SCOPES[resource.type], "region") if name]
    return any(
        not isinstance(resource.value(name), Absent)
        and resource.value(name) != resource.before_value(name)
        for name in scopes
    )


def _judge_hold(resource: Resource, platform: Platform) -> Finding:
    """Nothing that stays may use a target group that is destroyed first."""
    address = resource.address
    users = [
        each
        for each in platform.graph.joins(USERS, TARGET_GROUPS).to(address)
        if each.holder.actions in STAYING
    ]
    users.sort(key=lambda each: each.holder.type == "aws_ecs_service")
    if users:
        return _held(resource, users[0], platform)
    notes = tuple(
        Note(Level.WARNING, text) for kind, text in EFFECTS.items() if kind == resource.type
    )
    return passed(address, "nothing holds on to what is destroyed first", notes=notes)


def _held(resource: Resource, by: Join, platform: Platform) -> Finding:
    """The verdict on a target group that something uses while it is replaced."""
    address, user, path = resource.address, by.holder, USERS[by.holder.type]
    if any(target.confidence is Confidence.AMBIGUOUS for target in by.edges):
        why = f"whether {user.address} uses {address} is not in the plan; "
        return undetermined(address, f"{why}{platform.graph.advice}", at="name")
    return fail(
        address,
        f"{address} is destroyed before its replacement is there, and {user.address} uses it all "
        "the while",
        path=(Step(address, FIRST, "it is destroyed first"), Step(user.address, path)),
        symptom="ResourceInUse: Target group is currently in use by a listener or a rule",
        certainty=Certainty.INFERRED if user.type == "aws_ecs_service" else Certainty.PROVEN,
        strikes=Phase.APPLY,
        fix="let the replacement come first, under a name of its own",
        snippet=edit(
            resource,
            'name_prefix = "app-"',
            "",
            block("lifecycle", "create_before_destroy = true"),
        ),
    )


EFFECTS = {
    "aws_ecs_service": "it is down from the destroy of the old service until new tasks run",
    "aws_security_group": "its destroy waits up to 15 minutes for network interfaces that use it",
}
"""What a replacement does that fails nothing."""
