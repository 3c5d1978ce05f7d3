"""Load balancing: service, target group, listener or rule, load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from policyscan.graph import Index, Resolution, ResourceGraph, Target
from policyscan.plan import ABSENT, Known, Resource, Value
from policyscan.rule.blocks import resolve_member
from policyscan.rule.ecs import SUBNETS, Service, certainty_of, steps_to
from policyscan.rule.model import Certainty, Step

TARGET_GROUPS = ("aws_lb_target_group", "aws_alb_target_group")
LISTENERS = ("aws_lb_listener", "aws_alb_listener")
LISTENER_RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
LOAD_BALANCERS = ("aws_lb", "aws_alb")


class Attachment(Struct, frozen=True):
    """One `load_balancer` block of a service.

    `path` leads to the block, `groups` is what its target group comes to: its own, or with
    `is_alternate` the one that takes turns with it in a blue/green deployment.
    """

    service: Service
    path: str
    groups: Resolution
    is_alternate: bool = False

    @property
    def attribute(self) -> str:
        """Where the target group is named."""
        if self.is_alternate:
            return f"{self.path}.advanced_configuration[0].alternate_target_group_arn"
        return f"{self.path}.target_group_arn"

    @property
    def container_name(self) -> Value:
        """The container that gets the requests."""
        return self.service.resource.value(f"{self.path}.container_name")

    @property
    def container_port(self) -> Value:
        """The port it listens on."""
        return self.service.resource.value(f"{self.path}.container_port")


class Sender(Struct, frozen=True):
    """A listener or a listener rule that sends to a target group, and the way to it."""

    holder: Resource
    attribute: str
    listener: Resource
    target: Target
    balancers: tuple[Target, ...]

    @property
    def certainty(self) -> Certainty:
        """How sure it is that it sends there, from there."""
        return certainty_of(self.target, *self.balancers)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Evidence from the target group to the load balancer."""
        return (
            Step(self.holder.address, self.attribute, f"sends to {self.target.address}"),
            *(Step(target.address) for target in self.balancers[:1]),
        )


class Way(Struct, frozen=True):
    """From a service over one target group and one listener to one load balancer."""

    attachment: Attachment
    edge: Target
    group: Resource
    sender: Sender
    balancer: Resource
    last: Target

    @property
    def is_sure(self) -> bool:
        """Whether requests go this way for certain, and not perhaps another instead."""
        return self.weakest.is_sure

    @property
    def weakest(self) -> Target:
        """The least sure of its edges."""
        edges = (self.edge, self.sender.target, self.last)
        return min(edges, key=lambda edge: edge.is_sure)

    @property
    def certainty(self) -> Certainty:
        """How sure every step of it is."""
        return certainty_of(self.edge, self.sender.target, self.last)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Evidence from the service to the load balancer."""
        attachment = self.attachment
        return (
            *steps_to(attachment.service.resource, attachment.attribute, self.edge),
            Step(self.sender.holder.address, self.sender.attribute),
            Step(self.last.address),
        )


def subnet_paths(balancer: Resource) -> tuple[str, ...]:
    """Where a load balancer names its subnets."""
    if balancer.config is not None and not balancer.is_written("subnets"):
        size = len(balancer.elements("subnet_mapping"))
        return tuple(f"subnet_mapping[{index}].subnet_id" for index in range(size))
    return ("subnets",)


def keeps_clients(way: Way) -> bool:
    """Whether tasks see the addresses of clients as the callers, as some network ones have it."""
    if way.balancer.value("load_balancer_type") != Known("network"):
        return False
    match way.group.value("preserve_client_ip"):
        case Known(value):
            return str(value).lower() == "true"
        case _:
            is_ip = way.group.value("target_type") == Known("ip")
            return not is_ip or way.group.value("protocol") not in {Known("TCP"), Known("TLS")}


class Subnets(Struct, frozen=True):
    """The subnets a load balancer stands in.

    `sure` are those it has for certain, `may_be` those of which it has some. `ids` are in no
    resource of the plan, `missing` says what could not be followed. `edges` lead to `sure`.
    """

    attribute: str
    sure: tuple[Resource, ...] = ()
    may_be: tuple[Resource, ...] = ()
    ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    edges: tuple[Target, ...] = ()


class Balancing:
    """Which load balancers send to a service, through which listeners."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._senders: dict[str, list[Sender]] = {}
        self._loose: list[str] = []
        self._listeners: dict[str, list[Resource]] = {}
        self._attachments: dict[str, tuple[Attachment, ...]] = {}
        for listener in graph.of_type(*LISTENERS):
            if not listener.is_deleted:
                self._add(listener, "default_action", listener)
                for each in graph.resolve(listener, "load_balancer_arn", LOAD_BALANCERS).targets:
                    self._listeners.setdefault(each.address, []).append(listener)
        for rule in graph.of_type(*LISTENER_RULES):
            if rule.is_deleted:
                continue
            for target in graph.resolve(rule, "listener_arn", LISTENERS).targets:
                self._add(rule, "action", graph.resource(target.address))
            if not graph.resolve(rule, "listener_arn", LISTENERS).targets:
                self._add(rule, "action", None)

    def _add(self, holder: Resource, attribute: str, listener: Resource | None) -> None:
        found = self._graph.resolve(holder, attribute, TARGET_GROUPS)
        balancers = (
            self._graph.resolve(listener, "load_balancer_arn", LOAD_BALANCERS).targets
            if listener
            else ()
        )
        for target in found.targets:
            sender = Sender(holder, attribute, listener or holder, target, balancers)
            self._senders.setdefault(target.address, []).append(sender)
        if found.unresolved and not found.targets and not found.is_settled:
            self._loose.append(
                f"what {holder.address} sends to could not be followed: {found.unresolved[0]}"
            )

    @cached_property
    def loose(self) -> tuple[str, ...]:
        """Why listeners may send to target groups nobody knows."""
        return tuple(self._loose)

    def senders_of(self, group: str) -> tuple[Sender, ...]:
        """The listeners and rules of the plan that send to a target group."""
        return tuple(self._senders.get(group, ()))

    def subnets_of(self, balancer: Resource) -> Subnets:
        """The subnets a load balancer stands in."""
        paths = subnet_paths(balancer)
        edges: dict[str, Target] = {}
        ids: list[str] = []
        missing: list[str] = []
        for path in paths:
            # Of several blocks each leads to the subnets of all: together they are the right ones.
            found = self._graph.resolve(balancer, path, SUBNETS)
            edges.update((target.address, target) for target in found.targets)
            ids += [str(each.value) for each in found.external]
            if found.is_open or not (found.targets or found.external):
                why = f"{balancer.address}.{path} could not be followed"
                missing.append("; ".join(found.unresolved) or why)
        kept = [(edge, self._graph.resource(edge.address)) for edge in edges.values()]
        return Subnets(
            paths[0].partition("[")[0] if paths else "subnets",
            tuple(end for edge, end in kept if end is not None and edge.is_sure),
            tuple(end for edge, end in kept if end is not None and not edge.is_sure),
            tuple(ids),
            tuple(missing),
            tuple(edge for edge, _ in kept if edge.is_sure),
        )

    @cached_property
    def _groups(self) -> Index[Resource]:
        """Target groups by the listeners that send to them, by themselves or by a rule."""
        return Index(
            (group, (sender.listener.address for sender in self.senders_of(group.address)))
            for group in self._graph.of_type(*TARGET_GROUPS)
        )

    def groups_of(self, balancer: Resource) -> tuple[Resource, ...]:
        """The target groups of the plan that a load balancer sends to."""
        return self._groups.of(*(each.address for each in self.listeners_of(balancer)))

    def listeners_of(self, balancer: Resource) -> tuple[Resource, ...]:
        """The listeners of a load balancer that this plan manages."""
        return tuple(self._listeners.get(balancer.address, ()))

    def attachments_of(self, service: Service) -> tuple[Attachment, ...]:
        """The target groups a service registers its tasks in, one by one."""
        if service.address not in self._attachments:
            self._attachments[service.address] = tuple(self._attached(service))
        return self._attachments[service.address]

    def _attached(self, service: Service) -> Iterator[Attachment]:
        resource = service.resource
        for index in range(len(resource.elements("load_balancer"))):
            path = f"load_balancer[{index}]"
            found = resolve_member(self._graph, resource, f"{path}.target_group_arn", TARGET_GROUPS)
            if found.value not in (ABSENT, Known("")):
                yield Attachment(service, path, found)
            if resource.count_of(f"{path}.advanced_configuration"):
                alternate = f"{path}.advanced_configuration[0].alternate_target_group_arn"
                other = self._graph.resolve(resource, alternate, TARGET_GROUPS)
                yield Attachment(service, path, other, is_alternate=True)

    def ways_of(self, attachment: Attachment) -> tuple[Way, ...]:
        """Every way requests take to a service through one of its target groups."""
        return tuple(
            Way(attachment, edge, group, sender, balancer, last)
            for edge in attachment.groups.targets
            for sender in self.senders_of(edge.address)
            for last in sender.balancers
            if (group := self._graph.resource(edge.address)) is not None
            and (balancer := self._graph.resource(last.address)) is not None
        )

    def is_detached(self, attachment: Attachment) -> bool:
        """Whether this plan makes its target group, and no listener sends to it."""
        groups = [self._graph.resource_of(target) for target in attachment.groups.targets]
        made = groups and all(each.is_created for each in groups)
        return bool(made) and not self.loose and not any(self.senders_of(g.address) for g in groups)

    def load_balancers_of(self, service: Service) -> tuple[Resource, ...]:
        """The load balancers of the plan that send to a service."""
        found = {
            way.balancer.address: way.balancer
            for attachment in self.attachments_of(service)
            for way in self.ways_of(attachment)
        }
        return tuple(found[address] for address in sorted(found))
