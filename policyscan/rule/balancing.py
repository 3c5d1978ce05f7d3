"""Load balancing: service, target group, listener or rule, load balancer."""

from __future__ import annotations

from policyscan.graph import ResourceGraph
from policyscan.plan import Resource
from policyscan.rule.ecs import Service

TARGET_GROUPS = ("aws_lb_target_group", "aws_alb_target_group")
LISTENERS = ("aws_lb_listener", "aws_alb_listener")
LISTENER_RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
LOAD_BALANCERS = ("aws_lb", "aws_alb")


class Balancing:
    """Which load balancers send to a service."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._senders: dict[str, set[str]] = {}
        for listener in graph.of_type(*LISTENERS):
            balancers = self._ends(listener, "load_balancer_arn", LOAD_BALANCERS)
            for group in self._ends(listener, "default_action", TARGET_GROUPS):
                self._senders.setdefault(group, set()).update(balancers)
        for rule in graph.of_type(*LISTENER_RULES):
            for listener_address in self._ends(rule, "listener_arn", LISTENERS):
                holder = graph.resource(listener_address)
                if holder is None:
                    continue
                balancers = self._ends(holder, "load_balancer_arn", LOAD_BALANCERS)
                for group in self._ends(rule, "action", TARGET_GROUPS):
                    self._senders.setdefault(group, set()).update(balancers)

    def load_balancers_of(self, service: Service) -> tuple[Resource, ...]:
        """The load balancers of the plan that send to a service."""
        groups = self._ends(service.resource, "load_balancer", TARGET_GROUPS)
        addresses = {a for group in groups for a in self._senders.get(group, ())}
        found = (self._graph.resource(address) for address in sorted(addresses))
        return tuple(resource for resource in found if resource is not None)

    def _ends(self, resource: Resource, path: str, types: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(t.address for t in self._graph.resolve(resource, path, types).targets)
