"""Security groups: the rules each one holds after this plan, inline and standalone."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from policyscan.graph import Resolution, ResourceGraph, Target
from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown, Value
from policyscan.rule.blocks import resolve_member
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty, weakest
from policyscan.rule.network import VPCS
from policyscan.rule.snippet import reference

GROUPS = ("aws_security_group", "aws_default_security_group")
RULE = "aws_security_group_rule"
_RULES = {
    "aws_vpc_security_group_ingress_rule": "ingress",
    "aws_vpc_security_group_egress_rule": "egress",
}
DEFAULT_OF_VPC = "default_security_group_id"
EVERYWHERE = "0.0.0.0/0"
EVERYWHERE_V6 = "::/0"


class Direction(StrEnum):
    """Which way a connection is opened."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Entry(Struct, frozen=True):
    """One rule of a security group: a protocol, ports, and who is at the other end.

    `path` leads to it inside the resource it is written in, "" for a resource of its own.
    `groups` are security groups by `key_of`, `may_be` those of which it names some, nobody can
    say which. `doubts` say what else may be at the other end.
    """

    holder: Resource
    path: str
    protocol: Value
    first: Value
    last: Value
    groups: tuple[str, ...] = ()
    may_be: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    cidrs: tuple[str, ...] = ()
    is_self: bool = False
    doubts: tuple[str, ...] = ()
    prefix_lists: tuple[Value, ...] = ()
    certainty: Certainty = Certainty.PROVEN

    @property
    def _named(self) -> str:
        return str(self.protocol.value) if isinstance(self.protocol, Known) else ""

    @property
    def shown(self) -> str:
        """What it lets through, as in `tcp 8080-8081`."""
        if self._named in _ALL:
            return "everything"
        if self.first == self.last or isinstance(self.last, Absent):
            return f"{_text(self.protocol)} {_text(self.first)}"
        return f"{_text(self.protocol)} {_text(self.first)}-{_text(self.last)}"

    def covers(self, protocol: str, port: int) -> bool | None:
        """Whether it is about a port; None when only apply will tell."""
        if isinstance(self.protocol, Unknown):
            return None
        if self._named in _ALL:
            return True
        if self._named not in {protocol, _NUMBERS[protocol]}:
            return False
        match self.first, self.last:
            case Known(value=-1), _:
                return True
            case Known(first), Known(last):
                return bool(int(first) <= port <= int(last))
            case Known(first), Unknown():
                return None if int(first) <= port else False
            case Unknown(), Known(last):
                return None if port <= int(last) else False
            case (Absent(), _) | (_, Absent()):
                return False
        return None


_ALL = {"-1", "all"}
_NUMBERS = {"tcp": "6", "udp": "17"}


class Group(Struct, frozen=True):
    """A security group with its rules by direction.

    `key` is its address, or the address of the VPC whose default group it is. `doubts` say by
    direction what keeps the list of rules from being complete; of what is true of every group only
    the first. `inline` are the directions whose rules its own block gives, other than what a
    standing group's state lists. `is_mixed`: by direction, whether inline and standalone rules meet
    on it, which overwrite each other.
    """

    key: str
    resource: Resource
    entries: dict[Direction, list[Entry]] = field(
        default_factory=lambda: {each: [] for each in Direction}
    )
    doubts: dict[Direction, list[str]] = field(
        default_factory=lambda: {each: [] for each in Direction}
    )
    inline: frozenset[Direction] = frozenset()
    is_mixed: dict[Direction, bool] = field(default_factory=lambda: dict.fromkeys(Direction, False))

    @property
    def may_hide_rules(self) -> bool:
        """Whether a `dynamic` block may make rules that the plan alone cannot tell from none."""
        marks = self.resource.after_unknown
        return isinstance(marks, dict) and any(
            marks.get(each) is True and each not in self.inline for each in Direction
        )

    def reference(self, beside: Resource) -> str:
        """Its id as HCL names it in the block of another resource."""
        attribute = "id" if self.resource.type in GROUPS else DEFAULT_OF_VPC
        return reference(self.resource, attribute, beside)

    @property
    def shown(self) -> str:
        """What a message calls it."""
        if self.resource.type in GROUPS:
            return self.key
        return f"the default security group of {self.key}"


class SecurityGroups:
    """Every security group of a plan; those looked up or made by AWS are kept with a doubt."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._defaults = {
            target.address: group.address
            for group in graph.of_type("aws_default_security_group")
            if not group.is_deleted
            for target in graph.resolve(group, "vpc_id", VPCS).targets
        }
        self._groups: dict[str, Group] = {}
        self._strays: set[Direction] = set()
        for resource in (*graph.of_type(*GROUPS), *graph.data_of_type("aws_security_group")):
            if not resource.is_deleted:
                self._groups[resource.address] = self._read(resource)
        for vpc in (*graph.of_type(*VPCS), *graph.data_of_type("aws_vpc")):
            if not vpc.is_deleted and vpc.address not in self._defaults:
                self._groups[vpc.address] = _default_of(vpc)
        for resource in graph.of_type(RULE, *_RULES):
            self._add(resource)

    def get(self, key: str) -> Group | None:
        """A group by its key."""
        return self._groups.get(key)

    def default_of(self, vpc: str) -> Group | None:
        """The group that takes what names none in a VPC."""
        return self._groups.get(self._defaults.get(vpc, vpc))

    def key_of(self, target: Target) -> str:
        """The key of the group an edge leads to, "" when it leads to something else of a VPC."""
        end = self._graph.resource(target.address)
        if end is None or end.type not in VPCS:
            return target.address
        if target.attribute not in {DEFAULT_OF_VPC, ""}:
            return ""
        return self._defaults.get(target.address, target.address)

    def _read(self, resource: Resource) -> Group:
        inline = frozenset(each for each in Direction if self._is_inline(resource, each))
        group = Group(resource.address, resource, inline=inline)
        for direction in Direction:
            if resource.mode == "data":
                group.doubts[direction].append(
                    f"the rules of {resource.address} are not in this plan: look it up"
                )
                continue
            members = resource.elements(direction)
            is_open = bool(members) and isinstance(members[0], Unknown)
            if not resource.count_of(direction) and (is_open or self._is_made(resource, direction)):
                group.doubts[direction].append(
                    f"{resource.address}.{direction} is known only after apply: write it down"
                )
                continue
            group.entries[direction].extend(
                self._inline(resource, f"{direction}[{index}].") for index in range(len(members))
            )
        return group

    def _is_inline(self, resource: Resource, direction: Direction) -> bool:
        body = resource.config.body if resource.config else None
        block = self._graph.written.block(resource.module_path, resource.config_address)
        return (body is not None and direction in {*body.arguments, *body.blocks}) or (
            block is not None and bool(block.dynamic.get(direction))
        )

    def _is_made(self, resource: Resource, direction: Direction) -> bool:
        """Whether rules come of a `dynamic` block that only apply unfolds: a plan shows none."""
        block = self._graph.written.block(resource.module_path, resource.config_address)
        marks = resource.after_unknown
        is_open = isinstance(marks, dict) and marks.get(direction) is True
        return block is not None and is_open and bool(block.dynamic.get(direction))

    def _inline(self, resource: Resource, path: str) -> Entry:
        found = resolve_member(self._graph, resource, f"{path}security_groups", (*GROUPS, *VPCS))
        entry = Entry(
            resource,
            path,
            _protocol(resource.value(f"{path}protocol")),
            resource.value(f"{path}from_port"),
            resource.value(f"{path}to_port"),
            is_self=resource.value(f"{path}self") == Known(value=True),
            prefix_lists=resource.elements(f"{path}prefix_list_ids"),
        )
        return self._with_ends(entry, found, ("cidr_blocks", "ipv6_cidr_blocks"))

    def _standalone(self, rule: Resource) -> Entry:
        is_old = rule.type == RULE
        peer = "source_security_group_id" if is_old else "referenced_security_group_id"
        found = self._graph.resolve(rule, peer, (*GROUPS, *VPCS))
        lists = rule.elements("prefix_list_ids") if is_old else (rule.value("prefix_list_id"),)
        entry = Entry(
            rule,
            "",
            _protocol(rule.value("protocol" if is_old else "ip_protocol")),
            rule.value("from_port"),
            rule.value("to_port"),
            is_self=is_old and rule.value("self") == Known(value=True),
            prefix_lists=tuple(each for each in lists if not isinstance(each, Absent)),
        )
        names = ("cidr_blocks", "ipv6_cidr_blocks") if is_old else ("cidr_ipv4", "cidr_ipv6")
        return self._with_ends(entry, found, names)

    def _with_ends(self, entry: Entry, found: Resolution, cidrs: tuple[str, ...]) -> Entry:
        """An entry with who is at its other end."""
        keys = [(key, target) for target in found.targets if (key := self.key_of(target))]
        sure = [pair for pair in keys if pair[1].is_sure]
        where = f"{entry.holder.address}.{entry.path}"
        doubts = []
        if found.is_open or (isinstance(found.value, Unknown) and not keys):
            doubts.append(
                f"who {where.rstrip('.')} is for could not be followed; {self._graph.advice}"
            )
        known = []
        for name in cidrs:
            for value in _members(entry.holder, f"{entry.path}{name}"):
                if isinstance(value, Known):
                    known.append(str(value.value))
                elif isinstance(value, Unknown):
                    doubts.append(f"{where}{name} is known only after apply: write it down")
        if entry.prefix_lists:
            doubts.append(
                f"what the prefix list of {where.rstrip('.')} holds is not in a plan: look it up"
            )
        return replace(
            entry,
            groups=tuple(dict.fromkeys(key for key, _ in sure)),
            may_be=tuple(dict.fromkeys(key for key, target in keys if (key, target) not in sure)),
            ids=tuple(str(each.value) for each in found.external),
            cidrs=tuple(known),
            doubts=tuple(doubts),
            certainty=certainty_of(*(target for _, target in sure)),
        )

    def _add(self, rule: Resource) -> None:
        """Give a standalone rule to the groups it is for."""
        owners = self._graph.resolve(rule, "security_group_id", (*GROUPS, *VPCS))
        keys = [(key, target) for target in owners.targets if (key := self.key_of(target))]
        entry = self._standalone(rule)
        for direction in _directions(rule):
            if not keys and owners.is_open and direction not in self._strays:
                # It may belong to any group. Of another one that may, there is no more to tell.
                self._strays.add(direction)
                for group in self._groups.values():
                    group.doubts[direction].append(_stray(rule))
            for key, target in keys:
                if (owner := self._groups.get(key)) is not None:
                    _give(owner, direction, entry, target)


def _give(group: Group, direction: Direction, entry: Entry, target: Target) -> None:
    rule = entry.holder
    if rule.is_deleted:
        _forget(group, direction, rule)
    elif not target.is_sure or len(_directions(rule)) > 1:
        group.doubts[direction].append(_stray(rule))
    else:
        group.is_mixed[direction] |= direction in group.inline
        certainty = weakest(entry.certainty, certainty_of(target))
        group.entries[direction].append(replace(entry, certainty=certainty))


def _stray(rule: Resource) -> str:
    return f"{rule.address} may belong to it: name its group by reference"


def _directions(rule: Resource) -> tuple[Direction, ...]:
    if rule.type in _RULES:
        return (Direction(_RULES[rule.type]),)
    kind = rule.value("type")
    return tuple(each for each in Direction if not isinstance(kind, Known) or each == kind.value)


def _forget(group: Group, direction: Direction, rule: Resource) -> None:
    """A standing group's state still lists a rule that this plan deletes."""
    if direction not in group.inline and group.entries[direction]:
        group.entries[direction].clear()
        group.doubts[direction].append(f"this plan deletes {rule.address}, one of its rules")


def _default_of(vpc: Resource) -> Group:
    """The group AWS makes with a VPC: in from itself, out to everywhere."""
    group = Group(vpc.address, vpc)
    if vpc.mode == "data" or not vpc.is_created or vpc.type == "aws_default_vpc":
        for direction in Direction:
            shown = f"the default security group of {vpc.address}"
            why = f"the rules of {shown} are not in this plan: look it up"
            group.doubts[direction].append(why)
        return group
    every = Entry(vpc, f"{DEFAULT_OF_VPC}.", Known("-1"), ABSENT, ABSENT)
    group.entries[Direction.INGRESS].append(replace(every, is_self=True))
    group.entries[Direction.EGRESS].append(replace(every, cidrs=(EVERYWHERE,)))
    return group


def _members(holder: Resource, path: str) -> Iterator[Value]:
    """The members of a list, or the one value that stands in its place."""
    match holder.value(path):
        case Known(list()):
            yield from holder.elements(path)
        case Unknown() as value:
            yield from holder.elements(path) or (value,)
        case Known() as value:
            yield value


def _protocol(value: Value) -> Value:
    if not isinstance(value, Known):
        return value
    return Known(str(value.value).lower(), value.is_sensitive)


def _text(value: Value) -> str:
    return str(value) if isinstance(value, Known) else "(known after apply)"
