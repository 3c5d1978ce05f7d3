"""A service's ports must be ports its containers declare.

`load_balancer`, `service_registries` and Service Connect name a container and a port, or a port
by name. ECS looks them up in the task definition and refuses a service that names something else.
A health check on another port than the container's finds nobody there.

## Why
The container's port is written twice or three times, in two resources, and one of them changes.

## Fix
```hcl
container_definitions = jsonencode([{
  name         = "app"
  portMappings = [{ containerPort = 8080 }]
  # ...
}])

load_balancer {
  container_name = "app"
  container_port = 8080
  # ...
}
```

## When unknown
The container definitions are known only after apply, and a replay of the source does not tell
them, or the task definition is not in this plan. Give `--source-dir`.

## Source
Amazon ECS API Reference, LoadBalancer, ServiceRegistry and PortMapping; the texts of the errors as
measured by badmintoncryer/cdk-preflight.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Container,
    Finding,
    Known,
    NamedPort,
    Parameters,
    Phase,
    Platform,
    PortMapping,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Struct,
    Target,
    Unknown,
    block,
    certainty_of,
    clashes,
    edit,
    fail,
    in_container,
    mappings_of,
    named_ports,
    not_applicable,
    passed,
    quoted,
    settle,
    steps_to,
    undetermined,
)

RULE = Rule(
    id="PS106",
    name="container-port-mismatch",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="A service names containers and ports its task definition declares",
    types=("aws_ecs_service",),
)

PUT = "write it as a constant"
TASK = "task_definition"
UNHEALTHY = (
    "(service ...) (task ...) is unhealthy in (target-group ...) due to (reason Health checks "
    "failed)"
)
HOST_PORT = (
    "ClientException: When networkMode=awsvpc, the host ports and container ports in port mappings "
    "must match."
)
TWICE = "ClientException: ... port mappings ... must be unique"
NO_CONTAINER = "InvalidParameterException: The container %s does not exist in the task definition."
NO_PORT = "InvalidParameterException: The container %s did not have a container port %s defined."


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    named = tuple(named_ports(service.resource))
    if not named:
        return not_applicable(service.address, "it names no port of a container")
    judged = [
        (_judge_task(service, target, named, platform), target.is_sure)
        for target in service.task_definitions.targets
    ]
    if not judged:
        why = "; ".join(service.task_definitions.unresolved) or "it is not in this plan"
        why = f"{service.address}.{TASK}: {why}; make sure that it declares what the service names"
        return undetermined(service.address, why, at=TASK)
    why = f"which task definition {service.address} runs is not in the plan"
    return settle(service.address, judged, f"{why}; {platform.graph.advice}")


class _Problem(Struct, frozen=True):
    """What is wrong with one name or port, or keeps it from being judged; `fix` "" says that.

    `step` shows it, in the task definition or in what `cause` is.
    """

    at: str
    message: str
    fix: str = ""
    snippet: str = ""
    symptom: str = ""
    step: Step | None = None
    strikes: Phase = Phase.APPLY
    cause: str = ""


def _judge_task(
    service: Service, target: Target, named: tuple[NamedPort, ...], platform: Platform
) -> Finding:
    definition = platform.graph.resource_of(target)
    path = steps_to(service.resource, TASK, target)
    images = platform.images.of(definition)
    if images.invalid or not images.is_known:
        opaque = f"its containers are known only after apply; {platform.graph.advice}"
        why = images.invalid or opaque
        return undetermined(service.address, f"{definition.address}: {why}", path=path, at=TASK)
    ports = {each.name: mappings_of(each) for each in images.containers}
    problems = [
        problem
        for each in named
        if (
            problem := _wrong_name(service, each, ports, definition)
            or _wrong_port(service, each, ports, definition)
        )
    ]
    problems += _clashes(images.containers, definition)
    problems += _unhealthy(service, ports, platform)
    problems.sort(key=lambda problem: not problem.fix)
    if not problems:
        text = f"{definition.address} declares {' and '.join(map(str, named))}"
        return passed(service.address, text, path=path, certainty=certainty_of(target))
    first = problems[0]
    way = () if first.cause else path[1:]
    here = (Step(service.address, first.at), *way, *((first.step,) if first.step else ()))
    if not first.fix:
        return undetermined(service.address, first.message, path=here, at=first.at)
    return fail(
        service.address,
        first.message,
        path=here,
        certainty=certainty_of(target),
        symptom=first.symptom,
        strikes=first.strikes,
        cause=first.cause or definition.address,
        fix=first.fix,
        snippet=first.snippet,
        at=first.at,
    )


Ports = dict[str, tuple[PortMapping, ...] | None]


def _wrong_name(
    service: Service, named: NamedPort, ports: Ports, definition: Resource
) -> _Problem | None:
    name = named.text
    step = Step(definition.address, "container_definitions")
    if named.is_by_name:
        declared = [each.name for each in _all(ports) if each.name]
        at = f"{named.path}.port_name"
        wrong = f"{definition.address} has no port mapping named {name}"
        fix = f"give the port mapping of its container the name {name}"
        mapping = f"portMappings = [{{ name = {quoted(name)}, containerPort = PORT }}]"
        snippet = in_container(definition, "", mapping)
        symptom = f"InvalidParameterException: ... port name {name} ..."
    else:
        declared = list(ports)
        at = f"{named.path}.container_name"
        wrong = f"{definition.address} has no container named {name}, but {', '.join(declared)}"
        right = next(iter(ports), "")
        fix = f"name a container of {definition.address}, such as {right}"
        block_name = named.path.partition("[")[0]
        snippet = edit(service.resource, block(block_name, f"container_name = {quoted(right)}"))
        symptom = NO_CONTAINER % name
    if name in declared:
        return None
    is_open = any("${" in text or not text for text in (name, *declared))
    if is_open or (named.is_by_name and None in ports.values()):
        why = f"whether {definition.address} declares {name or 'what is named here'}"
        return _Problem(at, f"{why} is known only after apply: write the names as constants")
    return _Problem(at, wrong, fix, snippet, symptom, step)


def _wrong_port(
    service: Service, named: NamedPort, ports: Ports, definition: Resource
) -> _Problem | None:
    at = f"{named.path}.container_port"
    name = named.text
    match named.port:
        case Unknown():
            return _Problem(at, f"{service.address}.{at} is known only after apply: {PUT}")
        case Known(value) if value and name in ports:
            mappings = ports[name]
        case _:
            return None
    if mappings is None:
        why = f"a port of {definition.address} is no number, or known only after apply"
        return _Problem(at, f"{why}: {PUT}")
    if any(int(value) in each for each in mappings):
        return None
    declared = ", ".join(map(str, mappings)) or "no port"
    return _Problem(
        at,
        f"it sends to port {value} of container {name}, which declares {declared}",
        f"declare port {value} in container {name} of {definition.address}, or send to one that it "
        "declares",
        in_container(definition, name, f"portMappings = [{{ containerPort = {value} }}]"),
        NO_PORT % (name, value),
        Step(definition.address, "container_definitions", f"container {name}: {declared}"),
    )


def _clashes(containers: tuple[Container, ...], definition: Resource) -> Iterator[_Problem]:
    step = Step(definition.address, "container_definitions")
    if definition.value("network_mode") != Known("awsvpc"):
        return
    for clash in clashes(containers):
        port = clash.mapping.first
        if clash.other:
            text = f"containers {clash.other} and {clash.container} both take port {port}"
            fix = f"let container {clash.container} listen on a port of its own"
            snippet = in_container(
                definition, clash.container, "portMappings = [{ containerPort = PORT }]"
            )
            yield _Problem(TASK, text, fix, snippet, TWICE, step)
        else:
            text = f"container {clash.container} maps port {port} to {clash.mapping.host}"
            mapping = f"portMappings = [{{ containerPort = {port} }}]"
            snippet = in_container(definition, clash.container, mapping)
            fix = f"leave hostPort out: in awsvpc mode it is {port} anyway"
            text = f"{text}, which awsvpc mode cannot"
            yield _Problem(TASK, text, fix, snippet, HOST_PORT, step)


def _unhealthy(service: Service, ports: Ports, platform: Platform) -> Iterator[_Problem]:
    for attachment in platform.balancing.attachments_of(service):
        for target in attachment.groups.targets:
            group = platform.graph.resource_of(target)
            port = group.value("health_check[0].port")
            if not isinstance(port, Known) or not str(port).isdecimal():
                continue
            number = int(str(port))
            if attachment.container_port == Known(number) or None in ports.values():
                continue
            if not any(number in each for each in _all(ports)) and target.is_sure:
                yield _Problem(
                    attachment.attribute,
                    f"{target.address} checks port {port}, which no container declares",
                    f"let {target.address} check the port that gets the traffic",
                    edit(group, block("health_check", 'port = "traffic-port"')),
                    UNHEALTHY,
                    Step(target.address, "health_check[0].port", str(port)),
                    Phase.RUNTIME,
                    target.address,
                )


def _all(ports: Ports) -> list[PortMapping]:
    return [each for mappings in ports.values() for each in mappings or ()]
