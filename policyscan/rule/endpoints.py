"""VPC endpoints: what a task in a subnet without a way out can still reach."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from policyscan.graph import Joins, ResourceGraph
from policyscan.plan import Absent, Known, Resource, Template, Value
from policyscan.rule.containers import DEFINITIONS, Images, TaskImages
from policyscan.rule.ecs import SUBNETS, Service
from policyscan.rule.image import ImageError, parse_image
from policyscan.rule.model import Verdict
from policyscan.rule.network import ENDPOINT, VPCS, Network
from policyscan.rule.placement import PlacedSubnet
from policyscan.rule.routes import TABLE_HOLDERS, Exit

_ARN_OF = {
    "aws_secretsmanager_secret": ":secretsmanager:",
    "aws_secretsmanager_secret_version": ":secretsmanager:",
    "aws_ssm_parameter": ":ssm:",
}
"""What an ARN of a type holds, for secrets whose ARN is known only after apply."""
_JOINS = {
    "subnet_ids": "aws_vpc_endpoint_subnet_association",
    "security_group_ids": "aws_vpc_endpoint_security_group_association",
    "route_table_ids": "aws_vpc_endpoint_route_table_association",
}
"""What joins an endpoint to something in a resource of its own, by the argument that does so."""
_NAME = re.compile(r"(?:cn\.)?com\.amazonaws\.([a-z]+(?:-[a-z]+)+-\d+)\.(.+)")
_PULL = ("ecr.api", "ecr.dkr", "s3")
"""What a pull from private ECR takes on platform version 1.4.0 and later."""


class ServiceName(NamedTuple):
    """The name of an AWS service for endpoints, as in `com.amazonaws.us-east-1.ecr.api`."""

    region: str
    service: str


def service_name(endpoint: Resource) -> ServiceName | None:
    """The AWS service of an endpoint, None for one of somebody's own."""
    found = _NAME.fullmatch(str(endpoint.value("service_name")))
    return ServiceName(found[1], found[2]) if found else None


class Gap(Struct, frozen=True):
    """Whether endpoints are enough for a task; `services` are the AWS services that lack one."""

    verdict: Verdict
    message: str
    services: tuple[str, ...] = ()


class Endpoints:
    """The VPC endpoints of a plan by VPC and AWS service."""

    def __init__(self, graph: ResourceGraph, network: Network, images: Images) -> None:
        self._graph = graph
        self._network = network
        self._images = images
        self._by_vpc: dict[str, dict[str, list[Resource]]] = {}
        self._loose: list[Resource] = []
        self._needed: dict[str, tuple[str, ...]] = {}
        for endpoint in graph.of_type(ENDPOINT):
            if endpoint.is_deleted:
                continue
            name = endpoint.value("service_name")
            vpcs = graph.resolve(endpoint, "vpc_id", VPCS).targets
            if not isinstance(name, Known) or not vpcs:
                self._loose.append(endpoint)
                continue
            if named := service_name(endpoint):
                for vpc in vpcs:
                    services = self._by_vpc.setdefault(vpc.address, {})
                    services.setdefault(named.service, []).append(endpoint)

    def gaps(self, service: Service, subnet: PlacedSubnet) -> Gap:
        """Whether endpoints give a task in an isolated subnet what it needs to start."""
        tasks = self._tasks(service)
        if why := next(filter(None, map(_public_image, tasks)), ""):
            return Gap(Verdict.FAIL, why)
        needs = self._needs(service)
        vpc = self._network.managed_vpc(subnet.resource)
        have = self._by_vpc.get(vpc, {})
        lacking = [need for need in needs if not self._serves(have.get(need, []), need, subnet)]
        if lacking and not vpc:
            why = f"the VPC of {subnet.resource.address} is not in this plan, nor its endpoints"
            why = f"{why}: look it up"
            return Gap(Verdict.UNKNOWN, why)
        if lacking and self._loose:
            return Gap(
                Verdict.UNKNOWN,
                f"{self._loose[0].address} could not be followed; {self._graph.advice}",
            )
        if lacking:
            return Gap(Verdict.FAIL, f"no VPC endpoint for {', '.join(lacking)}", tuple(lacking))
        if why := next(filter(None, map(_unknown_image, tasks)), ""):
            return Gap(Verdict.UNKNOWN, why)
        return Gap(Verdict.PASS, "out by VPC endpoints")

    def is_needed(self, name: str, service: Service) -> bool | None:
        """Whether a task calls an AWS service to start; None when the plan does not tell."""
        if name in self._needs(service):
            return True
        tasks = self._tasks(service)
        return False if tasks and all(each.is_known for each in tasks) else None

    def _tasks(self, service: Service) -> list[TaskImages]:
        return [
            self._images.of(self._graph.resource_of(target))
            for target in service.task_definitions.targets
        ]

    def _needs(self, service: Service) -> tuple[str, ...]:
        """The AWS services a task calls before its containers start, and for commands in them."""
        if service.address not in self._needed:
            self._needed[service.address] = self._read_needs(service)
        return self._needed[service.address]

    def _read_needs(self, service: Service) -> tuple[str, ...]:
        tasks = self._tasks(service)
        is_old = _is_old(service.resource.value("platform_version"))
        pull = [each for each in _PULL if not (is_old and each == "ecr.api")]
        is_public = bool(tasks) and all(each.is_known and _public_image(each) for each in tasks)
        needs = dict.fromkeys(() if is_public else pull)
        for images in tasks:
            needs.update(dict.fromkeys(self._calls(images)))
        if service.resource.value("enable_execute_command") == Known(value=True):
            needs.update(dict.fromkeys(self._for_commands(service)))
        return tuple(needs)

    def _for_commands(self, service: Service) -> Iterator[str]:
        """What a command run inside a task takes, with a key of its own for the session."""
        yield "ssmmessages"
        key = "configuration[0].execute_command_configuration[0].kms_key_id"
        clusters = map(self._graph.resource_of, service.clusters.targets)
        if any(not isinstance(each.value(key), Absent) for each in clusters):
            yield "kms"

    def are_in(self, vpc: str) -> bool:
        """Whether a VPC has any endpoint."""
        return bool(self._by_vpc.get(vpc))

    def interfaces_in(self, vpc: str) -> tuple[Resource, ...]:
        """The interface endpoints in a VPC, and those that may be in it."""
        found = (each for every in self._by_vpc.get(vpc, {}).values() for each in every)
        return (*filter(_is_interface, found), *self._loose_interfaces)

    @cached_property
    def _loose_interfaces(self) -> tuple[Resource, ...]:
        return tuple(filter(_is_interface, self._loose))

    def _serves(self, endpoints: list[Resource], need: str, subnet: PlacedSubnet) -> bool:
        """Whether one of the endpoints answers here: a gateway needs the subnet's route table."""
        for endpoint in endpoints:
            if _is_interface(endpoint):
                # Layers come from S3 by its public name, which private DNS alone leads here.
                if need != "s3" or endpoint.value("private_dns_enabled") == Known(value=True):
                    return True
                continue
            if self.tables_of(endpoint) & set(subnet.egress.tables):
                return True
        return False

    def tables_of(self, endpoint: Resource) -> set[str]:
        """The route tables a gateway endpoint adds its route to."""
        found = self._network.tables_of(endpoint, "route_table_ids")
        for join in self._joins("route_table_ids").standing(endpoint.address):
            found |= self._network.tables_of(join, "route_table_id")
        return found

    def served_by(self, gateway: Resource) -> set[str]:
        """The route tables that lead to its AWS service, by it or by another one of its VPC."""
        return {table for each in self._like(gateway) for table in self.tables_of(each)}

    def _like(self, endpoint: Resource) -> list[Resource]:
        """The endpoints for the same AWS service in the same VPC, itself among them."""
        named = service_name(endpoint)
        every = self._by_vpc.get(self._network.managed_vpc(endpoint), {})
        return every.get(named.service, []) if named else []

    def unserved(self, gateway: Resource, subnets: Iterable[PlacedSubnet]) -> dict[str, bool]:
        """Route tables of isolated subnets from which its service is not reached.

        Each with whether tasks use it for certain.
        """
        served, found = self.served_by(gateway), dict[str, bool]()
        for subnet in subnets:
            for table in subnet.egress.tables if subnet.egress.exit is Exit.NONE else ():
                if table not in served:
                    found[table] = found.get(table, False) or subnet.is_sure
        return found

    def far_zones(self, endpoint: Resource, subnets: Iterable[PlacedSubnet]) -> tuple[str, ...]:
        """Zones of tasks in which the endpoint has no address, where all its zones are known."""
        own = self._graph.resolve(endpoint, "subnet_ids").targets
        zones = {self._network.zone(self._graph.resource_of(target)) for target in own}
        theirs = {self._network.zone(each.resource) for each in subnets if each.is_sure}
        if not all(isinstance(zone, Known) for zone in zones):
            return ()
        return tuple(sorted(str(zone) for zone in theirs - zones if isinstance(zone, Known)))

    def is_joined(self, endpoint: Resource, attribute: str) -> bool:
        """Whether a resource of its own gives the endpoint what an argument would."""
        return bool(self._joins(attribute).standing(endpoint.address))

    def is_open(self, endpoint: Resource, attribute: str) -> bool:
        """Whether the endpoint may have more of an argument than is seen, or less."""
        own = self._graph.resolve(endpoint, attribute, (*SUBNETS, *TABLE_HOLDERS))
        if own.is_open or not all(target.is_sure for target in own.targets):
            return True
        return any(not join.is_deleted for join in self._joins(attribute).open)

    def _joins(self, attribute: str) -> Joins:
        """What gives endpoints more of an argument, by the endpoints it names."""
        return self._graph.joins({_JOINS[attribute]: "vpc_endpoint_id"}, [ENDPOINT])

    def is_named_elsewhere(self, endpoint: Resource) -> bool:
        """Whether something else leads to its service: a gateway, or a zone of the name."""
        if any(each is not endpoint for each in self._like(endpoint)):
            return True
        return self._has_zone

    @cached_property
    def _has_zone(self) -> bool:
        """Whether a zone of the plan has, or may have, names of AWS in it."""
        zones = (zone.value("name") for zone in self._graph.of_type("aws_route53_zone"))
        return any(not isinstance(z, Known) or "amazonaws.com" in str(z) for z in zones)

    def _calls(self, images: TaskImages) -> Iterator[str]:
        """The AWS services beside the registry that a task calls before its containers start."""
        definition = images.resource
        drivers = {
            c.settings.get("logConfiguration", {}).get("logDriver") for c in images.containers
        }
        sources = [
            self._secret(secret.get("valueFrom"))
            for container in images.containers
            for secret in container.settings.get("secrets", ())
        ]
        if not images.is_known:
            written = self._graph.members(definition, DEFINITIONS, "logDriver")
            texts = [text for each in written.values for text in each.literals] if written else []
            drivers = {value.value for _, value in texts if isinstance(value, Known)}
            secrets = self._graph.members(definition, DEFINITIONS, "valueFrom")
            ends = [t.address for each in secrets.values for t in each.targets] if secrets else []
            sources = [_ARN_OF.get(self._type(end), "") for end in ends]
        if "awslogs" in drivers:
            yield "logs"
        for source in filter(None, sources):
            yield "secretsmanager" if ":secretsmanager:" in source else "ssm"

    def _secret(self, source: str | Template | None) -> str:
        """Where a secret lives, by the start of its ARN or the type of what gives it."""
        if isinstance(source, Template):
            kinds = (_ARN_OF.get(self._type(part.address), "") for part in source.taken)
            return next(filter(None, kinds), str(source))
        return str(source)

    def _type(self, address: str) -> str:
        resource = self._graph.resource(address)
        return resource.type if resource else ""


def _is_interface(endpoint: Resource) -> bool:
    return endpoint.value("vpc_endpoint_type") == Known("Interface")


def _is_old(platform_version: Value) -> bool:
    """Whether the platform asks no ecr.api, which those before 1.4.0 do not."""
    return isinstance(platform_version, Known) and str(platform_version).startswith(
        ("1.0", "1.1", "1.2", "1.3")
    )


def _public_image(images: TaskImages) -> str:
    for container in images.containers:
        try:
            image = parse_image(_form(container.image))
        except ImageError:
            continue
        if not image.is_private_ecr:
            return f"no VPC endpoint reaches {image.domain}, where {container.shown_image} lives"
    return ""


def _form(image: str | Template) -> str:
    """An image as far as its registry goes: whatever completes it comes after that."""
    if isinstance(image, str):
        return image
    return image.filled(lambda _: "x") if isinstance(image.parts[0], str) else ""


def _unknown_image(images: TaskImages) -> str:
    """Why an image may live outside of ECR, "" when none does."""
    if images.is_known or all(each.repositories or each.lookups for each in images.origins):
        return ""
    shown = images.resource.address
    return f"whether the images of {shown} live in ECR is known only after apply: make sure of it"
