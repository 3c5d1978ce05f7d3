"""A secret that a task reads must have a value before the task starts.

`aws_secretsmanager_secret` makes an empty box; the value comes with
`aws_secretsmanager_secret_version`. Without a version, or before it is there, ECS cannot hand the
secret over and the task does not start. The same goes for a JSON key the value does not hold.

## Why
"We put the value in by hand later" fails the very apply that creates the service, and a version
that nothing waits for is often made minutes after the service.

## Fix
```hcl
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = random_password.db.result
}

resource "aws_ecs_service" "app" {
  # ...
  depends_on = [aws_secretsmanager_secret_version.db]
}
```

`valueFrom = aws_secretsmanager_secret_version.db.arn` orders the two as well.

## When unknown
The secret is not in the plan (an ARN as text), or the containers are known only after apply: give
`--source-dir`. The values of secrets that exist before the plan are nowhere in it; they pass,
with a note.

## Source
Amazon ECS Developer Guide, "Pass Secrets Manager secrets through Amazon ECS environment
variables". A value is never shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    SecretSource,
    Service,
    Severity,
    Step,
    advised,
    arguments,
    certainty_of,
    edit,
    fail,
    in_container,
    in_module,
    keys_of,
    new,
    not_applicable,
    passed,
    quoted,
    replace,
    together,
    undetermined,
    wait_for,
    worst,
)

RULE = Rule(
    id="PS107",
    name="secret-without-value",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="The secrets of a task have a value before it starts",
    types=("aws_ecs_service",),
)

TASK = "task_definition"
HERE = "container_definitions"
EMPTY = (
    "ResourceInitializationError: unable to pull secrets or registry auth: ... "
    "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging "
    "label: AWSCURRENT"
)
KEYLESS = (
    "ResourceInitializationError: unable to pull secrets or registry auth: ... retrieved secret "
    "from Secrets Manager did not contain json key ..."
)
ABSENT = "ResourceInitializationError: unable to pull secrets or registry auth: ... %s"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    if platform.starts_nothing(service):
        return passed(service.address, "it starts no tasks", at="desired_count")
    definition, why = platform.definition_of(service)
    if definition is None:
        why = f"{service.address}.{TASK} cannot be judged: {why}"
        why = f"{why}; make sure that its secrets have values"
        return undetermined(service.address, why, at=TASK)
    if secrets := platform.secrets.of(definition):
        way = service.task_definitions.targets
        return worst(
            replace(
                _judge_secret(service, definition, each, platform),
                certainty=certainty_of(*way, *filter(None, (each.target,))),
            )
            for each in secrets
        )
    if why := platform.needs.why_opaque(definition):
        return undetermined(service.address, advised(why, platform.graph.advice), at=TASK)
    return not_applicable(service.address, "its containers read no secrets")


def _judge_secret(
    service: Service, definition: Resource, secret: SecretSource, platform: Platform
) -> Finding:
    owner = platform.secrets.owner_of(secret)
    called = f"{definition.address} reads {secret.called}"
    if owner is None:
        why = f"{called}, which is not in this plan: make sure that it has a value"
        return undetermined(service.address, why, at=TASK)
    way = (
        Step(service.address, TASK),
        Step(definition.address, HERE, secret.called),
        Step(owner.address, "", "holds it"),
    )
    if owner.is_deleted:
        return fail(
            service.address,
            f"{called} of {owner.address}, which this plan deletes",
            path=way,
            symptom=ABSENT % "ResourceNotFoundException",
            strikes=Phase.TASK_START,
            cause=owner.address,
            fix=f"keep {owner.address}, or take {secret.called} out of {definition.address}",
            snippet=in_container(definition, secret.container, "secrets = []"),
        )
    if owner.type == "aws_secretsmanager_secret" and owner.mode == "managed":
        return _judge_value(service, owner, secret, platform, way)
    if owner.is_deferred:
        why = (
            f"{called} of {owner.address}, which only apply looks up: apply first what it waits for"
        )
        return undetermined(service.address, why, path=way, at=TASK)
    if owner.is_created and not platform.graph.depends_on(service.address, owner.address):
        return _race(service, owner, platform, way, ABSENT % "invalid ssm parameters")
    return passed(service.address, f"{owner.address} has a value", path=way)


def _judge_value(
    service: Service,
    owner: Resource,
    secret: SecretSource,
    platform: Platform,
    way: tuple[Step, ...],
) -> Finding:
    values = platform.secrets.values(owner)
    for version in values.versions:
        keys = keys_of(version)
        if secret.key and keys is not None and secret.key not in keys:
            return _keyless(service, version, secret, way)
    if not owner.is_created and values.versions:
        return passed(
            service.address, f"{owner.address} has {values.versions[0].address}", path=way
        )
    if not owner.is_created:
        note = Note(Level.INFO, f"whether {owner.address} has a value is not in the plan")
        return passed(service.address, f"{owner.address} exists", path=way, notes=(note,))
    late = [
        each
        for each in values.versions
        if not platform.graph.depends_on(service.address, each.address)
    ]
    if values.versions and len(late) < len(values.versions):
        version = next(each for each in values.versions if each not in late)
        return passed(service.address, f"{owner.address} has {version.address}", path=way)
    if late:
        way = (*way, Step(late[0].address, "secret_id"))
        return _race(service, late[0], platform, way, EMPTY)
    if values.rotations or values.why:
        rotated = [f"{each.address} may write its first value" for each in values.rotations]
        why = f"whether {owner.address} has a value is open: {(*rotated, values.why)[0]}"
        why = f"{why}; make sure that it has one before the service starts"
        return undetermined(service.address, why, path=way, at=TASK)
    return fail(
        service.address,
        f"its tasks read {secret.called} of {owner.address}, which this plan creates without a "
        "value",
        path=way,
        symptom=EMPTY,
        strikes=Phase.TASK_START,
        cause=owner.address,
        fix=f"give {owner.address} a value with a version, and let {service.address} wait for it",
        snippet=_valued(service, owner),
    )


def _valued(service: Service, owner: Resource) -> str:
    """A version that holds the value, and the service waiting for it where both are in sight."""
    version = "aws_secretsmanager_secret_version"
    value = arguments(secret_id=f"{in_module(owner.address)}.id", secret_string="var.VALUE")  # noqa: S106
    waits = edit(service.resource, f"depends_on = [{version}.{owner.name}]")
    is_near = owner.module == service.resource.module
    return together(new(version, owner.name, value), waits if is_near else "")


def _race(
    service: Service, late: Resource, platform: Platform, way: tuple[Step, ...], symptom: str
) -> Finding:
    wait = wait_for(platform.graph, service.resource, late)
    return fail(
        service.address,
        f"its tasks read what {late.address} holds, and nothing makes the service wait for it",
        severity=Severity.HIGH,
        path=way,
        symptom=symptom,
        strikes=Phase.TASK_START,
        cause=late.address,
        fix=wait.fix,
        snippet=wait.snippet,
    )


def _keyless(
    service: Service, version: Resource, secret: SecretSource, way: tuple[Step, ...]
) -> Finding:
    key = secret.shown_key
    return fail(
        service.address,
        f"its tasks read the key {key} of {secret.called}, and {version.address} holds no such key",
        path=(*way, Step(version.address, "secret_string", f"has no key {key}")),
        symptom=KEYLESS,
        strikes=Phase.TASK_START,
        cause=version.address,
        fix=f"let {version.address} hold a value under {key}, or read a key that it holds",
        snippet=edit(version, f"secret_string = jsonencode({{ {quoted(key)} = var.VALUE }})"),
    )
