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
on `iam:PassedToService`. Policies of KMS keys are not judged: there `*` means the key itself.

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
    excess,
    fail,
    is_broad,
    is_public,
    passed,
    undetermined,
)

IDENTITY = ("aws_iam_group_policy", "aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy")
OF_RESOURCES = (
    "aws_ecr_repository_policy",
    "aws_s3_bucket_policy",
    "aws_secretsmanager_secret_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
)

TRUST = "assume_role_policy"
KEPT_BY_AWS = ":iam::aws:policy/"

NAMED = """{
  Effect   = "Allow"
  Action   = ["<service>:<Action>"]
  Resource = [<resource>.arn]
}"""
PUBLIC = """Principal = { AWS = "arn:aws:iam::<account>:role/<role>" }
or a Condition on aws:PrincipalOrgID or aws:SourceAccount"""

RULE = Rule(
    id="PS502",
    name="iam-wildcard",
    group="IAM",
    severity=Severity.HIGH,
    title="Policies name the actions and resources they allow",
    types=("aws_iam_role", *IDENTITY, *OF_RESOURCES),
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per policy and per role."""
    for policy in platform.graph.of_type(*IDENTITY, *OF_RESOURCES):
        if not policy.is_deleted:
            document = platform.roles.documents.of(policy, "policy")
            yield _judge(policy, document, platform)
    for role in platform.roles.all:
        yield _judge_role(role)


def _problem(statement: Statement, *, of_resource: bool) -> str:
    if of_resource:
        return "Principal * lets anybody in" if is_public(statement) else ""
    return excess(statement)


def _judge(policy: Resource, document: Document, platform: Platform) -> Finding:
    of_resource = policy.type in OF_RESOURCES
    for statement in document.statements:
        if why := _problem(statement, of_resource=of_resource):
            why += _holders(policy, platform)
            return _fail(policy.address, "policy", document, statement, why)
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


def _judge_role(role: Role) -> Finding:
    address = role.resource.address
    for statement in role.trust.statements:
        if is_public(statement):
            why = "its trust policy lets anybody take it on"
            return _fail(address, TRUST, role.trust, statement, why)
    opens = [*role.trust.unresolved, *role.unresolved]
    for policy in role.policies:
        if is_broad(policy.name):
            return _broad(role, policy)
        # What another resource of the plan says is judged there.
        is_own = policy.address == address and policy.attribute.endswith(".policy")
        for statement in policy.document.statements if is_own else ():
            if why := excess(statement):
                return _fail(address, policy.attribute, policy.document, statement, why)
        if is_own or (not policy.document.address and KEPT_BY_AWS not in policy.name):
            opens += _opens(policy.document)
    if opens:
        return undetermined(address, opens[0], at=TRUST)
    return passed(address, "no policy of it gives everything", at=TRUST)


def _broad(role: Role, policy: Attached) -> Finding:
    address, name = role.resource.address, policy.name.rpartition("/")[2]
    step = Step(policy.address, policy.attribute, policy.name)
    return fail(
        address,
        f"{address} has {policy.name}",
        path=(step,) if policy.address == address else (Step(address, "name"), step),
        strikes=Phase.RUNTIME,
        cause=policy.address,
        fix=f"in place of {name}, attach a policy of its own to {address}, with the actions it "
        "needs:\n"
        'data "aws_iam_policy_document" "least" {\n'
        "  statement {\n"
        '    actions   = ["<service>:<Action>"]\n'
        "    resources = [<resource>.arn]\n"
        "  }\n}",
    )


def _opens(document: Document) -> list[str]:
    """Why a document may allow more than what can be read."""
    opens = list(document.unresolved)
    actions = (action for one in document.statements if one.allows for action in one.actions)
    if not all(isinstance(action, str) for action in actions):
        opens.append(f"which actions {document.address} allows only apply tells")
    return opens


def _fail(
    address: str, attribute: str, document: Document, statement: Statement, why: str
) -> Finding:
    elsewhere = document.address not in {"", address}
    steps = (Step(document.address, statement.place, why),) if elsewhere else ()
    return fail(
        address,
        f"{address}: {why}",
        path=(Step(address, attribute, why), *steps),
        strikes=Phase.RUNTIME,
        cause=document.address,
        fix=f"in {document.address or address}:\n{PUBLIC if is_public(statement) else NAMED}",
    )


def _holders(policy: Resource, platform: Platform) -> str:
    """Who may do it, as the end of a sentence."""
    names = [
        role.resource.address
        for role in platform.roles.all
        if any(policy.address in {each.address, each.name} for each in role.policies)
    ]
    return f", for {', '.join(names)}" if names else ""
