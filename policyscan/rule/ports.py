"""The ports containers declare, and those that services name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown, Value
from policyscan.rule.containers import Container


class PortMapping(Struct, frozen=True):
    """One port mapping of a container: ports `first` to `last`, of one protocol.

    `host` is the port on the host, None where none is asked for or where it is a range's.
    """

    name: str
    first: int
    last: int
    protocol: str
    host: int | None = None

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def mappings_of(container: Container) -> tuple[PortMapping, ...] | None:
    """The port mappings of a container; None when one of them cannot be read as numbers."""
    found = []
    for each in container.settings.get("portMappings") or ():
        mapping = _mapping(each) if isinstance(each, dict) else None
        if mapping is None:
            return None
        found.append(mapping)
    return tuple(found)


def _mapping(each: dict[str, Any]) -> PortMapping | None:
    """Example: {"containerPort": 8080} or {"containerPortRange": "8080-8090"}."""
    port, ports = each.get("containerPort"), each.get("containerPortRange")
    first, _, last = str(ports if port is None else port).partition("-")
    try:
        low, high = int(first), int(last or first)
        host = int(each["hostPort"]) if each.get("hostPort") else None
    except (TypeError, ValueError):
        return None
    name, protocol = str(each.get("name") or ""), str(each.get("protocol") or "tcp").lower()
    return PortMapping(name, low, high, protocol, host)


class NamedPort(Struct, frozen=True):
    """Where a service names a container and its port, or with `is_by_name` a port by its name."""

    path: str
    name: Value
    port: Value = ABSENT
    is_by_name: bool = False

    @property
    def text(self) -> str:
        """The name as container definitions hold it, "" where it is not told.

        Missing parts stand in it as `${...}`.
        """
        if isinstance(self.name, Unknown):
            return str(self.name.template or "")
        return str(self.name)

    def __str__(self) -> str:
        match self.port:
            case Known(number) if number:
                return f"{self.text}:{number}"
            case _:
                return self.text


def named_ports(service: Resource) -> Iterator[NamedPort]:
    """Every port a service names: for load balancers, registries and Service Connect."""
    for block in ("load_balancer", "service_registries"):
        for index in range(len(service.elements(block))):
            path = f"{block}[{index}]"
            container = service.value(f"{path}.container_name")
            if not isinstance(container, Absent) and container != Known(""):
                yield NamedPort(path, container, service.value(f"{path}.container_port"))
    block = "service_connect_configuration[0].service"
    for index in range(len(service.elements(block))):
        name = service.value(f"{block}[{index}].port_name")
        yield NamedPort(f"{block}[{index}]", name, is_by_name=True)


class Clash(Struct, frozen=True):
    """A port mapping that one address for a whole task cannot have.

    `other` is the container that has the port already, "" for one that another host port is asked
    for.
    """

    container: str
    mapping: PortMapping
    other: str = ""


def clashes(containers: tuple[Container, ...]) -> Iterator[Clash]:
    """Mappings that awsvpc mode refuses: containers of one task share its address and ports."""
    seen: dict[tuple[int, str], str] = {}
    for container in containers:
        for mapping in mappings_of(container) or ():
            if mapping.host not in {None, mapping.first}:
                yield Clash(container.name, mapping)
            key = mapping.first, mapping.protocol
            if key in seen:
                yield Clash(container.name, mapping, seen[key])
            seen[key] = container.name
