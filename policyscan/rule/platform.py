"""The planned platform as rules see it: the graph, and models of what is built in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from policyscan.graph import ResourceGraph
from policyscan.plan import Known, Plan, Resource, Unknown, number_of
from policyscan.rule.balancing import Balancing
from policyscan.rule.claims import Claims
from policyscan.rule.containers import Images
from policyscan.rule.documents import Documents
from policyscan.rule.ecs import TASK_DEFINITION, Service, read_services
from policyscan.rule.endpoint_policies import EndpointPolicies
from policyscan.rule.endpoints import Endpoints, Gap
from policyscan.rule.iam import Roles
from policyscan.rule.logs import Logs
from policyscan.rule.needs import Needs
from policyscan.rule.network import Network
from policyscan.rule.placement import PlacedSubnet, Placement, Placements
from policyscan.rule.pushers import Pushers
from policyscan.rule.ranges import Ranges
from policyscan.rule.reachability import Reachability
from policyscan.rule.regions import Regions, own_accounts
from policyscan.rule.runners import Runners
from policyscan.rule.scaling import Scaling
from policyscan.rule.secrets import Secrets
from policyscan.rule.security_groups import SecurityGroups
from policyscan.rule.task import Task, read_tasks
from policyscan.rule.uses import Users
from policyscan.rule.vpcs import Homes


class Platform:
    """Everything a rule may ask; each model is made once, when the first rule asks for it."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self._standing: dict[str, tuple[Resource, ...]] = {}

    @property
    def plan(self) -> Plan:
        """The plan the graph was made of."""
        return self.graph.plan

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The ECS services that stand after this plan."""
        return read_services(self.graph)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The task definitions that stand after this plan."""
        return read_tasks(self.graph, self.services)

    @cached_property
    def images(self) -> Images:
        """What containers run, and where it comes from."""
        return Images(self.graph)

    @cached_property
    def roles(self) -> Roles:
        """IAM roles, and what their policies allow."""
        return Roles(self.graph, self.documents)

    @cached_property
    def needs(self) -> Needs:
        """What a task calls before its containers start."""
        return Needs(self.graph, self.images, self.logs, self.secrets, self.documents)

    @cached_property
    def logs(self) -> Logs:
        """Where containers write their logs."""
        return Logs(self.graph, self.images)

    @cached_property
    def log_writers(self) -> Mapping[str, Resource]:
        """The first task definition that logs to a log group, by the group's address."""
        found: dict[str, Resource] = {}
        for definition in self.task_definitions:
            for logging in self.logs.of(definition) or ():
                if (group := self.logs.group(logging).resource) is not None:
                    found.setdefault(group.address, definition)
        return found

    @cached_property
    def secrets(self) -> Secrets:
        """Secrets, and what gives them a value."""
        return Secrets(self.graph, self.images)

    @cached_property
    def task_definitions(self) -> tuple[Resource, ...]:
        """The task definitions that stand after this plan."""
        found = self.graph.of_type(TASK_DEFINITION)
        return tuple(each for each in found if not each.is_deleted)

    @cached_property
    def pushers(self) -> Pushers:
        """What pushes images during the apply."""
        return Pushers(self.graph)

    @cached_property
    def homes(self) -> Homes:
        """The VPCs resources stand in."""
        return Homes(self.graph)

    @cached_property
    def network(self) -> Network:
        """Subnets and where their routes lead."""
        return Network(self.graph)

    @cached_property
    def claims(self) -> Claims:
        """Names that must be the only ones of their kind."""
        return Claims(self.graph)

    @cached_property
    def ranges(self) -> Ranges:
        """The IPv4 ranges of subnets and VPCs."""
        return Ranges(self.graph)

    @cached_property
    def endpoints(self) -> Endpoints:
        """VPC endpoints, and what they reach."""
        return Endpoints(self.graph, self.network, self.images)

    @cached_property
    def documents(self) -> Documents:
        """The statements of policies."""
        return Documents(self.graph)

    @cached_property
    def endpoint_policies(self) -> EndpointPolicies:
        """Whom VPC endpoints let through."""
        return EndpointPolicies(self.graph, self.documents)

    @cached_property
    def balancing(self) -> Balancing:
        """Which load balancers send to which services."""
        return Balancing(self.graph)

    @cached_property
    def security_groups(self) -> SecurityGroups:
        """Security groups with their rules."""
        return SecurityGroups(self.graph)

    @cached_property
    def reachability(self) -> Reachability:
        """Who may open a connection to whom."""
        return Reachability(self.graph, self.network, self.security_groups)

    @cached_property
    def scaling(self) -> Scaling:
        """Scalable targets and scaling policies by service."""
        return Scaling(self.graph)

    @cached_property
    def accounts(self) -> frozenset[str]:
        """The accounts the plan is made for, none where nothing tells."""
        return own_accounts(self.plan)

    @cached_property
    def users(self) -> Users:
        """What uses what is paid for by itself."""
        return Users(self.graph)

    @cached_property
    def regions(self) -> Regions:
        """The region of each resource."""
        return Regions(self.plan)

    def definition_of(self, service: Service) -> tuple[Resource | None, str]:
        """The task definition of this plan that a service runs, else None and why."""
        targets = service.task_definitions.targets
        if len(targets) > 1 or not all(target.is_sure for target in targets):
            names = ", ".join(target.address for target in targets)
            return None, f"which of {names} it runs is not in the plan; {self.graph.advice}"
        for target in targets:
            if (definition := self.graph.resource_of(target)).mode == "managed":
                return definition, ""
        return None, "; ".join(service.task_definitions.unresolved) or "it is not in this plan"

    @cached_property
    def runners(self) -> Runners:
        """Services by what they run, what they stand behind and where they pull from."""
        return Runners(self.services, self.graph, self.images, self.balancing)

    def runs(self, definition: Resource) -> bool:
        """Whether a service may run a task definition."""
        return bool(self.services_of(definition))

    def services_of(self, definition: Resource) -> tuple[Service, ...]:
        """The services that run a task definition."""
        return self.runners.of(definition)

    @cached_property
    def placements(self) -> Placements:
        """Which subnets the tasks of services run in."""
        return Placements(self.services, self.graph, self.network)

    def placement(self, service: Service) -> Placement:
        """The subnets a service's tasks run in, and where each leads."""
        return self.placements.of(service)

    def endpoint_gaps(self, service: Service, subnet: PlacedSubnet) -> Gap:
        """What a task in a subnet without a way out lacks."""
        return self.endpoints.gaps(service, subnet)

    def standing(self, prefix: str = "") -> tuple[Resource, ...]:
        """The managed resources that stand after this plan, of types that begin with `prefix`."""
        if prefix not in self._standing:
            self._standing[prefix] = tuple(
                each
                for each in self.plan.resources
                if each.mode == "managed" and each.type.startswith(prefix) and not each.is_deleted
            )
        return self._standing[prefix]

    def hides_references(self, resource: Resource) -> str:
        """What of a resource's block leads where nobody can follow, "" when all is in sight."""
        names = resource.config.expressions() if resource.config else ()
        found = (self.graph.resolve(resource, name).unresolved for name, _ in names)
        return next((why[0] for why in found if why), "")

    def ignores_changes(self, resource: Resource, attribute: str) -> bool | None:
        """Whether `lifecycle.ignore_changes` covers an attribute; None without source."""
        block = self.graph.written.block(resource.module_path, resource.config_address)
        if block is None:
            return None
        ignored = block.attributes.get("lifecycle[0].ignore_changes")
        if ignored is None:
            return False
        return attribute in ignored.text or ignored.text.strip() == "all"

    def prevents_destroy(self, resource: Resource) -> bool | None:
        """Whether `lifecycle.prevent_destroy` is on; None without source."""
        block = self.graph.written.block(resource.module_path, resource.config_address)
        if block is None:
            return None
        if not block.mentions("prevent_destroy"):
            return False
        written = block.attributes.get("lifecycle[0].prevent_destroy")
        return written is not None and written.literal is True

    def starts_nothing(self, service: Service) -> bool:
        """Whether a service asks for no task: desired_count 0 and nothing that lifts it."""
        if service.is_daemon:
            return False
        match service.resource.value("desired_count"):
            case Unknown():
                return False
            case Known() as known if number_of(known) != 0:
                return False
            case _:
                return not any(
                    self._lifts(target.resource) for target in self.scaling.targets_of(service)
                )

    def _lifts(self, target: Resource) -> bool:
        match target.value("min_capacity"):
            case Known() as known:
                return number_of(known) != 0
            case _:
                return True
