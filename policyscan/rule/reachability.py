"""Who may open a connection to whom, by the security groups on both sides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph import ResourceGraph
from policyscan.plan import Known, Resource, Unknown
from policyscan.rule.blocks import written_ids
from policyscan.rule.cidrs import cover, is_whole, read_network
from policyscan.rule.ecs import SUBNETS, certainty_of
from policyscan.rule.model import Certainty, Step
from policyscan.rule.network import VPCS, Network
from policyscan.rule.security_groups import (
    EVERYWHERE,
    GROUPS,
    Direction,
    Entry,
    Group,
    SecurityGroups,
)

_OF_TASKS = "network_configuration[0]"
_GROUP_ID = re.compile(r"sg-[0-9a-f]{8,17}")


class Reach(StrEnum):
    """Whether a connection gets through."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


class Passage(Struct, frozen=True):
    """Whether a connection gets through, the rule that lets it, and why it is not known."""

    reach: Reach
    entry: Entry | None = None
    why: str = ""


class Port(Struct, frozen=True):
    """A port of one protocol, `tcp` or `udp`."""

    number: int
    protocol: str = "tcp"

    def __str__(self) -> str:
        return f"{self.protocol} {self.number}"


class End(Struct, frozen=True):
    """One end of a connection: the security groups on it and the IPv4 networks it lives in.

    `ids` are groups that are not in the plan. `missing` says what keeps the groups from being
    complete, `unplaced` what keeps the networks from it, and `choice` that some of the networks
    may be used and others not. `attribute` is where the groups are named.
    """

    address: str
    attribute: str
    groups: tuple[Group, ...]
    ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    networks: tuple[IPv4Network, ...] = ()
    unplaced: tuple[str, ...] = ()
    choice: str = ""
    certainty: Certainty = Certainty.PROVEN

    @property
    def shown(self) -> str:
        """Its groups as a message may say them."""
        names = (each.shown for each in self.groups)
        return " and ".join((*names, *self.ids)) or "no security group"

    @property
    def steps(self) -> tuple[Step, ...]:
        """Evidence: where the groups are named, and the groups."""
        named = f"names {' and '.join(self.ids)}" if self.ids else "names no security group"
        note = "" if self.groups or (self.missing and not self.ids) else named
        return (
            Step(self.address, self.attribute, note),
            *(Step(each.resource.address) for each in self.groups),
        )


class Reachability:
    """Answers from the security groups of a plan."""

    def __init__(self, graph: ResourceGraph, network: Network, groups: SecurityGroups) -> None:
        self._graph = graph
        self._network = network
        self._groups = groups
        self._ends: dict[tuple[str, str, tuple[str, ...], bool], End] = {}

    def end(self, resource: Resource, groups: str, *subnets: str, has_default: bool = True) -> End:
        """The end a resource is, by the attributes that name its groups and its subnets.

        `has_default`: whether it gets its VPC's default group when it names none.
        """
        key = resource.address, groups, subnets, has_default
        if key not in self._ends:
            self._ends[key] = self._end(resource, groups, subnets, has_default=has_default)
        return self._ends[key]

    def _end(
        self, resource: Resource, groups: str, subnets: tuple[str, ...], *, has_default: bool
    ) -> End:
        placed = self._placed(resource, subnets)
        named = self._graph.resolve(resource, groups, (*GROUPS, *VPCS))
        keys = [(each, key) for each in named.targets if (key := self._groups.key_of(each))]
        sure = [pair for pair in keys if pair[0].is_sure]
        doubts = list(named.unresolved) if named.is_open else []
        if isinstance(named.value, Unknown) and not (keys or named.external or doubts):
            doubts.append(f"{resource.address}.{groups} is known only after apply: write it down")
        if len(sure) < len(keys):
            names = ", ".join(target.address for target, _ in keys if not target.is_sure)
            doubts.append(f"which of {names} it has is not in the plan; {self._graph.advice}")
        constants = written_ids(self._graph, resource, groups, _GROUP_ID)
        ids = tuple(map(str, (*named.external, *constants)))
        doubts += [f"the rules of {each} are not in this plan: look it up" for each in ids]
        if not keys and not doubts and has_default:
            return self._defaulted(placed, groups)
        found = tuple(group for _, key in sure if (group := self._groups.get(key)) is not None)
        is_told = self._graph.written.is_at_hand or not any(each.may_hide_rules for each in found)
        certainty = certainty_of(*(target for target, _ in sure))
        return replace(
            placed,
            attribute=groups,
            groups=found,
            ids=ids,
            missing=tuple(doubts),
            certainty=certainty if is_told else Certainty.INFERRED,
        )

    def tasks(self, service: Resource) -> End:
        """The tasks of an ECS service."""
        return self.end(service, f"{_OF_TASKS}.security_groups", f"{_OF_TASKS}.subnets")

    def _defaulted(self, end: End, attribute: str) -> End:
        """An end that names no group: it gets the default one of its VPC."""
        subnets = [self._graph.resource(address) for address in end.subnets]
        vpcs = {t.address for each in subnets if each for t in self._network.vpcs_of(each)}
        group = self._groups.default_of(vpcs.pop()) if len(vpcs) == 1 else None
        why = f"the VPC of {end.address}, whose default group it gets, is not in this plan"
        return replace(
            end,
            attribute=attribute,
            groups=(group,) if group else (),
            missing=() if group else (f"{why}: look it up",),
        )

    def _placed(self, resource: Resource, paths: tuple[str, ...]) -> End:
        """An end as far as its subnets tell."""
        found: dict[str, Resource] = {}
        unplaced: list[str] = []
        choice = ""
        for path in paths:
            named = self._graph.resolve(resource, path, SUBNETS)
            unplaced += [
                f"subnet {each} is not in this plan: look it up" for each in named.external
            ]
            unplaced += named.unresolved if named.is_open else ()
            for target in named.targets:
                subnet = self._graph.resource(target.address)
                if subnet is not None:
                    found[subnet.address] = subnet
                if not target.is_sure:
                    choice = f"which subnets {resource.address} uses is not in the plan"
        networks, unknown = _networks(list(found.values()))
        if not found and not unplaced:
            unplaced.append(f"the subnets of {resource.address} are not in this plan: look it up")
        return End(
            resource.address,
            "",
            (),
            subnets=tuple(found),
            networks=networks,
            unplaced=(*unplaced, *unknown),
            choice=choice,
        )

    def between(self, near: End, direction: Direction, far: End, port: Port) -> Passage:
        """Whether the groups of one end let a port through from or to the other end."""
        doubts = list(near.missing)
        cidrs: list[tuple[str, Entry]] = []
        keys = {group.key for group in far.groups}
        for group, entry, covers in _about(near, direction, port):
            meets = bool(keys & {*entry.groups, *((group.key,) if entry.is_self else ())})
            meets |= bool(set(entry.ids) & set(far.ids))
            if meets and covers:
                return Passage(Reach.YES, entry)
            if meets or keys & set(entry.may_be):
                doubts.append(f"{_name(entry)} is told only after apply: write it down")
            if far.missing and (entry.groups or entry.ids or entry.is_self):
                doubts += far.missing
            doubts += entry.doubts
            if covers:
                cidrs += [(cidr, entry) for cidr in entry.cidrs]
            elif entry.cidrs:
                doubts.append(
                    f"the ports of {_name(entry)} are known only after apply: write them down"
                )
        if far.networks and not far.unplaced and cover([c for c, _ in cidrs], far.networks):
            first = next((e for c, e in cidrs if cover([c], far.networks[:1])), cidrs[0][1])
            return Passage(Reach.YES, first)
        if found := _open(cidrs):
            return Passage(Reach.YES, found)
        if cidrs:
            doubts += (*far.unplaced, *((far.choice,) if far.choice else ()))
        doubts += [why for group in near.groups for why in group.doubts[direction]]
        return Passage(Reach.MAYBE, why=doubts[0]) if doubts else Passage(Reach.NO)

    def from_anywhere(self, near: End, direction: Direction, port: Port) -> Passage:
        """Whether a port is open from or to every IPv4 address."""
        doubts = list(near.missing)
        cidrs: list[tuple[str, Entry]] = []
        for _, entry, covers in _about(near, direction, port):
            if covers:
                cidrs += [(cidr, entry) for cidr in entry.cidrs]
                doubts += entry.doubts
            elif entry.cidrs or entry.doubts:
                doubts.append(
                    f"the ports of {_name(entry)} are known only after apply: write them down"
                )
        if found := _open(cidrs):
            return Passage(Reach.YES, found)
        doubts += [why for group in near.groups for why in group.doubts[direction]]
        return Passage(Reach.MAYBE, why=doubts[0]) if doubts else Passage(Reach.NO)

    def entries(self, near: End, direction: Direction) -> Iterator[Entry]:
        """Every rule of the groups on one end."""
        for group in near.groups:
            yield from group.entries[direction]

    def about(self, near: End, direction: Direction, port: Port) -> tuple[Entry, ...]:
        """The rules that are, or may be, about a port, whoever is at their other end."""
        return tuple(entry for _, entry, _ in _about(near, direction, port))


def is_open(entry: Entry) -> bool:
    """Whether a rule names every address there is, of IPv4 or of IPv6."""
    return is_whole(IPv4Network, entry.cidrs) or is_whole(IPv6Network, entry.cidrs)


def _about(
    near: End, direction: Direction, port: Port
) -> Iterator[tuple[Group, Entry, bool | None]]:
    for group in near.groups:
        for entry in group.entries[direction]:
            covers = entry.covers(port.protocol, port.number)
            if covers is not False:
                yield group, entry, covers


def _open(cidrs: list[tuple[str, Entry]]) -> Entry | None:
    """The first of the rules that together name every IPv4 address."""
    if not is_whole(IPv4Network, [cidr for cidr, _ in cidrs]):
        return None
    return next((entry for cidr, entry in cidrs if cidr == EVERYWHERE), cidrs[0][1])


def _networks(subnets: list[Resource]) -> tuple[tuple[IPv4Network, ...], tuple[str, ...]]:
    """The IPv4 blocks of subnets, and what keeps them from being known."""
    found, unplaced = [], []
    for subnet in subnets:
        block = subnet.value("cidr_block")
        network = read_network(str(block.value)) if isinstance(block, Known) else None
        if isinstance(network, IPv4Network):
            found.append(network)
        else:
            unplaced.append(f"{subnet.address}.cidr_block is known only after apply: write it down")
    return tuple(found), tuple(unplaced)


def _name(entry: Entry) -> str:
    return ".".join(filter(None, (entry.holder.address, entry.path.rstrip("."))))
