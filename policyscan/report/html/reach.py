"""Who opens connections to whom, as far as security groups let them through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from policyscan.plan import Known, Resource, Value, number_of
from policyscan.rule import Direction, End, Platform, Way, subnet_paths
from policyscan.rule.balancing import LOAD_BALANCERS
from policyscan.rule.reachability import Port, Reach

_MOST_SERVICES: Final = 12
"""Services beyond which nobody looks for who of them calls whom: they would be a ball of lines."""


class Traffic(NamedTuple):
    """A connection by addresses, "" for the internet; `kind` is `traffic`, `maybe` or `blocked`."""

    caller: str
    called: str
    kind: str
    port: str


def traffic(platform: Platform) -> Iterator[Traffic]:
    """From the internet to load balancers, from those to services, and between services."""
    yield from _from_internet(platform)
    ways = _ways(platform)
    yield from _from_balancers(platform, ways)
    yield from _between_services(platform, ways)


def _from_internet(platform: Platform) -> Iterator[Traffic]:
    for balancer in platform.graph.of_type(*LOAD_BALANCERS):
        if balancer.is_deleted or balancer.value("internal") == Known(value=True):
            continue
        end = _front(platform, balancer)
        for listener in platform.balancing.listeners_of(balancer):
            port = _port(listener.value("port"))
            if port is None:
                continue
            reach = platform.reachability.from_anywhere(end, Direction.INGRESS, port).reach
            if reach is not Reach.NO:
                yield Traffic("", balancer.address, _kind([reach]), str(port))


def _from_balancers(platform: Platform, ways: Iterable[Way]) -> Iterator[Traffic]:
    told: set[Traffic] = set()
    for way in ways:
        port = _port(way.attachment.container_port)
        if port is None:
            continue
        front = _front(platform, way.balancer)
        tasks = platform.reachability.tasks(way.attachment.service.resource)
        kind = _kind(_both(platform, front, tasks, port))
        found = Traffic(way.balancer.address, way.attachment.service.address, kind, str(port))
        if found not in told:
            told.add(found)
            yield found


def _between_services(platform: Platform, ways: Iterable[Way]) -> Iterator[Traffic]:
    """By the ports at which services answer load balancers; no line where none gets through."""
    ports = {
        (way.attachment.service.address, port): way.attachment.service
        for way in ways
        if (port := _port(way.attachment.container_port)) is not None
    }
    if len(platform.services) > _MOST_SERVICES:
        return
    for caller in platform.services:
        for (address, port), called in ports.items():
            if address == caller.address:
                continue
            near, far = map(platform.reachability.tasks, (caller.resource, called.resource))
            kind = _kind(_both(platform, near, far, port))
            if kind != "blocked":
                yield Traffic(caller.address, address, kind, str(port))


def _ways(platform: Platform) -> list[Way]:
    return [
        way
        for service in platform.services
        for attachment in platform.balancing.attachments_of(service)
        for way in platform.balancing.ways_of(attachment)
    ]


def _both(platform: Platform, caller: End, called: End, port: Port) -> list[Reach]:
    """Whether the caller's groups let it out, and those of the called let it in."""
    between = platform.reachability.between
    return [
        between(caller, Direction.EGRESS, called, port).reach,
        between(called, Direction.INGRESS, caller, port).reach,
    ]


def _kind(reaches: list[Reach]) -> str:
    if Reach.NO in reaches:
        return "blocked"
    return "maybe" if Reach.MAYBE in reaches else "traffic"


def _front(platform: Platform, balancer: Resource) -> End:
    paths = subnet_paths(balancer)
    return platform.reachability.end(balancer, "security_groups", *paths)


def _port(value: Value) -> Port | None:
    number = number_of(value) if isinstance(value, Known) and not value.is_sensitive else None
    return Port(int(number)) if number is not None else None
