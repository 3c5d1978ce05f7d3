"""Resources that push an image while Terraform applies, and what they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.graph import Confidence, ResourceGraph, Target
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

    def between(self, service: str, repository: str) -> Resource | None:
        """A pusher that waits for a repository and that a service waits for."""
        for pusher in self.into(repository):
            if self._graph.depends_on(service, pusher.address):
                return pusher
        return None

    def repositories_of(self, pusher: Resource) -> tuple[Target, ...]:
        """The repositories a pusher names, else those it waits for."""
        named = {target.address: target for target in self._named(pusher)}
        return tuple(named.values()) or tuple(
            Target(repository.address, "", Confidence.INFERRED)
            for repository in self._graph.of_type(REPOSITORY)
            if self._graph.depends_on(pusher.address, repository.address)
        )

    def _named(self, pusher: Resource) -> Iterator[Target]:
        if pusher.config is None:
            return
        for name in pusher.config.body.arguments:
            yield from self._graph.resolve(pusher, name, [REPOSITORY]).targets
        for _, body in pusher.config.provisioners:
            for _, expression in body.expressions():
                for target in self._graph.follow(expression.references, pusher):
                    resource = self._graph.resource(target.address)
                    if resource is not None and resource.type == REPOSITORY:
                        yield target


def _is_pusher(resource: Resource) -> bool:
    if resource.type in _PUSHES:
        return True
    provisioners = resource.config.provisioners if resource.config else ()
    return any(kind == "local-exec" for kind, _ in provisioners)
