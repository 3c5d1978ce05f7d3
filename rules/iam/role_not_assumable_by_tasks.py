"""A role that a task definition names must let ECS tasks take it on.

A role's trust policy says who may take it on. For a task, that is the service principal
`ecs-tasks.amazonaws.com`, for the execution role and the task role alike. `ecs.amazonaws.com` is
ECS itself, `ec2.amazonaws.com` the instance: with only these the apply ends green, and no task
ever starts.

## Why
The principals look alike, and nothing before the first task compares them.

## Fix
```hcl
resource "aws_iam_role" "task" {
  name = "task"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}
```

The condition keeps others from having ECS act for them; without it the verdict carries a note.
One statement for tasks is enough: further principals do no harm here.

## When unknown
The trust policy is known only after apply and no `aws_iam_policy_document` shows its statements:
give `--source-dir`. Or a condition other than the account or ARN a task comes from decides.

## Source
Amazon ECS Developer Guide, "Amazon ECS task execution IAM role" and "Amazon ECS task IAM role"
(trust policies); the symptom is the event a service logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Certainty,
    Confidence,
    Finding,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Role,
    Rule,
    Severity,
    Step,
    Target,
    arguments,
    block,
    certainty_of,
    edit,
    fail,
    passed,
    quoted,
    undetermined,
)

RULE = Rule(
    id="PS501",
    name="role-not-assumable-by-tasks",
    group="IAM",
    severity=Severity.CRITICAL,
    title="The roles of a task can be taken on by ECS tasks",
    types=("aws_iam_role",),
)

TRUST = "assume_role_policy"
ARGUMENTS = ("execution_role_arn", "task_role_arn")
PRINCIPAL = "ecs-tasks.amazonaws.com"
DOCUMENT = "aws_iam_policy_document"
LETS_IN = f"""jsonencode({{
  Version = "2012-10-17"
  Statement = [{{
    Effect    = "Allow"
    Action    = "sts:AssumeRole"
    Principal = {{ Service = "{PRINCIPAL}" }}
  }}]
}})"""
SYMPTOM = (
    "ECS was unable to assume the role '...' that was provided for this task. Please verify that "
    "the role being passed has the proper trust relationship and permissions and that your IAM "
    "user has permissions to pass this role."
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per role that a task definition names."""
    users: dict[str, list[tuple[Step, Target]]] = {}
    for definition in platform.task_definitions:
        for path in ARGUMENTS:
            for target in platform.graph.resolve(definition, path, ["aws_iam_role"]).targets:
                step = Step(definition.address, path, "tasks are to take it on")
                users.setdefault(target.address, []).append((step, target))
    for role in platform.roles.all:
        if role.resource.address in users:
            yield _judge(role, users[role.resource.address], platform)


def _judge(role: Role, users: list[tuple[Step, Target]], platform: Platform) -> Finding:
    address = role.resource.address
    # The surest use decides: one task that cannot start is enough.
    user, target = min(users, key=lambda one: list(Certainty).index(certainty_of(one[1])))
    certainty = certainty_of(target)
    trust = role.trust
    answer, why = trust.lets_in("Service", PRINCIPAL)
    written = () if trust.address in {"", address} else (Step(trust.address, "statement"),)
    path = (Step(address, TRUST, why), *written, user)
    if answer is None:
        return undetermined(
            address, f"whether tasks may take on {address} is open: {why}", at=TRUST
        )
    if answer:
        return passed(
            address,
            f"{PRINCIPAL} may take it on",
            path=path,
            certainty=certainty,
            notes=() if _is_guarded(role) else (_UNGUARDED,),
        )
    if target.confidence is Confidence.AMBIGUOUS:
        why = f"whether {user.address} uses {address} is not in the plan, and {why}"
        return undetermined(address, f"{why}; {platform.graph.advice}", at=TRUST)
    return fail(
        address,
        f"{user.address} names {address} as {user.attribute}, and ECS tasks may not take it on: "
        f"{why}",
        path=path,
        certainty=certainty,
        symptom=SYMPTOM,
        strikes=Phase.TASK_START,
        cause=trust.address or address,
        fix=f"let {PRINCIPAL} take on {address} in its trust policy",
        snippet=_snippet(role, platform),
    )


def _snippet(role: Role, platform: Platform) -> str:
    """The trust that tasks need, where it is written."""
    written = platform.graph.resource(role.trust.address)
    if written is None or written.type != DOCUMENT:
        return edit(role.resource, f"{TRUST} = {LETS_IN}")
    principals = arguments(type=quoted("Service"), identifiers=f"[{quoted(PRINCIPAL)}]")
    actions = f"actions = [{quoted('sts:AssumeRole')}]"
    return edit(written, block("statement", actions, "", block("principals", principals)))


_UNGUARDED = Note(
    Level.INFO,
    "no condition on aws:SourceAccount or aws:SourceArn: ECS could be made to use it for another "
    "account's task",
)


def _is_guarded(role: Role) -> bool:
    keys = {each.key.lower() for one in role.trust.statements for each in one.conditions}
    return bool(keys & {"aws:sourceaccount", "aws:sourcearn"})
