"""A task definition for Fargate uses nothing that needs a machine of one's own.

There is no host to share on Fargate: no privileged containers, no devices, no links, no folders of
the host, no other names on the network than the task's own.

## Why
AWS refuses the task definition in the middle of the apply, or the service that would run it.

## Fix
Remove what is named. Instead of links, containers of one task reach each other as `localhost`;
instead of a host's folder take `efs_volume_configuration`; logs go by `awslogs`, `splunk` or
`awsfirelens`.

## When unknown
The containers are known only after apply: give `--source-dir`. Or one setting among them is, or
whether the task runs on Fargate.

## Source
Amazon ECS Developer Guide, "Fargate task definition differences".
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
    Resource,
    Rule,
    Severity,
    Step,
    Struct,
    Task,
    Unknown,
    block,
    concluded,
    edit,
    hcl,
    in_container,
    listed,
    mappings_in,
    not_applicable,
    number,
    passed,
    quoted,
    setting,
    undetermined,
    veiled,
)

RULE = Rule(
    id="PS115",
    name="fargate-parameter-unsupported",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="Task definition uses nothing Fargate rejects",
    types=("aws_ecs_task_definition",),
)

DEFINITIONS = "container_definitions"
PUT = "write it as a constant"
RIGHT = "privileged = false\n# none of what Fargate rejects"
REFUSED = "ClientException at RegisterTaskDefinition: "
NEVER = (
    "privileged",
    "links",
    "dnsServers",
    "dnsSearchDomains",
    "dockerSecurityOptions",
    "extraHosts",
    "disableNetworking",
    "hostname",
    "linuxParameters.devices",
    "linuxParameters.sharedMemorySize",
    "linuxParameters.tmpfs",
    "linuxParameters.maxSwap",
    "linuxParameters.swappiness",
    "resourceRequirements",
)
"""Settings of a container that must be left out, or be false or empty."""
LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
CAPABILITY = "SYS_PTRACE"
LONGEST_STOP = 120
"""Seconds. Source: API Reference, ContainerDefinition, stopTimeout."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for task in platform.tasks:
        if task.runs_on_fargate is False:
            yield not_applicable(task.address, "nothing runs it on Fargate")
        else:
            yield _judge(task, platform)


def _judge(task: Task, platform: Platform) -> Finding:
    images = platform.images.of(task.resource)
    step = Step(task.address, DEFINITIONS)
    inside = tuple(
        each for at, one in enumerate(images.containers) for each in _inside(task, at, one)
    )
    if images.is_sensitive:
        inside = veiled(inside, step, in_container(task.resource, "", RIGHT))
    problems = (*_around(task), *inside)
    questions = list(_questions(task, images.containers, platform.graph.advice))
    if images.invalid or not images.is_known:
        opaque = f"its containers are known only after apply; {platform.graph.advice}"
        questions.append(Question(images.invalid or opaque, DEFINITIONS))
    if problems and task.runs_on_fargate is None:
        why = (
            f"whether {task.address} runs on Fargate is not in the plan: write "
            "requires_compatibilities as a constant; if it does: "
        )
        return undetermined(task.address, why + problems[0].message, at="requires_compatibilities")
    good = passed(task.address, "it uses nothing that Fargate rejects", path=(step,))
    return concluded(good, problems, questions)


def _around(task: Task) -> Iterator[Problem]:
    """What the task definition itself asks for."""
    resource = task.resource
    for name, is_bad in (("ipc_mode", True), ("pid_mode", "host")):
        value = resource.value(name)
        if isinstance(value, Known) and is_bad in (True, value.value):
            yield _problem(task, name, f"it sets {name} = {value}", _without(name))
    name = "placement_constraints"
    if resource.count_of(name):
        yield _problem(task, name, "it has placement constraints", _without(name))
    for at in range(resource.count_of("volume")):
        path = f"volume[{at}].host_path"
        value = resource.value(path)
        if isinstance(value, Known) and value.value:
            yield _problem(
                task, path, f"it mounts a folder of the host ({value})", _volume(resource, at)
            )
        path = f"volume[{at}].docker_volume_configuration"
        if resource.count_of(path):
            yield _problem(task, path, "it has a Docker volume", _volume(resource, at))


def _inside(task: Task, at: int, container: Container) -> Iterator[Problem]:
    """What one container asks for."""
    whose = f"container {container.shown}"
    place = f"{DEFINITIONS}[{at}]"
    for name in NEVER:
        value = setting(container, name)
        if isinstance(value, Known) and value.value:
            yield _problem(
                task, f"{place}.{name}", f"{whose} sets {name}", _without(name, container)
            )
    for each in listed(container, "linuxParameters.capabilities.add"):
        if isinstance(each, str) and each != CAPABILITY:
            path = f"{place}.linuxParameters"
            kept = block(
                "linuxParameters =", block("capabilities =", f"add = [{quoted(CAPABILITY)}]")
            )
            cure = _Cure(
                f"leave {each} out: {CAPABILITY} is all that Fargate adds", kept, container
            )
            yield _problem(task, path, f"{whose} adds the capability {each}", cure, each)
    for each in mappings_in(container.settings, "portMappings"):
        host, own = each.get("hostPort"), each.get("containerPort")
        if host and isinstance(own, int) and isinstance(host, int) and host != own:
            path = f"{place}.portMappings"
            text = f"{whose} asks for host port {host} for its port {own}"
            mapping = f"portMappings = [{{ containerPort = {own} }}]"
            cure = _Cure(f"leave hostPort out: it is {own} anyway", mapping, container)
            yield _problem(task, path, text, cure)
    yield from _limited(task, place, container)


def _limited(task: Task, place: str, container: Container) -> Iterator[Problem]:
    """What one container may have, though not every value of it."""
    whose = f"container {container.shown}"
    driver = setting(container, "logConfiguration.logDriver")
    if isinstance(driver, Known) and driver.value not in LOG_DRIVERS:
        path = f"{place}.logConfiguration.logDriver"
        kept = block("logConfiguration =", 'logDriver = "awslogs"')
        cure = _Cure(f"let it log with one of {', '.join(LOG_DRIVERS)}", kept, container)
        yield _problem(task, path, f"{whose} logs with {driver}", cure)
    stop = number(container, "stopTimeout")
    if stop is not None and stop > LONGEST_STOP:
        path = f"{place}.stopTimeout"
        text = f"{whose} has a stopTimeout of {stop} seconds"
        fix = f"let it have {LONGEST_STOP} seconds at most"
        yield _problem(task, path, text, _Cure(fix, f"stopTimeout = {LONGEST_STOP}", container))


class _Cure(Struct, frozen=True):
    """What to do, and what then stands in the task definition's block or in its container."""

    fix: str
    body: str
    container: Container | None = None


def _without(name: str, container: Container | None = None) -> _Cure:
    """What has no place on Fargate at all, left out."""
    return _Cure(f"leave {name} out", f"# no {name}", container)


def _volume(resource: Resource, at: int) -> _Cure:
    """A volume that a task without a machine of its own can have."""
    kept = block(
        "volume",
        f"name = {hcl(resource.value(f'volume[{at}].name'))}",
        "",
        block("efs_volume_configuration", "file_system_id = aws_efs_file_system.SHARED.id"),
    )
    return _Cure("keep what tasks share in EFS, or name no place for the volume", kept)


def _problem(task: Task, attribute: str, what: str, cure: _Cure, capability: str = "") -> Problem:
    steps = [Step(task.address, attribute)]
    if task.reason is not None:
        steps.append(Step(task.reason.address, "task_definition", "runs it on Fargate"))
    says = f"{capability} is not allowed on Fargate." if capability else "not valid on Fargate"
    return Problem(
        f"{what}, which Fargate does not take",
        tuple(steps),
        REFUSED + says,
        cure.fix,
        certainty=task.certainty,
        snippet=edit(task.resource, cure.body)
        if cure.container is None
        else in_container(task.resource, cure.container.name, cure.body),
    )


def _questions(task: Task, containers: tuple[Container, ...], advice: str) -> Iterator[Question]:
    for name in ("ipc_mode", "pid_mode"):
        if isinstance(task.resource.value(name), Unknown):
            yield Question(f"{task.address}.{name} is known only after apply: {PUT}", name)
    # Of blocks nobody has counted yet a plan says no more than this.
    unknown = task.resource.after_unknown
    for name in ("placement_constraints", "volume"):
        if isinstance(unknown, dict) and unknown.get(name) is True:
            why = f"{task.address}.{name} is known only after apply; {advice}"
            yield Question(why, name)
    for at, container in enumerate(containers):
        for name in (*NEVER, "stopTimeout", "logConfiguration.logDriver"):
            if isinstance(setting(container, name), Unknown):
                why = f"{name} of container {container.shown} is known only after apply: {PUT}"
                yield Question(why, f"{DEFINITIONS}[{at}].{name}")
