"""A service's registry takes what the service registers.

A registry of SRV records needs a port; one of A records needs tasks with addresses of their own.
Route 53 cannot check the health of addresses in a private namespace, and a namespace has each name
once, whatever its case.

## Why
Cloud Map and ECS refuse each of these in the middle of an apply.

## Fix
```hcl
resource "aws_service_discovery_service" "app" {
  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.main.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}
```

With SRV records, name `container_name` and `container_port` in `service_registries`.

## When unknown
The registry is not in this plan, or its records, its namespace or its name are known only after
apply.

## Source
Amazon ECS Developer Guide, "Use service discovery"; Amazon ECS API Reference, ServiceRegistry; AWS
Cloud Map API Reference, CreateService.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    ABSENT,
    Absent,
    Finding,
    Index,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Struct,
    Target,
    Unknown,
    arguments,
    block,
    certainty_of,
    edit,
    fail,
    network_mode,
    not_applicable,
    passed,
    settle,
    steps_to,
    undetermined,
)

RULE = Rule(
    id="PS112",
    name="service-registry-invalid",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="A service's registry takes what the service registers",
    types=("aws_ecs_service",),
)

BLOCK = "service_registries[0]"
AT = f"{BLOCK}.registry_arn"
REGISTRY = "aws_service_discovery_service"
NAMESPACES = (
    "aws_service_discovery_private_dns_namespace",
    "aws_service_discovery_public_dns_namespace",
    "aws_service_discovery_http_namespace",
)
THRESHOLD = "health_check_custom_config[0].failure_threshold"


class _Problem(Struct, frozen=True):
    """What is wrong, or with `fix` "" what keeps it from being judged."""

    step: Step
    message: str
    fix: str = ""
    snippet: str = ""
    symptom: str = ""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    named = Index(
        (each, _names(each, platform))
        for each in platform.graph.of_type(REGISTRY)
        if not each.is_deleted
    )
    for service in platform.services:
        yield _judge(service, named, platform)


def _judge(service: Service, named: Index[Resource], platform: Platform) -> Finding:
    if not service.resource.elements("service_registries"):
        return not_applicable(service.address, "it is registered nowhere")
    found = platform.graph.resolve(service.resource, AT, [REGISTRY])
    judged = [
        (_judge_registry(service, target, named, platform), target.is_sure)
        for target in found.targets
    ]
    if not judged:
        why = "; ".join(found.unresolved) or "it is not in this plan"
        why = f"{service.address}.{AT} cannot be judged: {why}; make sure that it takes the service"
        return undetermined(service.address, why, at=AT)
    why = f"which registry {service.address}.{AT} names is not in the plan; {platform.graph.advice}"
    return settle(service.address, judged, why)


def _judge_registry(
    service: Service, target: Target, named: Index[Resource], platform: Platform
) -> Finding:
    registry = platform.graph.resource_of(target)
    path = steps_to(service.resource, AT, target)
    problems = [
        *_records(service, registry, platform),
        *_unchecked(registry, platform),
        *_taken(registry, named, platform),
    ]
    problems.sort(key=lambda problem: not problem.fix)
    if not problems:
        notes = []
        if not isinstance(registry.value(THRESHOLD), Absent) and registry.is_created:
            text = f"{registry.address} sets failure_threshold: every change of it replaces it"
            notes.append(Note(Level.WARNING, text))
        return passed(
            service.address,
            f"{registry.address} takes what it registers",
            path=path,
            certainty=certainty_of(target),
            notes=tuple(notes),
        )
    first = problems[0]
    if not first.fix:
        return undetermined(service.address, first.message, path=(*path, first.step), at=AT)
    return fail(
        service.address,
        first.message,
        path=(*path, first.step),
        certainty=certainty_of(target),
        symptom=first.symptom,
        strikes=Phase.APPLY,
        cause=registry.address,
        fix=first.fix,
        snippet=first.snippet,
    )


def _records(service: Service, registry: Resource, platform: Platform) -> Iterator[_Problem]:
    path = "dns_config[0].dns_records"
    kinds = [
        registry.value(f"{path}[{index}].type") for index in range(len(registry.elements(path)))
    ]
    step = Step(registry.address, f"{path}[0].type", ", ".join(map(str, kinds)))
    if any(isinstance(kind, Unknown) for kind in kinds):
        text = f"{registry.address}.{path} are known only after apply: write them as constants"
        yield _Problem(Step(registry.address, f"{path}[0].type"), text)
    if Known("SRV") in kinds and not _names_port(service.resource):
        yield _Problem(
            step,
            f"{registry.address} keeps SRV records, and the service names no port for them",
            "name the container and the port that its records are to tell",
            edit(
                service.resource,
                block(
                    "service_registries",
                    arguments(container_name='"CONTAINER"', container_port="PORT"),
                ),
            ),
            "InvalidParameterException: ... SRV records require a port or containerName and "
            "containerPort",
        )
    if Known("A") not in kinds and Known("AAAA") not in kinds:
        return
    mode = network_mode(service, platform.graph)
    if not mode:
        why = f"the network mode of the tasks of {service.address} is not in this plan"
        yield _Problem(step, f"{why}; {platform.graph.advice}")
    elif mode != "awsvpc":
        yield _Problem(
            step,
            f"{registry.address} keeps A records, and its tasks in {mode} mode have no addresses",
            f"let {registry.address} keep SRV records, or run the tasks in awsvpc mode",
            edit(
                registry,
                block("dns_config", block("dns_records", arguments(type='"SRV"', ttl="10"))),
            ),
            "InvalidParameterException: ... A records are supported for awsvpc network mode only",
        )


def _names_port(service: Resource) -> bool:
    """Whether a port is given, or may be: by number, or as a container's."""
    port, container = service.value(f"{BLOCK}.port"), service.value(f"{BLOCK}.container_name")
    number = service.value(f"{BLOCK}.container_port")
    has_container = container not in {ABSENT, Known("")} and number not in {ABSENT, Known(0)}
    return port not in {ABSENT, Known(0)} or has_container


def _unchecked(registry: Resource, platform: Platform) -> Iterator[_Problem]:
    """A health check in a namespace that is, or may be, private."""
    kinds = {platform.graph.resource_of(target).type for target in _namespaces(registry, platform)}
    if registry.elements("health_check_config"):
        step = Step(registry.address, "health_check_config")
        if "aws_service_discovery_private_dns_namespace" in kinds:
            yield _Problem(
                step,
                f"{registry.address} checks health in a private namespace, where Route 53 "
                "does not reach",
                f"leave health_check_config out of {registry.address}: ECS reports the health of "
                "its tasks by itself",
                edit(registry, "health_check_custom_config {}"),
                "InvalidInput: A Route 53 health check can't be created for a service in a "
                "private namespace",
            )
        elif not kinds:
            text = f"whether the namespace of {registry.address} is private is not in this plan"
            text = f"{text}: make sure that it is not"
            yield _Problem(step, text)


def _taken(registry: Resource, named: Index[Resource], platform: Platform) -> Iterator[_Problem]:
    """Another registry of its name in its namespace."""
    for other in named.of(*_names(registry, platform)):
        if other.address != registry.address:
            name = registry.value("name")
            yield _Problem(
                Step(other.address, "name", str(other.value("name"))),
                f"{other.address} has the name {name} in the same namespace",
                f"give {registry.address} a name of its own",
                edit(registry, f'name = "{name}-2"'),
                "ServiceAlreadyExists: ...",
            )


def _names(registry: Resource, platform: Platform) -> Iterator[tuple[str, str]]:
    """What no other registry may be called: its name, whatever its case, by namespace."""
    name = registry.value("name")
    for target in _namespaces(registry, platform) if isinstance(name, Known) else ():
        if target.is_sure:
            yield target.address, str(name).lower()


def _namespaces(registry: Resource, platform: Platform) -> tuple[Target, ...]:
    for path in ("dns_config[0].namespace_id", "namespace_id"):
        if targets := platform.graph.resolve(registry, path, NAMESPACES).targets:
            return targets
    return ()
