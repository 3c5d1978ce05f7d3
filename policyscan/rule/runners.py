"""Which services run a task definition, stand behind a target group, pull from a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from policyscan.graph import Index, Resolution, ResourceGraph
from policyscan.plan import Resource
from policyscan.rule.balancing import Balancing
from policyscan.rule.containers import Images
from policyscan.rule.ecs import Service


class Runners:
    """The services of a plan by what they use, for certain or perhaps."""

    def __init__(
        self,
        services: Iterable[Service],
        graph: ResourceGraph,
        images: Images,
        balancing: Balancing,
    ) -> None:
        self._services = tuple(services)
        self._graph = graph
        self._images = images
        self._balancing = balancing

    @cached_property
    def by_address(self) -> Mapping[str, Service]:
        """The services that stand after this plan."""
        return {each.address: each for each in self._services}

    @cached_property
    def _of_definition(self) -> Index[Service]:
        return Index((each, _ends(each.task_definitions)) for each in self._services)

    def of(self, definition: Resource) -> tuple[Service, ...]:
        """Those that run a task definition."""
        return self._of_definition.of(definition.address)

    @cached_property
    def _of_group(self) -> Index[Service]:
        attached = self._balancing.attachments_of
        return Index(
            (service, (end for each in attached(service) for end in _ends(each.groups)))
            for service in self._services
        )

    def behind(self, group: Resource) -> tuple[Service, ...]:
        """Those that register their tasks in a target group."""
        return self._of_group.of(group.address)

    def repositories_of(self, service: Service) -> frozenset[str]:
        """The addresses of the repositories a service's images may come from."""
        return frozenset(
            repository.address
            for definition in map(self._graph.resource_of, service.task_definitions.targets)
            for origin in self._images.of(definition).origins
            for repository in origin.repositories
        )

    @cached_property
    def _of_repository(self) -> Index[Service]:
        return Index((each, self.repositories_of(each)) for each in self._services)

    def pulling_from(self, *repositories: str) -> tuple[Service, ...]:
        """Those whose images may come from one of the repositories, by their addresses."""
        return self._of_repository.of(*repositories)


def _ends(found: Resolution) -> Iterator[str]:
    return (target.address for target in found.targets)
