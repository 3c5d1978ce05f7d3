"""Credentials do not belong in a container's environment.

What stands in `environment` is part of the task definition, in plain text: everybody who may
describe it reads it, as does whoever reads the state. `secrets` holds a reference instead, and
the value reaches the container alone.

A variable fails by its name (`DB_PASSWORD`, `API_TOKEN`) when its value may be a credential, by
its value (an access key, a URL with a password in it), or by where it comes from
(`random_password`, a secret's `secret_string`, a SecureString), whatever it is called.

## Why
It works, and that is all one sees.

## Fix
```hcl
secrets = [{
  name      = "DB_PASSWORD"
  valueFrom = aws_secretsmanager_secret_version.db.arn
}]
```

The execution role has to be allowed to read it (PS102). Not a credential, and therefore fine:
`TOKEN_TTL`, `SECRET_ARN`, `PASSWORD_FILE`, an ARN, a path, a URL without a password.

## When unknown
The containers are known only after apply and refer to nothing that holds a credential: give
`--source-dir`.

## Source
Amazon ECS Developer Guide, "Pass sensitive data to an Amazon ECS container". A value is never
shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Certainty,
    Confidence,
    Container,
    Credential,
    Finding,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Target,
    certainty_of,
    credentials_in,
    fail,
    in_container,
    in_module,
    name_of,
    passed,
    quoted,
    undetermined,
)

RULE = Rule(
    id="PS504",
    name="secret-in-environment",
    group="IAM",
    severity=Severity.HIGH,
    title="Containers get credentials as secrets, not as plain environment",
    types=("aws_ecs_task_definition",),
)

AT = "container_definitions"
KEPT = ("aws_secretsmanager_secret_version.", "aws_ssm_parameter.")
"""How addresses begin of what keeps a credential, and can be referred to by its ARN."""
SYMPTOM = "the value can be read with ecs:DescribeTaskDefinition, in the console and in the state"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for definition in platform.task_definitions:
        yield _judge(definition, platform)


def _judge(definition: Resource, platform: Platform) -> Finding:
    images = platform.images.of(definition)
    for container in images.containers:
        for found in credentials_in(container, platform.graph):
            return _fail(definition, found, container=container)
    whole = platform.graph.resolve(definition, AT)
    for target in whole.targets:
        source = Credential.of(target, platform.graph)
        if source is None:
            continue
        if target.confidence is Confidence.AMBIGUOUS or _is_chosen(definition, target, platform):
            why = f"whether {target.address}.{target.attribute} flows in is not in the plan"
            why += f"; {platform.graph.advice}"
            return undetermined(definition.address, why, at=AT)
        return _fail(definition, source, certainty_of(target))
    if images.invalid or not images.is_known:
        why = images.invalid or f"it is known only after apply; {platform.graph.advice}"
        return undetermined(definition.address, f"{definition.address}.{AT}: {why}", at=AT)
    return passed(definition.address, "no container has a credential in plain text", at=AT)


def _is_chosen(definition: Resource, target: Target, platform: Platform) -> bool:
    """Whether the source shows a choice of which a credential is only one end."""
    members = platform.graph.members(definition, AT, "value")
    return members is not None and any(
        each.is_chosen and target.address in {end.address for end in each.targets}
        for each in members.values
    )


def _fail(
    definition: Resource,
    found: Credential,
    certainty: Certainty = Certainty.PROVEN,
    container: Container | None = None,
) -> Finding:
    origin = (Step(found.address, found.attribute),) if found.address else ()
    kept = "aws_secretsmanager_secret.SECRET"
    if in_module(found.address).startswith(KEPT):
        kept = in_module(found.address)
    return fail(
        definition.address,
        f"{definition.address} has a credential in plain text: {found.why}",
        path=(Step(definition.address, AT, found.why), *origin),
        certainty=certainty,
        symptom=SYMPTOM,
        strikes=Phase.RUNTIME,
        cause=found.address or definition.block_address,
        fix="take it out of the environment, keep it in a secret, and have the container get a "
        "reference to that",
        snippet=in_container(
            definition,
            name_of(container),
            f"secrets = [{{ name = {quoted(found.name or 'NAME')}, valueFrom = {kept}.arn }}]",
        ),
    )
