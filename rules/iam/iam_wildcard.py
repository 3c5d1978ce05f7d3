"""Policies must name what they allow.

`*` for the actions, all actions of a service, or every resource for an action that could name
one: whoever takes over the task has all of that too.

## Why
A wildcard is written in a minute to get on, and stays.

## Fix
Name the actions and the ARNs:

```hcl
statement {
  actions   = ["s3:GetObject"]
  resources = ["${aws_s3_bucket.artifacts.arn}/*"]
}
```

Some actions know no resource: `ecr:GetAuthorizationToken`, `ec2:Describe*`, the channels of ECS
Exec. `*` is right for them. A condition narrows a resource of `*`; for `iam:PassRole` it has to be
on `iam:PassedToService`. In a policy of a resource itself, as that of a KMS key, a resource of `*`
means this one resource: there only a principal of `*` fails, when no condition narrows it.

A role fails for what its own block holds and for policies AWS keeps that give everything or all of
a service (`AdministratorAccess`, `...FullAccess`), a policy's own resource for what it says.

## When unknown
The document is known only after apply and no `aws_iam_policy_document` shows its statements: give
`--source-dir`. Resources that only apply tells count as named.

## Source
IAM User Guide, "Grant least privilege"; Service Authorization Reference, for the actions without
resources. Checkov judges documents whose JSON the plan holds (CKV_AWS_62, 63, 286-290, 355, 356);
this rule also reads those that are still to be made.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Agrees,
    Attached,
    Certainty,
    Document,
    Finding,
    Parameters,
    Phase,
    Platform,
    Resource,
    Role,
    Rule,
    Severity,
    Statement,
    Step,
    arguments,
    block,
    edit,
    excess,
    fail,
    is_broad,
    is_public,
    passed,
    quoted,
    undetermined,
)

IDENTITY = ("aws_iam_group_policy", "aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy")
OF_RESOURCES = (
    "aws_backup_vault_policy",
    "aws_ecr_repository_policy",
    "aws_efs_file_system_policy",
    "aws_kms_key_policy",
    "aws_s3_bucket_policy",
    "aws_secretsmanager_secret_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
)

TRUST = "assume_role_policy"
TASK, ROLE = "aws_ecs_task_definition", "aws_iam_role"
ARGUMENTS = ("task_role_arn", "execution_role_arn")
MANAGED = "managed_policy_arns"
KEPT_BY_AWS = ":iam::aws:policy/"

DOCUMENT = "aws_iam_policy_document"
TRUSTED = "arn:aws:iam::ACCOUNT:role/ROLE"
SYMPTOM = "nothing fails: whoever gets hold of the credentials may do all of it"
PUBLIC = "nothing fails: anybody with an account of AWS may do it"

RULE = Rule(
    id="PS502",
    name="iam-wildcard",
    group="IAM",
    severity=Severity.HIGH,
    title="Policies name the actions and resources they allow",
    types=("aws_iam_role", *IDENTITY, *OF_RESOURCES),
    checkov=(
        Agrees("CKV_AWS_60", "a role that not everybody may take on", at=TRUST),
        Agrees("CKV_AWS_274", "a role without AdministratorAccess", at=MANAGED),
        Agrees("CKV_AWS_32", "a repository that not everybody may use"),
        Agrees("CKV_AWS_70", "a bucket that not everybody may use"),
        Agrees("CKV_AWS_168", "a queue that not everybody may use"),
        Agrees("CKV_AWS_387", "a queue that not everybody may use"),
        Agrees("CKV_AWS_169", "a topic that not everybody may use"),
    ),
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per policy and per role."""
    for policy in platform.graph.of_type(*IDENTITY, *OF_RESOURCES):
        if not policy.is_deleted:
            document = platform.roles.documents.of(policy, "policy")
            yield _judge(policy, document, platform)
    for role in platform.roles.all:
        yield _judge_role(role, platform)


def _problem(statement: Statement, *, of_resource: bool) -> str:
    if of_resource:
        return "its principal * lets anybody in" if is_public(statement) else ""
    return excess(statement)


def _judge(policy: Resource, document: Document, platform: Platform) -> Finding:
    of_resource = policy.type in OF_RESOURCES
    for statement in document.statements:
        if why := _problem(statement, of_resource=of_resource):
            why += _holders(policy, platform)
            return _fail(policy, "policy", document, statement, why, platform)
    if (opens := _opens(document)) and not of_resource:
        return undetermined(policy.address, opens[0], at="policy")
    if document.unresolved:
        return undetermined(policy.address, document.unresolved[0], at="policy")
    is_open = any(
        not isinstance(one, str) for each in document.statements for one in each.resources
    )
    return passed(
        policy.address,
        "it names what it allows",
        at="policy",
        certainty=Certainty.INFERRED if is_open else Certainty.PROVEN,
    )


def _judge_role(role: Role, platform: Platform) -> Finding:
    address = role.resource.address
    for statement in role.trust.statements:
        if is_public(statement):
            why = "its trust policy lets anybody take it on"
            return _fail(role.resource, TRUST, role.trust, statement, why, platform)
    opens = [*role.trust.unresolved, *role.unresolved]
    for policy in role.policies:
        if is_broad(policy.name):
            return _broad(role, policy, platform)
        # What another resource of the plan says is judged there.
        is_own = policy.address == address and policy.attribute.endswith(".policy")
        for statement in policy.document.statements if is_own else ():
            if why := excess(statement):
                here = (role.resource, policy.attribute)
                return _fail(*here, policy.document, statement, why, platform)
        if is_own or (not policy.document.address and KEPT_BY_AWS not in policy.name):
            opens += _opens(policy.document)
    if opens:
        return undetermined(address, opens[0], at=TRUST)
    return passed(address, "no policy of it gives everything", at=TRUST)


def _broad(role: Role, policy: Attached, platform: Platform) -> Finding:
    address, name = role.resource.address, policy.name.rpartition("/")[2]
    step = Step(policy.address, policy.attribute, policy.name)
    attaches = platform.graph.resource(policy.address) or role.resource
    least = "aws_iam_policy.LEAST.arn"
    if policy.attribute == MANAGED:
        least = f"[{least}]"
    return fail(
        address,
        f"{address} has {name}, which AWS keeps: it allows far more than one application needs",
        path=(step,) if policy.address == address else (Step(address, "name"), step),
        symptom=SYMPTOM,
        strikes=Phase.RUNTIME,
        cause=policy.address,
        fix=f"in place of {name}, attach a policy of its own, with the actions it needs",
        snippet=edit(attaches, f"{policy.attribute} = {least}"),
    )


def _opens(document: Document) -> list[str]:
    """Why a document may allow more than what can be read."""
    opens = list(document.unresolved)
    actions = (action for one in document.statements if one.allows for action in one.actions)
    if not all(isinstance(action, str) for action in actions):
        late = f"which actions {document.address} allows is known only after apply"
        opens.append(f"{late}; apply first what they wait for")
    return opens


def _fail(  # noqa: PLR0913, PLR0917 - where a statement stands, and what is wrong with it
    resource: Resource,
    attribute: str,
    document: Document,
    statement: Statement,
    why: str,
    platform: Platform,
) -> Finding:
    address = resource.address
    elsewhere = document.address not in {"", address}
    steps = (Step(document.address, statement.place, why),) if elsewhere else ()
    written = platform.graph.resource(document.address) or resource
    what = "whom it lets in" if is_public(statement) else "the actions and the resources it allows"
    return fail(
        address,
        f"{address}: {why}",
        path=(Step(address, attribute, "" if elsewhere else why), *steps),
        symptom=PUBLIC if is_public(statement) else SYMPTOM,
        strikes=Phase.RUNTIME,
        cause=document.address,
        fix=f"in {written.address}, name {what}",
        snippet=_snippet(written, attribute, statement),
    )


def _snippet(written: Resource, attribute: str, statement: Statement) -> str:
    """The statement with names in place of its wildcards, as its document is written."""
    named = {"actions": _actions(statement), "resources": _resources(statement)}
    if written.type == DOCUMENT:
        lines = arguments(**{key: _list(each) for key, each in named.items()})
        if is_public(statement):
            trusted = arguments(type=quoted("AWS"), identifiers=_list([quoted(TRUSTED)]))
            lines = block("principals", trusted)
        return edit(written, block("statement", lines))
    values = {"Effect": quoted("Allow")}
    if is_public(statement):
        values["Principal"] = f"{{ AWS = {quoted(TRUSTED)} }}"
    values["Action"] = _list(named["actions"])
    if named["resources"]:
        values["Resource"] = _list(named["resources"])
    inner = block("", arguments(**values)).strip()
    name = attribute.rpartition(".")[2]
    policy = f'{name} = jsonencode({{\n  Version = "2012-10-17"\n  Statement = ['
    policy += inner.replace("\n", "\n  ") + "]\n})"
    return edit(written, block("inline_policy", policy) if attribute != name else policy)


def _actions(statement: Statement) -> list[str]:
    """The actions, each that is a whole service's told to be one of it."""
    shown = ("*",) if statement.excepts_actions else statement.actions
    parts = ((each, *each.partition(":")) for each in shown if isinstance(each, str))
    return [
        quoted(each if rest and rest != "*" else f"{service.replace('*', 'SERVICE')}:ACTION")
        for each, service, _, rest in parts
    ]


def _resources(statement: Statement) -> list[str]:
    """The resources, those that stand for all told to be one."""
    if statement.excepts_resources:
        return ["RESOURCE.arn"]
    return [
        "RESOURCE.arn" if each == "*" or not isinstance(each, str) else quoted(each)
        for each in statement.resources
    ]


def _list(values: list[str]) -> str:
    return f"[{', '.join(dict.fromkeys(values))}]"


def _holders(policy: Resource, platform: Platform) -> str:
    """Who may do it, and whose code that is, as the end of a sentence."""
    names = [
        role.resource.address + _users(role.resource, platform)
        for role in platform.roles.with_policy(policy)
    ]
    return f", for {', '.join(names)}" if names else ""


def _users(role: Resource, platform: Platform) -> str:
    """The first task definition that names a role, in brackets."""
    named = [
        (definition.address, place)
        for place, argument in enumerate(ARGUMENTS)
        for definition, edges in platform.graph.joins({TASK: argument}, [ROLE]).to(role.address)
        if not definition.is_deleted and any(each.is_sure for each in edges)
    ]
    if not named:
        return ""
    address, place = min(named)
    return f" ({ARGUMENTS[place]} of {address})"
