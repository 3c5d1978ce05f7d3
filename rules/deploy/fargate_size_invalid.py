"""A task's CPU and memory are one of the pairs Fargate offers.

Fargate sells fixed sizes: to each amount of CPU belong certain amounts of memory, and nothing in
between.

## Why
Terraform passes any numbers on. AWS refuses the task definition in the middle of the apply, and
everything that waits for it is not made.

## Fix
```hcl
resource "aws_ecs_task_definition" "app" {
  requires_compatibilities = ["FARGATE"]
  cpu                      = "256"
  memory                   = "512"
}
```
Both count, on the task itself and not on its containers only. 8 and 16 vCPU need platform version
1.4.0 or later; Windows starts at 1 vCPU and ends at 4.

## When unknown
CPU, memory or the operating system are known only after apply, or whether the task runs on Fargate
is not in the plan. 32 vCPU stay unknown as well: sources disagree whether ECS takes them.

## Source
Amazon ECS Developer Guide, "Task definition parameters for Fargate", task size. The pairs are in
`policyscan/rule/tables/fargate_sizes.json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Rule,
    Severity,
    Step,
    Task,
    Unknown,
    Value,
    Verdict,
    arguments,
    block,
    cpu_units,
    edit,
    fail,
    has_windows,
    is_size,
    least_platform,
    load_table,
    mebibytes,
    nearest_size,
    not_applicable,
    number_of,
    passed,
    replace,
    text_of,
    undetermined,
)

RULE = Rule(
    id="PS105",
    name="fargate-size-invalid",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="Task size is a valid Fargate pair",
    types=("aws_ecs_task_definition",),
)

OS = "runtime_platform[0].operating_system_family"
STORAGE = "ephemeral_storage[0].size_in_gib"
NO_SUCH_PAIR = "ClientException: No Fargate configuration exists for given values."


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for task in platform.tasks:
        if task.runs_on_fargate is False:
            yield not_applicable(task.address, "nothing runs it on Fargate")
        else:
            yield _judge(task)


def _judge(task: Task) -> Finding:
    found = _size(task) or _surroundings(task) or _platform_version(task)
    if found is None:
        says = f"Fargate has a task of {_shown(task)}"
        return passed(task.address, says, path=(Step(task.address, "cpu"),))
    if found.verdict is Verdict.FAIL and task.runs_on_fargate is None:
        why = (
            f"whether {task.address} runs on Fargate is not in the plan: write "
            f"requires_compatibilities as a constant; if it does: {found.message}"
        )
        return undetermined(task.address, why, at=found.path[0].attribute)
    return found


def _size(task: Task) -> Finding | None:
    """What is wrong with CPU and memory by themselves, None when they are a pair."""
    read = {name: task.resource.value(name) for name in ("cpu", "memory")}
    cpu, memory = cpu_units(read["cpu"]), mebibytes(read["memory"])
    pair = nearest_size(cpu, memory)
    for name, value in read.items():
        if isinstance(value, Absent):
            symptom = (
                f"ClientException: Fargate requires that '{name}' be defined at the task level."
            )
            message = f"it runs on Fargate and has no {name}"
            return _failed(task, message, (name,), symptom, _resized(task, *pair))
    for name, value in read.items():
        if isinstance(value, Unknown):
            return _unknown(task, name)
    match is_size(cpu, memory):
        case None:
            why = (
                f"sources disagree whether ECS takes {task.address} with {_shown(task)}: AWS Batch "
                "has it, an ECS probe was refused; try it, or take less"
            )
            return undetermined(task.address, why, at="cpu")
        case True:
            return None
        case _:
            if any(_is_secret(each) for each in read.values()):
                # The nearest pair would give away the one that is a secret.
                pair = nearest_size(None, None)
            message = f"Fargate has no task of {_shown(task)}"
            resized = _resized(task, *pair)
            return _failed(task, message, ("cpu", "memory"), NO_SUCH_PAIR, resized)


def _surroundings(task: Task) -> Finding | None:
    """What does not go with a size that is valid by itself."""
    system, storage = task.resource.value(OS), task.resource.value(STORAGE)
    if not has_windows(cpu_units(task.resource.value("cpu"))):
        if isinstance(system, Unknown):
            return _unknown(task, OS)
        if isinstance(system, Known) and str(system.value).startswith("WINDOWS"):
            message = f"Fargate runs no Windows with {_shown(task)}"
            return _failed(task, message, ("cpu", OS), NO_SUCH_PAIR, _resized(task, 1024, 2048))
    least, most = load_table("fargate_sizes")["ephemeral_storage_gib"]
    size = number_of(storage)
    if size is None or least <= size <= most:
        return None
    message = f"Fargate gives {least} to {most} GiB of ephemeral storage, not {storage}"
    right = int(min(max(size, least), most))
    snippet = edit(task.resource, block("ephemeral_storage", f"size_in_gib = {right}"))
    cure = f"give {task.address} {right} GiB", snippet
    return _failed(task, message, (STORAGE,), "ClientException: invalid ephemeral storage", cure)


def _platform_version(task: Task) -> Finding | None:
    cpu = cpu_units(task.resource.value("cpu"))
    for service in task.services:
        version = service.resource.value("platform_version")
        if least := least_platform(cpu, text_of(version) or ""):
            message = f"{service.address} runs it on platform {version}; its size needs {least}"
            fix = f"let {service.address} take the latest platform version"
            snippet = edit(service.resource, 'platform_version = "LATEST"')
            found = _failed(task, message, ("cpu",), NO_SUCH_PAIR, (fix, snippet))
            step = Step(service.address, "platform_version", str(version))
            return replace(found, path=(*found.path, step))
    return None


def _resized(task: Task, cpu: int, memory: int) -> tuple[str, str]:
    """What to do and the HCL of it, for a size Fargate has."""
    fix = f"give {task.address} a size of the table: {cpu} CPU units go with {memory} MiB"
    return fix, edit(task.resource, arguments(cpu=f'"{cpu}"', memory=f'"{memory}"'))


def _failed(
    task: Task, message: str, attributes: tuple[str, ...], symptom: str, cure: tuple[str, str]
) -> Finding:
    steps = [Step(task.address, name, _value(task.resource.value(name))) for name in attributes]
    if task.reason is not None:
        steps.append(Step(task.reason.address, "task_definition", "runs it on Fargate"))
    return fail(
        task.address,
        message,
        path=tuple(steps),
        certainty=task.certainty,
        symptom=symptom,
        strikes=Phase.APPLY,
        fix=cure[0],
        snippet=cure[1],
    )


def _unknown(task: Task, name: str) -> Finding:
    why = f"{task.address}.{name} is known only after apply: write it as a constant or a variable"
    return undetermined(task.address, why, at=name)


def _shown(task: Task) -> str:
    values = {name: task.resource.value(name) for name in ("cpu", "memory")}
    return " and ".join(f"{name} = {_value(value)}" for name, value in values.items())


def _value(value: Value) -> str:
    return str(value) if isinstance(value, Known) else "not set"


def _is_secret(value: Value) -> bool:
    return isinstance(value, Known) and value.is_sensitive
