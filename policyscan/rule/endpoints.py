"""VPC endpoints: what a task in a subnet without a way out can still reach."""

from __future__ import annotations

from policyscan.graph import ResourceGraph
from policyscan.plan import Known, Resource
from policyscan.rule.containers import Images, TaskImages
from policyscan.rule.ecs import Service
from policyscan.rule.image import ImageError, parse_image
from policyscan.rule.model import Verdict
from policyscan.rule.network import ENDPOINT, VPCS, Network
from policyscan.rule.placement import Opinion, PlacedSubnet

_PULL = ("ecr.api", "ecr.dkr", "s3")
"""What a pull from private ECR takes on platform version 1.4.0 and later."""


class Endpoints:
    """The VPC endpoints of a plan by VPC and AWS service."""

    def __init__(self, graph: ResourceGraph, network: Network, images: Images) -> None:
        self._graph = graph
        self._network = network
        self._images = images
        self._by_vpc: dict[str, dict[str, list[Resource]]] = {}
        self._loose: list[str] = []
        for endpoint in graph.of_type(ENDPOINT):
            if endpoint.is_deleted:
                continue
            name = endpoint.value("service_name")
            vpcs = graph.resolve(endpoint, "vpc_id", VPCS).targets
            if not isinstance(name, Known) or not vpcs:
                self._loose.append(endpoint.address)
                continue
            # com.amazonaws.<region>.<service>, where the service may hold dots of its own.
            service = ".".join(str(name).split(".")[3:])
            for vpc in vpcs:
                services = self._by_vpc.setdefault(vpc.address, {})
                services.setdefault(service, []).append(endpoint)

    def gaps(self, service: Service, subnet: PlacedSubnet) -> Opinion:
        """Whether endpoints give a task in an isolated subnet what it needs to start."""
        needs, why = self._needs(service)
        if why:
            return Opinion(Verdict.FAIL, why)
        vpcs = self._network.vpcs_of(subnet.resource)
        have = self._by_vpc.get(vpcs[0].address, {}) if vpcs else {}
        lacking = [need for need in needs if not self._serves(have.get(need, []), need, subnet)]
        if not lacking:
            return Opinion(Verdict.PASS, "out by VPC endpoints")
        if self._loose:
            why = f"which service {self._loose[0]} is for is known only after apply"
            return Opinion(Verdict.UNKNOWN, why)
        return Opinion(Verdict.FAIL, f"no VPC endpoint for {', '.join(lacking)}")

    def _serves(self, endpoints: list[Resource], need: str, subnet: PlacedSubnet) -> bool:
        """Whether one of the endpoints answers here: a gateway needs the subnet's route table."""
        for endpoint in endpoints:
            if need != "s3" or endpoint.value("vpc_endpoint_type") == Known("Interface"):
                return True
            tables = self._graph.resolve(endpoint, "route_table_ids", ["aws_route_table"]).targets
            if {table.address for table in tables} & set(subnet.egress.tables):
                return True
            if self._is_associated(endpoint, subnet):
                return True
        return False

    def _is_associated(self, endpoint: Resource, subnet: PlacedSubnet) -> bool:
        for join in self._graph.of_type("aws_vpc_endpoint_route_table_association"):
            ends = self._graph.resolve(join, "vpc_endpoint_id", [ENDPOINT]).targets
            tables = self._graph.resolve(join, "route_table_id", ["aws_route_table"]).targets
            if endpoint.address in {end.address for end in ends} and (
                {table.address for table in tables} & set(subnet.egress.tables)
            ):
                return True
        return False

    def _needs(self, service: Service) -> tuple[tuple[str, ...], str]:
        """The endpoints a service's tasks need; or why no endpoint can help."""
        needs: dict[str, None] = {}
        for target in service.task_definitions.targets:
            definition = self._graph.resource(target.address)
            if definition is None:
                continue
            images = self._images.of(definition)
            if why := _public_image(images):
                return (), why
            needs.update(dict.fromkeys(_PULL))
            if any(
                container.settings.get("logConfiguration", {}).get("logDriver") == "awslogs"
                for container in images.containers
            ):
                needs["logs"] = None
        return tuple(needs) or _PULL, ""


def _public_image(images: TaskImages) -> str:
    for container in images.containers:
        try:
            image = parse_image(container.image)
        except ImageError:
            continue
        if not image.is_private_ecr:
            return f"no VPC endpoint reaches {image.domain}, where {container.shown_image} lives"
    return ""
