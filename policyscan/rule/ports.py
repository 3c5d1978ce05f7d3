"""The ports a container declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policyscan.rule.containers import Container


@dataclass(frozen=True, slots=True)
class PortMapping:
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
