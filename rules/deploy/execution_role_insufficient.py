"""The execution role must exist and allow what starting the task takes.

Before a container starts, Fargate acts as the task definition's execution role: it signs in to
ECR and pulls the image, opens a log stream, reads the secrets and fetches environment files. What
the role's policies do not allow, less what they deny, stops every task before its first line of
code.

| what the containers have | what the role must allow |
| --- | --- |
| an image in private ECR | `ecr:GetAuthorizationToken` on `*`, `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` on the repository |
| `awslogs` | `logs:CreateLogStream`, `logs:PutLogEvents` on `<log group>:*`; with `awslogs-create-group` also `logs:CreateLogGroup` |
| secrets | `secretsmanager:GetSecretValue` or `ssm:GetParameters` on each, `kms:Decrypt` on a customer's key |
| environment files | `s3:GetObject`, `s3:GetBucketLocation` |

AmazonECSTaskExecutionRolePolicy allows the first row and the second without creating groups,
nothing else: a first secret needs a policy of its own.

## Why
Nothing checks these permissions before the first task. The apply is green.

## Fix
```hcl
resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "secrets" {
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = aws_secretsmanager_secret.db.arn
    }]
  })
}
```

## When unknown
The role is not in the plan, or one of its policies cannot be read, or the containers are known
only after apply: give `--source-dir`. A policy of the repository, secret or key may let the role
in from the other side. Service control policies are never seen.

## Source
Amazon ECS Developer Guide, "Amazon ECS task execution IAM role". ECR's own policy for pulling
(AmazonEC2ContainerRegistryPullOnly) does without `ecr:BatchCheckLayerAvailability`, so it is not
asked for here. CloudWatch Logs names the log stream in what it denies, so that a group's ARN
without `:*` covers none.
"""  # noqa: E501 - a table row is one line

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    SENSITIVE,
    Absent,
    Answer,
    Attached,
    Certainty,
    Finding,
    Known,
    Level,
    Need,
    Note,
    Parameters,
    Permission,
    Phase,
    Platform,
    Resource,
    Role,
    Rule,
    Severity,
    Step,
    Target,
    TaskNeeds,
    advised,
    block,
    certainty_of,
    edit,
    fail,
    in_module,
    new,
    passed,
    quoted,
    reference,
    steps_to,
    undetermined,
)

RULE = Rule(
    id="PS102",
    name="execution-role-insufficient",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="The execution role may pull the image, write the logs and read the secrets",
    types=("aws_ecs_task_definition",),
)

ROLE = "execution_role_arn"
INLINE = "aws_iam_role_policy"
NEEDED = "pulling, logging and reading the secrets"
SIGN_IN = "ecr:GetAuthorizationToken"
OWN = ("logs:", "ssm:")
REGISTERING = {
    "ecr": "Fargate requires task definition to have execution role ARN to support ECR images.",
    "logs": "Fargate requires task definition to have execution role ARN to support log driver "
    "awslogs.",
    "secrets": "When you are specifying container secrets, you must also specify a value for "
    "'executionRoleArn'",
    "files": "Fargate requires task definition to have execution role ARN",
}
STARTING = {
    "ecr": "CannotPullContainerError or ResourceInitializationError: unable to pull secrets or "
    "registry auth: ... AccessDeniedException",
    "logs": "ResourceInitializationError: failed to validate logger args: ... "
    "AccessDeniedException: ... is not authorized to perform: %s",
    "secrets": "ResourceInitializationError: unable to pull secrets or registry auth: ... "
    "AccessDeniedException",
    "files": "ResourceInitializationError: failed to download env files: ... AccessDenied",
}


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for definition in platform.task_definitions:
        yield _judge(definition, platform.needs.of(definition), platform)


def _judge(definition: Resource, needs: TaskNeeds, platform: Platform) -> Finding:
    address = definition.address
    if isinstance(definition.value(ROLE), Absent):
        return _without_role(definition, needs, platform)
    if not needs.needs and not needs.unresolved:
        return passed(address, "its containers need nothing of an execution role", at=ROLE)
    target, why = _role_of(definition, platform)
    if target is None:
        why = f"whether its execution role is enough: {why}; make sure that it allows {NEEDED}"
        return undetermined(address, why, at=ROLE)
    role = platform.roles.of(platform.graph.resource_of(target))
    asked = [(need, platform.roles.may(role, need.action, need.wanted)) for need in needs.needs]
    lacking = [one for one in asked if one[1].answer in {Answer.NO, Answer.DENIED}]
    if lacking:
        return _insufficient(definition, role, target, lacking, platform)
    opens = [
        f"{one.why}; make sure that it may {need.action}"
        for need, one in asked
        if one.answer is Answer.UNKNOWN
    ]
    opens += [advised(each, platform.graph.advice) for each in needs.unresolved]
    if opens:
        why = opens[0]
        return undetermined(address, f"whether {role.resource.address} is enough: {why}", at=ROLE)
    return passed(
        address,
        f"{role.resource.address} allows {len(asked)} of {len(asked)} calls that start the task",
        path=steps_to(definition, ROLE, target),
        certainty=certainty_of(target),
        notes=tuple(_races(definition, role, platform)),
    )


def _role_of(definition: Resource, platform: Platform) -> tuple[Target | None, str]:
    """The execution role, where its policies are in this plan, else None and why."""
    found = platform.graph.resolve(definition, ROLE, ["aws_iam_role"])
    if len(found.targets) > 1 or not all(each.is_sure for each in found.targets):
        names = ", ".join(each.address for each in found.targets)
        return None, f"which of {names} it is is not in the plan"
    if found.is_open or not found.targets:
        return None, "; ".join(found.unresolved) or "its policies are not in this plan"
    (target,) = found.targets
    if platform.graph.resource_of(target).mode == "data":
        return None, f"the policies of {target.address} are not in this plan"
    return target, ""


def _without_role(definition: Resource, needs: TaskNeeds, platform: Platform) -> Finding:
    kinds = [need for need in needs.needs if need.kind == "secrets"]
    if Known("FARGATE") in definition.elements("requires_compatibilities"):
        # A need told by one kind only: secrets need the role wherever the task runs.
        kinds = list(needs.needs)
    if not kinds:
        if needs.unresolved:
            why = advised(needs.unresolved[0], platform.graph.advice)
            return undetermined(definition.address, why, at=ROLE)
        return passed(definition.address, "its containers need no execution role", at=ROLE)
    need = kinds[0]
    return fail(
        definition.address,
        f"{definition.address} has no execution role, and {need.reason}",
        path=(
            Step(definition.address, ROLE, "not set"),
            Step(definition.address, "container_definitions", need.reason),
        ),
        symptom=REGISTERING[need.kind],
        strikes=Phase.APPLY,
        fix=f"give {definition.address} an execution role: one that ecs-tasks.amazonaws.com may "
        "assume, with AmazonECSTaskExecutionRolePolicy attached",
        snippet=edit(definition, f"{ROLE} = aws_iam_role.EXECUTION.arn"),
    )


def _insufficient(
    definition: Resource,
    role: Role,
    target: Target,
    lacking: list[tuple[Need, Permission]],
    platform: Platform,
) -> Finding:
    need, permission = lacking[0]
    address = role.resource.address
    why = permission.why or "no policy of it allows that"
    by = permission.by
    policies = (by,) if by else role.policies
    # What is not in the plan may have a policy of its own that lets the role in.
    is_ours = by or need.wanted.address or need.action.startswith(OWN) or need.action == SIGN_IN
    sure = all(each.is_sure for each in policies) and bool(is_ours)
    actions = list(dict.fromkeys(each.action for each, _ in lacking))
    policy = _statements(role, lacking, platform)
    return fail(
        definition.address,
        f"{need.reason}, and {address} may not {need.action}: {why}",
        path=(
            *steps_to(definition, ROLE, target, "is the execution role"),
            *(Step(each.address, each.attribute, f"attaches {each.name}") for each in policies),
        ),
        certainty=certainty_of(target) if sure else Certainty.INFERRED,
        symptom=STARTING[need.kind].replace("%s", need.action),
        strikes=Phase.TASK_START,
        cause=by.address if by else address,
        fix=_fix(address, permission, ", ".join(actions)),
        snippet=_undenied(by, policy, platform)
        if by
        else new(INLINE, f"{role.resource.name}_start", f"role = {in_module(address)}.id", *policy),
    )


def _fix(role: str, permission: Permission, actions: str) -> str:
    by = permission.by
    if by is None:
        return f"let {role} do what starts the task: {actions}"
    if by.name.startswith("arn:"):
        return f"take another policy instead of {by.name}, one that permits {actions}"
    verb = "no longer deny" if permission.answer is Answer.DENIED else "permit"
    return f"let {by.name} {verb} {actions}"


def _statements(
    role: Role, lacking: list[tuple[Need, Permission]], platform: Platform
) -> tuple[str, ...]:
    """The argument `policy` that allows what is lacking, line by line."""
    statements: dict[str, list[str]] = {}
    for need, _ in lacking:
        # The ARN of what is not in the plan comes out of the containers, which may be sensitive.
        arn = "ARN" if need.name == SENSITIVE else need.wanted.arn
        written = quoted(arn.replace("arn:*:", "arn:aws:"))
        owner = platform.graph.resource(need.wanted.address)
        resource = reference(owner, "arn", role.resource) if owner else written
        actions = statements.setdefault(resource, [])
        actions += [] if quoted(need.action) in actions else [quoted(need.action)]
    listed = (
        f'    {{ Effect = "Allow", Action = [{", ".join(actions)}], Resource = [{resource}] }},'
        for resource, actions in statements.items()
    )
    start = ("policy = jsonencode({", '  Version = "2012-10-17"', "  Statement = [")
    return (*start, *listed, "  ]", "})")


def _undenied(by: Attached, policy: tuple[str, ...], platform: Platform) -> str:
    """The policy that denies, saying the opposite; one of AWS, or of an account, is exchanged."""
    own, joined = platform.graph.resource(by.name), platform.graph.resource(by.address)
    holder = own or joined
    if holder is None:
        return ""
    if by.attribute.startswith("inline_policy"):
        return edit(holder, block("inline_policy", *policy))
    if by.attribute == "policy" or (own is not None and own.mode == "managed"):
        return edit(holder, *policy)
    other = "aws_iam_policy.OTHER.arn"
    listed = f"[{other}]" if by.attribute.endswith("arns") else other
    return edit(joined or holder, f"{by.attribute} = {listed}")


def _races(definition: Resource, role: Role, platform: Platform) -> Iterator[Note]:
    """New policies that a service does not wait for: its first tasks may come too early."""
    for service in platform.services_of(definition):
        for policy in role.policies:
            made = platform.graph.resource(policy.address)
            is_early = made is not None and made.is_created and made is not role.resource
            if is_early and not platform.graph.depends_on(service.address, policy.address):
                text = f"{service.address} does not wait for {policy.address}: add it to depends_on"
                yield Note(Level.WARNING, text)
