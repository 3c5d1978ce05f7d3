"""A task's code must not act as the role that starts the task.

The execution role is Fargate's: it pulls images, writes logs and reads every secret the task
definition names. The task role is the code's. With one role for both, whoever takes over the code
may pull every image and read every secret the execution role may.

## Why
One role is quicker to write than two.

## Fix
```hcl
execution_role_arn = aws_iam_role.execution.arn
task_role_arn      = aws_iam_role.task.arn
```

Code that calls no AWS API needs no task role at all.

## When unknown
Both roles are known only after apply and lead to no role of the plan, or one may be either of
several: give `--source-dir`.

## Source
Amazon ECS Developer Guide, "Amazon ECS task execution IAM role" and "Amazon ECS task IAM role".
Checkov's CKV_AWS_249 compares the two values, which on a first apply are both unknown; this rule
compares what they lead to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    Absent,
    Agrees,
    Answer,
    Finding,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resolution,
    Resource,
    Rule,
    Severity,
    Step,
    Target,
    Wanted,
    certainty_of,
    edit,
    fail,
    not_applicable,
    passed,
    text_of,
    undetermined,
)

RULE = Rule(
    id="PS503",
    name="execution-role-shared-with-task",
    group="IAM",
    severity=Severity.MEDIUM,
    title="The task role is not the execution role",
    types=("aws_ecs_task_definition",),
    checkov=(Agrees("CKV_AWS_249", "a role for the code that is not the execution role"),),
)

EXECUTION, TASK = "execution_role_arn", "task_role_arn"
WRITES = ("dynamodb:PutItem", "s3:PutObject")
PULLS = ("ecr:GetDownloadUrlForLayer",)
NOTED = (
    (EXECUTION, Level.WARNING, WRITES, "starts the task and may %s: that is for a task role"),
    (TASK, Level.INFO, PULLS, "is the code's and may %s: only the execution role pulls images"),
)
"""What one of two roles may that is the other's to do."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for definition in platform.task_definitions:
        yield _judge(definition, platform)


def _judge(definition: Resource, platform: Platform) -> Finding:
    address = definition.address
    values = [definition.value(path) for path in (EXECUTION, TASK)]
    if isinstance(values[0], Absent):
        return not_applicable(address, "it has no execution role")
    if isinstance(values[1], Absent):
        note = Note(Level.INFO, "no task role: its code may call no AWS API, which is the least")
        return passed(address, "it has no task role to share", at=EXECUTION, notes=(note,))
    texts = [text_of(value) for value in values]
    if None not in texts and texts[0] == texts[1]:
        return _shared(definition, (Step(address, TASK, str(values[1])),))
    resolve = platform.graph.resolve
    found = [resolve(definition, path, ["aws_iam_role"]) for path in (EXECUTION, TASK)]
    ends = [_sure_end(each) for each in found]
    execution, task = ends
    if execution and task and execution.address == task.address:
        step = Step(task.address, task.attribute, "is the execution role too")
        path = (Step(address, TASK), step)
        return _shared(definition, path, certainty=certainty_of(execution, task))
    # An ARN that is written down is not that of a role which the plan has yet to make.
    told = [end is not None or text is not None for end, text in zip(ends, texts, strict=True)]
    if all(told):
        return _apart(definition, platform)
    opens = [why for each in found for why in each.unresolved]
    why = opens[0] if opens else f"which they are is not in the plan; {platform.graph.advice}"
    return undetermined(address, f"whether its two roles are one is open: {why}", at=TASK)


def _sure_end(found: Resolution) -> Target | None:
    """The one role an argument leads to, None when it may be another."""
    return found.targets[0] if len(found.targets) == 1 and not found.is_open else None


def _shared(definition: Resource, path: tuple[Step, ...], **details: Any) -> Finding:
    return fail(
        definition.address,
        f"{definition.address} has its code act as the role that starts it: {TASK} is {EXECUTION}",
        path=path,
        symptom="nothing fails: whoever takes over the code may pull every image and read every "
        "secret that the execution role may",
        strikes=Phase.RUNTIME,
        cause=path[-1].address,
        fix=f"give the code a role of its own, or leave {TASK} out if it calls no AWS API",
        snippet=edit(definition, f"{TASK} = aws_iam_role.TASK.arn"),
        **details,
    )


def _apart(definition: Resource, platform: Platform) -> Finding:
    notes = tuple(
        Note(level, f"{role} {says % action}")
        for argument, level, actions, says in NOTED
        for role, action in _may(definition, argument, actions, platform)
    )
    return passed(definition.address, "its two roles differ", at=TASK, notes=notes)


def _may(
    definition: Resource, argument: str, actions: tuple[str, ...], platform: Platform
) -> Iterator[tuple[str, str]]:
    """The role an argument names, with each of the actions it is allowed on some resource."""
    for target in platform.graph.resolve(definition, argument, ["aws_iam_role"]).targets:
        role = platform.roles.of(platform.graph.resource_of(target))
        for action in actions:
            if platform.roles.may(role, action, Wanted("arn:*")).answer is Answer.YES:
                yield target.address, action
