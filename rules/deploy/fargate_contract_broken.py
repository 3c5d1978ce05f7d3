"""A Fargate service and its task definition agree about where and how tasks run.

## Why
Service and task definition are two resources, and only AWS compares them: the launch type with what
the task definition is compatible with, its network mode with the service's network configuration.
Where they differ the apply stops at the service, with everything else already made.

## Fix
```hcl
resource "aws_ecs_task_definition" "app" {
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
}

resource "aws_ecs_service" "app" {
  launch_type = "FARGATE"

  network_configuration {
    subnets         = aws_subnet.private[*].id
    security_groups = [aws_security_group.app.id]
  }
}
```
Fargate knows no placement constraints or strategies, no daemons and no `iam_role`.

## When unknown
The task definition is not in the plan, or launch type, network mode or compatibilities are known
only after apply. Give `--source-dir`, or apply what they wait for first.

## Source
Amazon ECS Developer Guide, "Fargate task definition differences"; API Reference, CreateService.
A task definition that requires nothing passes with a warning when it has all that Fargate asks for:
AWS then works out by itself that it is compatible.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    ABSENT,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Platform,
    Problem,
    Question,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    Value,
    arguments,
    block,
    certainty_of,
    concluded,
    edit,
    is_fargate,
    not_applicable,
    passed,
    replace,
    required_by,
    undetermined,
)

RULE = Rule(
    id="PS108",
    name="fargate-contract-broken",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="Fargate service and task definition agree",
    types=("aws_ecs_service", "aws_ecs_task_definition"),
)

TASK = "task_definition"
NETWORK = "network_configuration"
MODE = "network_mode"
REQUIRES = "requires_compatibilities"
PUT = "write it as a constant"
AWSVPC = Known("awsvpc")
IN_AWSVPC = 'network_mode = "awsvpc"'
LAUNCHED = 'launch_type = "FARGATE"\n# no capacity_provider_strategy'
BAD = "InvalidParameterException: "
NO_FARGATE = BAD + "Task definition does not support launch_type FARGATE."
ONLY_AWSVPC = "ClientException: Fargate only supports network mode 'awsvpc'."
NO_NETWORK = BAD + "Network Configuration must be provided when networkMode 'awsvpc' is specified."
WRONG_NETWORK = (
    BAD + "Network Configuration is not valid for the given networkMode of this task definition."
)
UNSUPPORTED = {
    "placement_constraints": "Placement constraints are not supported with FARGATE launch type.",
    "ordered_placement_strategy": "Placement strategies are not supported with FARGATE launch "
    "type.",
    "iam_role": "You cannot specify an IAM role for services that require a service linked role.",
}
"""What a Fargate service cannot have, and what AWS says then."""
MOST = {"subnets": 16, "security_groups": 5}
"""Source: API Reference, AwsVpcConfiguration."""
FIXED_NETWORK = block(
    NETWORK,
    arguments(subnets="[aws_subnet.PRIVATE.id]", security_groups="[aws_security_group.TASKS.id]"),
)
SHOWN = {"subnets": "aws_subnet.PRIVATE[*].id", "security_groups": "[aws_security_group.TASKS.id]"}
"""Lists that are short enough."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service, and one per Fargate task definition that is wrong by itself."""
    for service in platform.services:
        yield _judge(service, platform)
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")
    for task in platform.tasks:
        if task.runs_on_fargate and not platform.runs(task.resource):
            problems = tuple(_mode(task.resource, Known(task.requires)))
            if problems:
                yield concluded(passed(task.address, ""), problems)


def _judge(service: Service, platform: Platform) -> Finding:
    definition, why = platform.definition_of(service)
    requires = None if definition is None else required_by(definition)
    if service.controller == "EXTERNAL":
        return not_applicable(service.address, "the network of its tasks stands in its task sets")
    if requires == ("MANAGED_INSTANCES",):
        return not_applicable(service.address, "its tasks run on managed instances")
    runs_there = is_fargate(service, platform.graph)
    problems = list(_network(service, definition, is_fargate=runs_there))
    there = [*_own(service), *(_compatible(service, definition) if definition else ())]
    if runs_there:
        problems += there
    elif runs_there is None and there and not problems:
        says = (
            f"whether {service.address} runs on Fargate is not in the plan: write launch_type as a "
            f"constant; if it does: {there[0].message}"
        )
        return undetermined(service.address, says, at="launch_type")
    elif runs_there is False and not problems:
        return not_applicable(service.address, "it does not run on Fargate")
    good = passed(
        service.address,
        "service and task definition agree",
        path=(Step(service.address, TASK),),
        notes=_notes(definition) if definition and requires == () else (),
    )
    return concluded(good, problems, _questions(definition, why))


def _own(service: Service) -> Iterator[Problem]:
    """What a Fargate service cannot have, whatever it runs."""
    resource = service.resource
    if service.is_daemon:
        says = "The Fargate launch type does not support the DAEMON scheduling strategy."
        cure = "let it run a number of replicas", 'scheduling_strategy = "REPLICA"'
        yield _problem(service, "scheduling_strategy", "it is a DAEMON on Fargate", says, cure)
    # AWS fills in what is not written, so what stands already shows values nobody gave.
    if (
        resource.is_created
        and isinstance(resource.value("launch_type"), Known)
        and resource.count_of("capacity_provider_strategy")
    ):
        says = "Specifying both a launch type and capacity provider strategy is not supported."
        message = "it has a launch type and a capacity provider strategy"
        cure = "keep one of them: the launch type as below, or the strategy", LAUNCHED
        yield _problem(service, "launch_type", message, says, cure)
    for name, says in UNSUPPORTED.items():
        is_given = resource.expressions(name) and isinstance(resource.value(name), Known)
        if resource.count_of(name) or (name == "iam_role" and is_given):
            cure = f"leave {name} out", f"# no {name}"
            yield _problem(service, name, f"it has {name} on Fargate", says, cure)
    for name, most in MOST.items():
        path = f"{NETWORK}[0].{name}"
        size = resource.count_of(path)
        if size > most:
            says = f"{name} can have at most {most} items"
            cure = f"name {most} {name} at most", block(NETWORK, f"{name} = {SHOWN[name]}")
            yield _problem(service, path, f"it names {size} {name}", says, cure)


def _network(
    service: Service, definition: Resource | None, *, is_fargate: bool | None
) -> Iterator[Problem]:
    """Whether the network configuration goes with the network mode, on every launch type."""
    mode = Unknown() if definition is None else definition.value(MODE)
    blocks = service.resource.elements(NETWORK)
    if not blocks and (is_fargate or mode == AWSVPC):
        message = "its tasks have network interfaces of their own, and it has no " + NETWORK
        cure = "name its subnets and security groups", FIXED_NETWORK
        yield _problem(service, NETWORK, message, NO_NETWORK.removeprefix(BAD), cure)
    # The provider plans null for an empty list.
    if blocks and service.resource.value(f"{NETWORK}[0].subnets") in (Known([]), ABSENT):
        path = f"{NETWORK}[0].subnets"
        cure = "name a subnet", FIXED_NETWORK
        yield _problem(service, path, "it names no subnet", "subnets can not be empty.", cure)
    if definition and blocks and not is_fargate and not _may_be_awsvpc(mode):
        fix = f"give {definition.address} the network mode awsvpc, or leave {NETWORK} out"
        yield Problem(
            f"it has a {NETWORK}, and {definition.address} has network mode {_named(mode)}",
            (Step(service.address, f"{NETWORK}[0]"), Step(definition.address, MODE, _named(mode))),
            WRONG_NETWORK,
            fix,
            cause=definition.address,
            snippet=edit(definition, IN_AWSVPC),
            certainty=certainty_of(*service.task_definitions.targets),
        )


def _compatible(service: Service, definition: Resource) -> Iterator[Problem]:
    """Whether Fargate can run what the service runs."""
    requires = required_by(definition)
    certainty = certainty_of(*service.task_definitions.targets)
    if requires and "FARGATE" not in requires:
        yield Problem(
            f"it runs on Fargate, and {definition.address} is for {', '.join(requires)} only",
            (Step(service.address, TASK), Step(definition.address, REQUIRES, ", ".join(requires))),
            NO_FARGATE,
            f"make {definition.address} one for Fargate",
            snippet=edit(
                definition,
                arguments(requires_compatibilities='["FARGATE"]', network_mode='"awsvpc"'),
            ),
            certainty=certainty,
            cause=definition.address,
        )
    for each in _mode(definition, Known(requires)):
        yield replace(each, path=(Step(service.address, TASK), *each.path), certainty=certainty)


def _mode(definition: Resource, requires: Known) -> Iterator[Problem]:
    mode = definition.value(MODE)
    if not _may_be_awsvpc(mode):
        yield Problem(
            f"{definition.address} is for Fargate, and its network mode is {_named(mode)}",
            (Step(definition.address, MODE, _named(mode)),),
            ONLY_AWSVPC if requires.value else NO_FARGATE,
            f"give {definition.address} the network mode awsvpc",
            cause=definition.address,
            snippet=edit(definition, IN_AWSVPC),
        )


def _questions(definition: Resource | None, why: str) -> Iterator[Question]:
    if definition is None:
        why = (
            f"{TASK} cannot be judged: {why}; make sure that it is one for Fargate, in awsvpc mode"
        )
        yield Question(why, TASK)
        return
    if required_by(definition) is None:
        yield Question(f"{definition.address}.{REQUIRES} is known only after apply: {PUT}", TASK)
    if isinstance(definition.value(MODE), Unknown):
        yield Question(f"{definition.address}.{MODE} is known only after apply: {PUT}", TASK)


def _notes(definition: Resource) -> tuple[Note, ...]:
    says = f'{definition.address} requires nothing: write {REQUIRES} = ["FARGATE"]'
    return (Note(Level.WARNING, says),)


def _may_be_awsvpc(mode: Value) -> bool:
    return isinstance(mode, Unknown) or mode == AWSVPC


def _named(mode: Value) -> str:
    return str(mode) if isinstance(mode, Known) and mode.value else "bridge, as it is not set"


def _problem(
    service: Service, attribute: str, message: str, says: str, cure: tuple[str, str]
) -> Problem:
    """`cure` is what to do, and what then stands in the service's block."""
    path, (fix, body) = (Step(service.address, attribute),), cure
    snippet = edit(service.resource, body)
    return Problem(message, path, BAD + says, fix, snippet=snippet)
