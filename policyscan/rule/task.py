"""The numbers of a task definition and of its containers, and what it runs on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan import Absent, Known, Resource, Template, Unknown, Value
from policyscan.rule.containers import Container
from policyscan.rule.ecs import TASK_DEFINITION, Service, certainty_of, is_fargate
from policyscan.rule.model import Certainty

COMPATIBILITIES = "requires_compatibilities"
_CPU = re.compile(r"\s*(?:(\d+)|(\d*\.?\d+)\s*vcpu)\s*", re.IGNORECASE)
_MEMORY = re.compile(r"\s*(?:(\d+)|(\d*\.?\d+)\s*gb)\s*", re.IGNORECASE)
_UNIT = 1024


class Task(Struct, frozen=True):
    """A task definition that stands after this plan, and the services that may run it.

    `runs_on_fargate` is None when the plan does not tell. `reason` is the service that says so
    where the definition itself does not, and `certainty` how sure it is that it runs this one.
    """

    resource: Resource
    runs_on_fargate: bool | None
    services: tuple[Service, ...] = ()
    reason: Service | None = None
    certainty: Certainty = Certainty.PROVEN

    @property
    def address(self) -> str:
        """The address of the aws_ecs_task_definition."""
        return self.resource.address

    @property
    def requires(self) -> tuple[str, ...] | None:
        """What it must be compatible with, () when it does not say, None when not known."""
        return required_by(self.resource)

    @property
    def network_mode(self) -> Value:
        """`awsvpc`, `bridge`, `host` or `none`; Absent is AWS's own default."""
        return self.resource.value("network_mode")


def required_by(definition: Resource) -> tuple[str, ...] | None:
    """What a task definition says it requires, None when the plan does not tell."""
    found = definition.elements(COMPATIBILITIES)
    if any(isinstance(each, Unknown) for each in found):
        return None
    return tuple(sorted(str(each.value).upper() for each in found if isinstance(each, Known)))


def read_tasks(graph: ResourceGraph, services: Iterable[Service]) -> tuple[Task, ...]:
    """Every task definition that this plan leaves standing."""
    runners: dict[str, list[tuple[Service, Certainty]]] = {}
    for service in services:
        for target in service.task_definitions.targets:
            if target.confidence is not Confidence.AMBIGUOUS:
                pair = (service, certainty_of(target))
                runners.setdefault(target.address, []).append(pair)
    return tuple(
        _task(resource, tuple(runners.get(resource.address, ())), graph)
        for resource in graph.of_type(TASK_DEFINITION)
        if not resource.is_deleted
    )


def _task(
    resource: Resource, runners: tuple[tuple[Service, Certainty], ...], graph: ResourceGraph
) -> Task:
    services = tuple(service for service, _ in runners)
    requires = required_by(resource)
    if requires and "FARGATE" in requires:
        return Task(resource, runs_on_fargate=True, services=services)
    told = [(is_fargate(service, graph), service, certainty) for service, certainty in runners]
    for is_it, service, certainty in told:
        if is_it:
            return Task(resource, True, services, service, certainty)  # noqa: FBT003 - see the field
    is_open = requires is None or any(is_it is None for is_it, _, _ in told)
    return Task(resource, runs_on_fargate=None if is_open else False, services=services)


def cpu_units(value: Value) -> int | None:
    """Units of CPU, 1024 to a vCPU; None: not known, or no amount of CPU.

    Example: "256", ".25 vCPU".
    """
    return _amount(value, _CPU)


def mebibytes(value: Value) -> int | None:
    """MiB of memory; None: not known, or no amount of memory. Example: "512", "0.5GB"."""
    return _amount(value, _MEMORY)


def _amount(value: Value, form: re.Pattern[str]) -> int | None:
    if not isinstance(value, Known):
        return None
    found = form.fullmatch(str(value.value))
    if found is None:
        return None
    plain, scaled = found.groups()
    return int(plain) if plain else round(float(scaled) * _UNIT)


def setting(container: Container, path: str) -> Value:
    """A setting of a container, Absent where it is null. Example: `linuxParameters.swappiness`."""
    value: Any = container.settings
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    match value:
        case None:
            return Absent()
        case Template():
            return Unknown(template=value)
        case _:
            return Known(value, is_sensitive=container.is_sensitive)


def number(container: Container, path: str) -> int | None:
    """A whole number among a container's settings, however written; None: none, or not known."""
    match setting(container, path):
        case Known(value=bool()):
            return None
        case Known(value=int() | float() as found):
            return int(found)
        case Known(value=str() as text) if text.strip().isdecimal():
            return int(text)
        case _:
            return None


def listed(container: Container, path: str) -> tuple[Any, ...]:
    """The members of a list among a container's settings, none where there is no list."""
    match setting(container, path):
        case Known(value=list() as found):
            return tuple(found)
        case _:
            return ()
