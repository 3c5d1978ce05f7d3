"""A task's containers fit into it, and at least one is essential.

## Why
AWS adds up what the containers of a task ask for and refuses the task definition when it is more
than the task has, when two containers share a name, or when none of them counts. The apply stops
there, after it has made half of the platform.

## Fix
```hcl
resource "aws_ecs_task_definition" "app" {
  cpu    = "512"
  memory = "1024"

  container_definitions = jsonencode([
    { name = "app", image = var.image, cpu = 384, memory = 768, essential = true },
    { name = "log", image = var.log_image, cpu = 128, memory = 256, essential = false },
  ])
}
```
On Fargate the numbers of the containers can be left out altogether.

## When unknown
The containers are known only after apply: give `--source-dir`. Or one number among them is.

## Source
Amazon ECS API Reference, ContainerDefinition and RegisterTaskDefinition. A `memory` equal to
`memoryReservation` passes: AWS takes it, though the reference asks for more.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Container,
    Finding,
    Known,
    Parameters,
    Platform,
    Problem,
    Question,
    Rule,
    Severity,
    Step,
    Task,
    Unknown,
    arguments,
    concluded,
    cpu_units,
    edit,
    in_container,
    mebibytes,
    nearest_size,
    number,
    passed,
    quoted,
    setting,
    undetermined,
    veiled,
)

RULE = Rule(
    id="PS114",
    name="container-oversized",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="Containers fit the task, one is essential",
    types=("aws_ecs_task_definition",),
)

DEFINITIONS = "container_definitions"
UNITS = {"cpu": "CPU units", "memory": "MiB of memory"}
REFUSED = "ClientException at RegisterTaskDefinition: "
ONE_MORE = "container_definitions = jsonencode([{\n  name = %s\n}])"
RIGHT = arguments(memory="MEMORY_OF_THE_TASK_OR_LESS", essential="true")
LEAST = 6
"""MiB that Docker reserves for a container. Source: API Reference, ContainerDefinition, memory."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for task in platform.tasks:
        images = platform.images.of(task.resource)
        if images.invalid or not images.is_known:
            opaque = f"its containers are known only after apply; {platform.graph.advice}"
            why = images.invalid or opaque
            yield undetermined(task.address, why, at=DEFINITIONS)
            continue
        step = Step(task.address, DEFINITIONS)
        good = passed(task.address, "its containers fit into it", path=(step,))
        problems = tuple(_problems(task, images.containers))
        if images.is_sensitive:
            problems = veiled(problems, step, in_container(task.resource, "", RIGHT))
        yield concluded(good, problems, _questions(task, images.containers))


def _problems(task: Task, containers: tuple[Container, ...]) -> Iterator[Problem]:
    yield from _together(task, containers)
    yield from _sums(task, containers)
    for at, container in enumerate(containers):
        yield from _alone(task, at, container)


def _together(task: Task, containers: tuple[Container, ...]) -> Iterator[Problem]:
    path = (Step(task.address, DEFINITIONS),)
    if not containers:
        says = f"{task.address} has no container"
        text = f"{REFUSED}container list cannot be empty"
        inside = in_container(task.resource, "", arguments(name='"app"', image="var.IMAGE"))
        yield Problem(says, path, text, "add a container", snippet=inside)
    elif all(setting(each, "essential") == Known(value=False) for each in containers):
        says = f"no container of {task.address} is essential"
        text = "at least one container must be essential"
        yield Problem(
            says,
            path,
            REFUSED + text,
            f"make container {containers[0].shown} essential: the task then ends with it",
            snippet=_in(task, containers[0], "essential = true"),
        )
    names = [each.name for each in containers]
    for at, each in enumerate(containers):
        if each.name in names[:at]:
            yield Problem(
                f"two containers are called {each.shown}",
                (Step(task.address, f"{DEFINITIONS}[{at}].name"),),
                f"{REFUSED}container names must be unique",
                "give every container a name of its own",
                snippet=edit(task.resource, ONE_MORE % quoted(f"{each.name}-2")),
            )


def _sums(task: Task, containers: tuple[Container, ...]) -> Iterator[Problem]:
    """What all containers ask for, against what the task has; only Fargate adds up memory."""
    limits = {"cpu": cpu_units(task.resource.value("cpu"))}
    if task.runs_on_fargate:
        limits["memory"] = mebibytes(task.resource.value("memory"))
    for name, limit in limits.items():
        asked = [_asked(each, name) or 0 for each in containers]
        total = sum(asked)
        if limit is None or total <= limit:
            continue
        if name == "memory" and any(each > limit for each in asked):
            continue  # That one is told of by itself.
        what = f"{total} {UNITS[name]}"
        yield Problem(
            f"its containers ask for {what} together, and the task has {limit}",
            (Step(task.address, name, str(limit)), Step(task.address, DEFINITIONS, str(total))),
            f"{REFUSED}The sum of all container '{name}' values cannot be greater than the "
            f"task-level '{name}' value",
            f"give {task.address} {what} or more, or its containers less",
            snippet=_enough(task, name, total),
        )


def _enough(task: Task, name: str, total: int) -> str:
    """The task with as much as its containers ask for, in a size that Fargate has."""
    resource = task.resource
    if not task.runs_on_fargate:
        return edit(resource, f'{name} = "{total}"')
    size = {each: resource.value(each) for each in ("cpu", "memory")}
    wanted = {"cpu": cpu_units(size["cpu"]), "memory": mebibytes(size["memory"])} | {name: total}
    cpu, memory = nearest_size(wanted["cpu"], wanted["memory"])
    return edit(resource, arguments(cpu=f'"{cpu}"', memory=f'"{memory}"'))


def _in(task: Task, container: Container, body: str) -> str:
    return in_container(task.resource, container.name, body)


def _asked(container: Container, name: str) -> int | None:
    """What a container takes of the task's own: of memory what it reserves, else its limit."""
    reserved = number(container, "memoryReservation") if name == "memory" else None
    return number(container, name) if reserved is None else reserved


def _alone(task: Task, at: int, container: Container) -> Iterator[Problem]:
    """What is wrong with the memory of one container."""
    limit = mebibytes(task.resource.value("memory"))
    memory, reserved = number(container, "memory"), number(container, "memoryReservation")
    place = f"{DEFINITIONS}[{at}]"
    for name, amount in (("memory", memory), ("memoryReservation", reserved)):
        path = (Step(task.address, f"{place}.{name}", str(amount)),)
        text = f"{name} of container {container.shown} is {amount} MiB"
        if amount is not None and limit is not None and amount > limit:
            whose = f"The '{name}' setting for container '{container.shown}'"
            says = f"{whose} is greater than for the task"
            yield Problem(
                f"{text}, and the task has {limit}",
                path,
                REFUSED + says,
                f"let container {container.shown} have {limit} MiB at most, or the task more",
                snippet=_in(task, container, f"{name} = {limit}"),
            )
        if amount is not None and amount < LEAST:
            says = f"a container needs {LEAST} MiB"
            yield Problem(
                f"{text}, less than {LEAST}",
                path,
                REFUSED + says,
                f"let container {container.shown} have {LEAST} MiB at least",
                snippet=_in(task, container, f"{name} = {LEAST}"),
            )
    if memory is not None and reserved is not None and memory < reserved:
        yield Problem(
            f"container {container.shown} reserves {reserved} MiB and may use {memory}",
            (Step(task.address, f"{place}.memoryReservation", str(reserved)),),
            f"{REFUSED}'memory' must be greater than 'memoryReservation'",
            f"let container {container.shown} reserve less than it may use",
            snippet=_in(task, container, f"memoryReservation = {memory}"),
        )


def _questions(task: Task, containers: tuple[Container, ...]) -> Iterator[Question]:
    for at, container in enumerate(containers):
        for name in ("cpu", "memory", "memoryReservation", "essential"):
            if isinstance(setting(container, name), Unknown):
                why = f"{name} of container {container.shown} is known only after apply"
                yield Question(f"{why}: write it as a number", f"{DEFINITIONS}[{at}].{name}")
    for name in ("cpu", "memory"):
        is_open = isinstance(task.resource.value(name), Unknown)
        if is_open and any(_asked(each, name) for each in containers):
            why = f"{task.address}.{name} is known only after apply: write it as a constant"
            yield Question(why, name)
