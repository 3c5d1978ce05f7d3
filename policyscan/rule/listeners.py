"""What may be wrong with a listener or a listener rule, apart from how it is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from policyscan.graph import ResourceGraph, Target
from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown
from policyscan.rule.balancing import LISTENER_RULES, LISTENERS, LOAD_BALANCERS, TARGET_GROUPS

CERTIFICATE = "aws_acm_certificate"
VALIDATION = "aws_acm_certificate_validation"
_ARN = re.compile(r"arn:[^:]+:acm:([^:]+):")
WEB = frozenset({"HTTP", "HTTPS"})
"""What application load balancers speak."""
_READY_MADE = ("private_key", "certificate_authority_arn")
_SAME = {
    "host": "#{host}",
    "path": "/#{path}",
    "query": "#{query}",
    "port": "#{port}",
    "protocol": "#{protocol}",
}
"""What a redirect keeps of a request when nothing else is said."""


def unissued(graph: ResourceGraph, listener: Resource) -> Iterator[Target]:
    """Certificates a listener takes that this plan requests and nobody waits for to be issued.

    A certificate that is imported, or comes of a private authority, is issued at once.
    """
    for target in graph.resolve(listener, "certificate_arn", [CERTIFICATE]).targets:
        end = graph.resource_of(target)
        if not end.is_created or not target.is_sure:
            continue
        is_ready = any(not isinstance(end.value(name), Absent) for name in _READY_MADE)
        if not is_ready and not _is_awaited(graph, listener, target.address):
            yield target


def _is_awaited(graph: ResourceGraph, listener: Resource, certificate: str) -> bool:
    return any(
        graph.depends_on(validation.address, certificate)
        for validation in graph.awaited(listener.address, VALIDATION)
    )


def rivals(graph: ResourceGraph, resource: Resource) -> Iterator[tuple[Resource, Target | None]]:
    """Listeners on the same port of a load balancer, or rules of one priority on a listener.

    Each with the edge to what they share, None where that is told by its ARN alone.
    """
    is_listener = resource.type in LISTENERS
    number, owner = ("port", "load_balancer_arn") if is_listener else ("priority", "listener_arn")
    value = resource.value(number)
    if not isinstance(value, Known):
        return
    here = _owners(graph, resource, owner)
    kinds = LISTENERS if is_listener else LISTENER_RULES
    joins = graph.joins(dict.fromkeys(kinds, owner), (*LISTENERS, *LOAD_BALANCERS))
    beside = {each.address: each for each in (*joins.standing(*here), *joins.outside(*here))}
    for address in sorted(beside):
        other = beside[address]
        if address == resource.address or other.is_deleted or other.value(number) != value:
            continue
        there = _owners(graph, other, owner)
        for name, target in here.items():
            if name in there:
                yield other, target


def _owners(graph: ResourceGraph, resource: Resource, attribute: str) -> dict[str, Target | None]:
    """What a listener or rule belongs to for certain, by address or by ARN."""
    found = graph.resolve(resource, attribute, (*LISTENERS, *LOAD_BALANCERS))
    owners: dict[str, Target | None] = {
        target.address: target for target in found.targets if target.is_sure
    }
    return owners | {str(arn.value): None for arn in found.external}


def redirect_loops(listener: Resource) -> Iterator[str]:
    """The paths of redirects that lead a request back to the listener it came from."""
    own = {name: str(listener.value(name)) for name in ("port", "protocol")}
    for index in range(len(listener.elements("default_action"))):
        path = f"default_action[{index}].redirect"
        if not listener.count_of(path):
            continue
        values = {name: listener.value(f"{path}[0].{name}") for name in _SAME}
        if any(isinstance(value, Unknown) for value in values.values()):
            continue
        if all(
            isinstance(value, Absent) or str(value) in {_SAME[name], own.get(name)}
            for name, value in values.items()
        ):
            yield f"{path}[0]"


def empty_forwards(resource: Resource, block: str) -> Iterator[str]:
    """The paths of actions that forward and name no target group."""
    for index in range(len(resource.elements(block))):
        path = f"{block}[{index}]"
        given = resource.value(f"{path}.target_group_arn")
        if (
            resource.value(f"{path}.type") == Known("forward")
            and given in (ABSENT, Known(""))
            and not resource.count_of(f"{path}.forward")
        ):
            yield f"{path}.type"


def misfits(
    graph: ResourceGraph, listener: Resource, holder: Resource, block: str
) -> Iterator[tuple[Target, str]]:
    """Target groups that a listener, or a rule of it, cannot send to, and their protocol.

    HTTP and HTTPS go together, and so do the protocols of network load balancers.
    """
    protocol = listener.value("protocol")
    if not isinstance(protocol, Known):
        return
    for target, spoken in _told(graph, holder, block, TARGET_GROUPS, "protocol"):
        if (str(spoken) in WEB) != (str(protocol) in WEB):
            yield target, str(spoken)


def elsewhere(graph: ResourceGraph, listener: Resource) -> Iterator[tuple[str, str, str]]:
    """Certificates of another region than a listener's: name, their region, its region."""
    own = listener.value("region")
    if not isinstance(own, Known):
        return
    for target, region in _told(graph, listener, "certificate_arn", [CERTIFICATE], "region"):
        if region != own:
            yield target.address, str(region), str(own)
    for arn in graph.resolve(listener, "certificate_arn", [CERTIFICATE]).external:
        found = _ARN.match(str(arn.value))
        if found is not None and found[1] != str(own):
            yield str(arn), found[1], str(own)


def wrong_kinds(graph: ResourceGraph, listener: Resource) -> Iterator[tuple[Target, str]]:
    """Load balancers that do not speak a listener's protocol, and their type.

    Application load balancers speak HTTP, network ones do not.
    """
    protocol = listener.value("protocol")
    if not isinstance(protocol, Known):
        return
    is_web = str(protocol) in WEB
    ends = _told(graph, listener, "load_balancer_arn", LOAD_BALANCERS, "load_balancer_type")
    for target, kind in ends:
        if str(kind) in {"application", "network"} and (str(kind) == "application") != is_web:
            yield target, str(kind)


def _told(
    graph: ResourceGraph, holder: Resource, path: str, types: Iterable[str], attribute: str
) -> Iterator[tuple[Target, Known]]:
    """What an argument leads to for certain, each with an attribute that is known of it."""
    for target in graph.resolve(holder, path, types).targets:
        value = graph.resource_of(target).value(attribute)
        if target.is_sure and isinstance(value, Known):
            yield target, value
