"""What is paid for by itself, what uses it, and how it is put to use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from policyscan.graph import Edge, ResourceGraph
from policyscan.plan import Resource
from policyscan.rule.balancing import LISTENER_RULES, LISTENERS, LOAD_BALANCERS, TARGET_GROUPS
from policyscan.rule.ecs import SERVICE
from policyscan.rule.model import Step
from policyscan.rule.settings import in_module
from policyscan.rule.snippet import arguments, block, new, quoted

_NAT, _ADDRESS, _LOGS = "aws_nat_gateway", "aws_eip", "aws_cloudwatch_log_group"


class Use(Struct, frozen=True):
    """What uses a resource: by type the attribute that names it. `says` is how it goes without.

    `known_by` is its own attribute that users name. `has_others`: whatever else refers to it uses
    it too.
    """

    by: Mapping[str, str]
    says: str
    symptom: str = "it is on the bill by the hour"
    known_by: str = "arn"
    has_others: bool = False


_ROUTES = {"aws_route": "nat_gateway_id", "aws_route_table": "route"}
_LISTENS = dict.fromkeys(LISTENERS, "load_balancer_arn")
_SENDS = dict.fromkeys(LISTENERS, "default_action") | dict.fromkeys(LISTENER_RULES, "action")
_HOLDS = {_NAT: "allocation_id", "aws_eip_association": "allocation_id", "aws_lb": "subnet_mapping"}
_WRITES = {"aws_ecs_task_definition": "container_definitions"}
_BY_MONTH = "what it holds is on the bill by the month"
TARGETS = {
    SERVICE: "load_balancer",
    "aws_ecs_task_set": "load_balancer",
    "aws_autoscaling_attachment": "lb_target_group_arn",
    "aws_autoscaling_group": "target_group_arns",
    "aws_lb_target_group_attachment": "target_group_arn",
}
"""What brings a target group its targets."""
USES = {
    _NAT: Use(_ROUTES, "no route leads to it", known_by="id"),
    _ADDRESS: Use(_HOLDS, "nothing has this address", known_by="id", has_others=True),
    _LOGS: Use(_WRITES, "nothing in this plan writes to it", _BY_MONTH, "name", has_others=True),
    **dict.fromkeys(LOAD_BALANCERS, Use(_LISTENS, "it has no listener")),
    **dict.fromkeys(
        TARGET_GROUPS, Use(_SENDS, "no listener sends to it", "its targets get no request")
    ),
}
_USERS = tuple(sorted({kind for use in USES.values() for kind in (*use.by, *TARGETS)}))
"""The types that use something by what they are."""
_NO_USE = ("aws_cloudwatch_", "aws_iam_", "aws_route53_", "aws_wafv2_", "aws_security_group")
"""How types begin that speak about a resource, and do not use it."""


class Users:
    """What takes a value from what, and stands after this plan.

    Made of the users' own edges: who refers to a resource is a question to all of them at once.
    """

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._doubts: dict[frozenset[tuple[str, str]], tuple[tuple[Step, str], ...]] = {}

    def of(self, address: str, use: Use | None = None) -> Iterator[tuple[Edge, Resource]]:
        """What of the types that use anything names it; where a `use` has others, these too."""
        yield from self._named.get(address, ())
        if use is not None and use.has_others:
            yield from self._others.get(address, ())

    def doubts(self, by: Mapping[str, str]) -> tuple[tuple[Step, str], ...]:
        """What may use any resource as well, as it could not be followed, and why.

        `by` says by type the attribute that names what is used. Many ask by the same ones.
        """
        key = frozenset(by.items())
        if key not in self._doubts:
            self._doubts[key] = tuple(self._open(by))
        return self._doubts[key]

    def _open(self, by: Mapping[str, str]) -> Iterator[tuple[Step, str]]:
        for user in self._graph.of_type(*by):
            found = self._graph.resolve(user, by[user.type])
            if not user.is_deleted and found.is_open:
                why = "; ".join(found.unresolved) or self._graph.advice
                yield Step(user.address, by[user.type]), f"is known only after apply: {why}"

    @cached_property
    def _named(self) -> Mapping[str, list[tuple[Edge, Resource]]]:
        return self._from(self._graph.of_type(*_USERS))

    @cached_property
    def _others(self) -> Mapping[str, list[tuple[Edge, Resource]]]:
        return self._from(
            each
            for each in self._graph.plan.resources
            if each.type not in _USERS and not each.type.startswith(_NO_USE)
        )

    def _from(self, users: Iterable[Resource]) -> Mapping[str, list[tuple[Edge, Resource]]]:
        """By the address that is named, in the order of the users."""
        found: dict[str, list[tuple[Edge, Resource]]] = {}
        for user in users:
            if user.mode == "managed" and not user.is_deleted:
                for edge in self._graph.edges.values_of(user.address, USES):
                    found.setdefault(edge.target, []).append((edge, user))
        return found


def uses(use: Use, user: Resource) -> bool:
    """Whether what refers to a resource uses it."""
    return user.type in use.by or (use.has_others and not user.type.startswith(_NO_USE))


def put_to_use(resource: Resource) -> str:
    """What would use it."""
    here, name = in_module(resource.address), resource.name
    match resource.type:
        case "aws_nat_gateway":
            route = arguments(
                route_table_id="aws_route_table.PRIVATE.id",
                destination_cidr_block=quoted("0.0.0.0/0"),
                nat_gateway_id=f"{here}.id",
            )
            return new("aws_route", name, route)
        case "aws_eip":
            held = arguments(allocation_id=f"{here}.id", instance_id="aws_instance.INSTANCE.id")
            return new("aws_eip_association", name, held)
        case "aws_cloudwatch_log_group":
            options = f'options = {{ "awslogs-group" = {here}.name }}'
            logs = f'logConfiguration = {{ logDriver = "awslogs", {options} }}'
            containers = f"container_definitions = jsonencode([{{\n  {logs}\n}}])"
            return new("aws_ecs_task_definition", "TASK", containers)
        case kind if kind in LOAD_BALANCERS:
            return _listener(name, f"{here}.arn", "aws_lb_target_group.TARGETS.arn")
        case _:
            return _listener(name, "aws_lb.BALANCER.arn", f"{here}.arn")


def _listener(name: str, balancer: str, group: str) -> str:
    where = arguments(load_balancer_arn=balancer, port="PORT", protocol=quoted("PROTOCOL"))
    sends = arguments(type=quoted("forward"), target_group_arn=group)
    return new("aws_lb_listener", name, where, "", block("default_action", sends))


def with_targets(group: Resource) -> str:
    """What brings a target group its first target."""
    here = f"{in_module(group.address)}.arn"
    body = arguments(
        target_group_arn=here, container_name=quoted("CONTAINER"), container_port="PORT"
    )
    return new(SERVICE, "SERVICE", block("load_balancer", body))
