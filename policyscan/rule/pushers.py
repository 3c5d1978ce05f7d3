"""Resources that push an image while Terraform applies, and what they wait for."""

from __future__ import annotations

from policyscan.graph import ResourceGraph
from policyscan.plan import Resource
from policyscan.rule.containers import REPOSITORY

_PUSHES = ("docker_registry_image",)
_RUNS_COMMANDS = ("null_resource", "terraform_data")


class Pushers:
    """What may push an image into a repository of this plan."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self.all = tuple(
            resource
            for resource in graph.of_type(*_PUSHES, *_RUNS_COMMANDS)
            if not resource.is_deleted and _is_pusher(resource)
        )

    def into(self, repository: str) -> tuple[Resource, ...]:
        """Pushers that wait for a repository."""
        return tuple(
            pusher for pusher in self.all if self._graph.depends_on(pusher.address, repository)
        )

    def repositories_of(self, pusher: Resource) -> tuple[Resource, ...]:
        """The repositories a pusher waits for."""
        return tuple(
            repository
            for repository in self._graph.of_type(REPOSITORY)
            if self._graph.depends_on(pusher.address, repository.address)
        )


def _is_pusher(resource: Resource) -> bool:
    if resource.type in _PUSHES:
        return True
    provisioners = resource.config.provisioners if resource.config else ()
    return any(kind == "local-exec" for kind, _ in provisioners)
