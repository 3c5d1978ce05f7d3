"""ECS services and the task definitions they run."""

from __future__ import annotations

from msgspec import Struct

from policyscan.graph import Confidence, Resolution, ResourceGraph, Target
from policyscan.plan import Known, Resource, Unknown
from policyscan.rule.defaults import effective
from policyscan.rule.model import Certainty, Step

SERVICE = "aws_ecs_service"
TASK_DEFINITION = "aws_ecs_task_definition"
CLUSTER = "aws_ecs_cluster"
GIVEN = {"aws_ecs_cluster_capacity_providers": "cluster_name"}
"""What gives a cluster its capacity providers, and the attribute that names the cluster."""
SUBNETS = ("aws_subnet", "aws_default_subnet")


class Service(Struct, frozen=True):
    """A service that exists after this plan, and what it is joined to."""

    resource: Resource
    task_definitions: Resolution
    clusters: Resolution
    subnets: Resolution

    @property
    def address(self) -> str:
        """The address of the aws_ecs_service."""
        return self.resource.address

    @property
    def is_daemon(self) -> bool:
        """Whether it runs one task on each instance instead of a count."""
        return self.resource.value("scheduling_strategy") == Known("DAEMON")

    @property
    def controller(self) -> str:
        """`ECS`, `CODE_DEPLOY` or `EXTERNAL`."""
        match self.resource.value("deployment_controller[0].type"):
            case Known(value):
                return str(value)
            case _:
                return "ECS"


def read_services(graph: ResourceGraph) -> tuple[Service, ...]:
    """Every service that this plan leaves standing."""
    return tuple(
        Service(
            resource,
            graph.resolve(resource, "task_definition", [TASK_DEFINITION]),
            graph.resolve(resource, "cluster", [CLUSTER]),
            graph.resolve(resource, "network_configuration[0].subnets", SUBNETS),
        )
        for resource in graph.of_type(SERVICE)
        if not resource.is_deleted
    )


def is_fargate(service: Service, graph: ResourceGraph) -> bool | None:
    """Whether the service runs on Fargate; None when the plan does not tell.

    Without launch type and strategy the cluster's default strategy decides; without one of
    those, AWS takes EC2.
    """
    launch_type = service.resource.value("launch_type")
    match launch_type:
        case Known(value) if str(value) == "FARGATE":
            return True
        case Known() if service.resource.expressions("launch_type"):
            return False
        case Unknown():
            return None
        case _:
            # What AWS filled in where nothing was written says less than a strategy.
            pass
    own = service.resource.elements("capacity_provider_strategy")
    if own:
        return _all_fargate(service.resource, "capacity_provider_strategy")
    if service.task_definitions.targets and all(
        _requires_fargate(graph.resource(target.address))
        for target in service.task_definitions.targets
    ):
        return True
    clusters = [target.address for target in service.clusters.targets]
    for providers, _ in graph.joins(GIVEN, [CLUSTER]).to(*clusters):
        return _all_fargate(providers, "default_capacity_provider_strategy")
    return False if clusters or isinstance(launch_type, Known) else None


def network_mode(service: Service, graph: ResourceGraph) -> str:
    """The network mode of a service's tasks, "" when the plan does not tell.

    ECS takes a network configuration for awsvpc alone, and Fargate knows nothing else.
    """
    if service.resource.elements("network_configuration") or is_fargate(service, graph):
        return "awsvpc"
    modes = set()
    for target in service.task_definitions.targets:
        definition = graph.resource(target.address)
        match effective(definition, "network_mode") if definition else Unknown():
            case Known(mode):
                modes.add(str(mode))
            case _:
                return ""
    return modes.pop() if len(modes) == 1 and modes <= {"awsvpc", "bridge", "host"} else ""


def _requires_fargate(resource: Resource | None) -> bool:
    if resource is None:
        return False
    return any(each == Known("FARGATE") for each in resource.elements("requires_compatibilities"))


def _all_fargate(resource: Resource, path: str) -> bool | None:
    names = [
        resource.value(f"{path}[{index}].capacity_provider")
        for index in range(len(resource.elements(path)))
    ]
    if any(not isinstance(name, Known) for name in names):
        return None
    return bool(names) and all(str(name).startswith("FARGATE") for name in names)


def certainty_of(*targets: Target) -> Certainty:
    """Proven when every edge on the way is exact."""
    exact = all(target.confidence is Confidence.EXACT for target in targets)
    return Certainty.PROVEN if exact else Certainty.INFERRED


def steps_to(start: Resource, attribute: str, target: Target, note: str = "") -> tuple[Step, ...]:
    """Evidence from an attribute of one instance to an attribute of another."""
    through = f"through {' and '.join(target.via)}" if target.via else ""
    return (
        Step(start.address, attribute, through),
        Step(target.address, target.attribute, note),
    )
