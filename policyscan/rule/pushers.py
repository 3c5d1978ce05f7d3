"""Resources that push an image while Terraform applies, and what they wait for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from policyscan.graph import Confidence, Index, ResourceGraph, Target
from policyscan.plan import ABSENT, Known, Resource, Unknown, Value
from policyscan.rule.containers import REPOSITORY

_PUSHES = ("docker_registry_image",)
_REPLICATION = "aws_ecr_replication_configuration"
_TEMPLATE = "aws_ecr_repository_creation_template"
_RUNS_COMMANDS = ("null_resource", "terraform_data")
_ANY_NAME, _EVERY_NAME = None, ...
"""Keys of what may be for a repository of any name, and of all there is for one without a name."""


_BUILD = re.compile(r"\b(?:docker|podman|nerdctl|finch)\s+(?:buildx\s+)?build\b")
_PLATFORM = re.compile(r"--platform[=\s]+[\"']?([\w./,-]+)")


class Pushers:
    """What may push an image into a repository of this plan."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self.all = tuple(
            resource
            for resource in graph.of_type(*_PUSHES, *_RUNS_COMMANDS)
            if not resource.is_deleted and _is_pusher(resource)
        )
        self._in_modules: dict[tuple[str, ...], Index[Resource]] = {}

    def into(self, repository: str, modules: tuple[str, ...] = ()) -> tuple[Resource, ...]:
        """Pushers that wait for a repository; what stands in one of the modules counts as one."""
        inside = self._inside(modules).of(repository) if modules else ()
        return (*self._by_repository.of(repository), *inside)

    @cached_property
    def _by_repository(self) -> Index[Resource]:
        return self._waiting(self.all)

    def _inside(self, modules: tuple[str, ...]) -> Index[Resource]:
        """What this plan creates in one of the modules, by the repositories it waits for."""
        if modules not in self._in_modules:
            starts = tuple(f"{name}{end}" for name in modules for end in ".[")
            self._in_modules[modules] = self._waiting(
                resource
                for resource in self._graph.plan.resources
                if resource.mode == "managed"
                and resource.is_created
                and resource.address.startswith(starts)
            )
        return self._in_modules[modules]

    def _waiting(self, pushers: Iterable[Resource]) -> Index[Resource]:
        awaited = self._graph.awaited
        return Index(
            (pusher, (each.address for each in awaited(pusher.address, REPOSITORY)))
            for pusher in pushers
        )

    def fillers(self, repository: Resource) -> Iterator[Resource]:
        """What may copy images into a repository: replication, or a template for what it makes."""
        name, region = repository.value("name"), repository.value("region")
        text = str(name)
        starts = [text[:size] for size in range(len(text) + 1)]
        keys = (_ANY_NAME, *starts) if isinstance(name, Known) else (_EVERY_NAME,)
        for filler, regions in self._fillers.one_by_one(*keys):
            if regions is None or region in regions:
                yield filler

    @cached_property
    def _fillers(self) -> Index[tuple[Resource, list[Value] | None]]:
        """What copies images, with the regions it copies to, by how names of repositories start."""
        return Index(
            ((filler, regions), (_EVERY_NAME, *map(_start, prefixes)))
            for filler in self._graph.of_type(_REPLICATION, _TEMPLATE)
            for regions, prefixes in _copies(filler)
        )

    def between(
        self, service: str, repository: str, modules: tuple[str, ...] = ()
    ) -> Resource | None:
        """A pusher that waits for a repository and that a service waits for."""
        for pusher in self.into(repository, modules):
            if self._graph.depends_on(service, pusher.address):
                return pusher
        return None

    def repositories_of(self, pusher: Resource) -> tuple[Target, ...]:
        """The repositories a pusher names, else those it waits for."""
        named = {target.address: target for target in self._named(pusher)}
        return tuple(named.values()) or tuple(
            Target(repository.address, "", Confidence.INFERRED)
            for repository in self._graph.awaited(pusher.address, REPOSITORY)
            if repository.mode == "managed"
        )

    def platforms(self, pusher: Resource) -> tuple[str, ...] | None:
        """What a pusher builds for, such as `linux/arm64`; None when it is not seen to build.

        Empty where it does not say: it builds for the machine it runs on.
        """
        commands = tuple(self._commands(pusher))
        named = [one for text in commands for one in _platforms_in(text)]
        builds = any(_BUILD.search(text) for text in commands)
        for target in self._graph.resolve(pusher, "name", ["docker_image"]).targets:
            image = self._graph.resource(target.address)
            if image is not None and image.count_of("build"):
                builds = True
                match image.value("build[0].platform"):
                    case Known(value):
                        named.append(str(value))
                    case Unknown():
                        return None
        return tuple(dict.fromkeys(named)) if builds else None

    def _commands(self, pusher: Resource) -> Iterator[str]:
        """The commands a pusher runs here, as the source or the plan has them."""
        path, address = pusher.module_path, pusher.config_address
        for index, (_, body) in enumerate(pusher.config.provisioners if pusher.config else ()):
            written = self._graph.written.expression(path, address, f"provisioner[{index}].command")
            given = body.arguments.get("command")
            if written is not None:
                yield written.text
            elif given is not None and isinstance(given.constant, Known):
                yield str(given.constant.value)

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


def _all(resource: Resource, block: str, name: str) -> list[Value]:
    return [resource.value(f"{block}[{at}].{name}") for at in range(resource.count_of(block))]


def _copies(filler: Resource) -> Iterator[tuple[list[Value] | None, list[Value]]]:
    """Each time it copies: the regions it copies to, None for its own, and the names it is for."""
    if filler.type == _TEMPLATE:
        yield None, [filler.value("prefix")]
        return
    block = "replication_configuration[0].rule"
    for at in range(filler.count_of(block)):
        regions = _all(filler, f"{block}[{at}].destination", "region")
        filters = _all(filler, f"{block}[{at}].repository_filter", "filter")
        yield regions, filters or [ABSENT]


def _start(prefix: Value) -> str | None:
    """How names start that it is for, as far as it is told; ROOT is the prefix of all."""
    is_told = isinstance(prefix, Known) and str(prefix) != "ROOT"
    return str(prefix) if is_told else _ANY_NAME


def _is_pusher(resource: Resource) -> bool:
    if resource.type in _PUSHES:
        return True
    provisioners = resource.config.provisioners if resource.config else ()
    return any(kind == "local-exec" for kind, _ in provisioners)


def _platforms_in(command: str) -> list[str]:
    return [one for found in _PLATFORM.findall(command) for one in found.split(",") if one]
