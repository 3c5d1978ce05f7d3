"""What the containers of a task definition run, and where their images come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from policyscan.graph import Confidence, ResourceGraph, Target
from policyscan.plan import Known, Resource, Value
from policyscan.rule.image import Image, ImageError, looks_like_image, parse_image

REPOSITORY = "aws_ecr_repository"
IMAGE_LOOKUPS = ("aws_ecr_image", "aws_ecr_images")
DEFINITIONS = "container_definitions"


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of `container_definitions`; `settings` is the decoded entry, keys camelCase."""

    name: str
    image: str
    settings: dict[str, Any]
    is_sensitive: bool = False

    @property
    def shown_image(self) -> str:
        """The image as a message may say it."""
        return "(sensitive)" if self.is_sensitive else self.image


@dataclass(frozen=True, slots=True)
class TaskImages:
    """The images of one task definition, as far as the plan tells.

    `is_known`: the definitions are readable, and `containers` is all there is. `is_image`: the
    source showed which references are images, and not just part of the definitions. Otherwise
    `repositories` and `lookups` are what the definitions refer to, `others` are texts that may be
    the image instead, and `unresolved` says what could not be followed.
    """

    resource: Resource
    is_known: bool
    is_image: bool = False
    containers: tuple[Container, ...] = ()
    repositories: tuple[Target, ...] = ()
    lookups: tuple[Target, ...] = ()
    others: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    invalid: str = ""


class Images:
    """The images of every task definition, each read once."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._repositories = graph.of_type(REPOSITORY)
        self._read: dict[str, TaskImages] = {}

    def of(self, definition: Resource) -> TaskImages:
        """What a task definition runs."""
        if definition.address not in self._read:
            self._read[definition.address] = self._of(definition)
        return self._read[definition.address]

    def _of(self, definition: Resource) -> TaskImages:
        resolution = self._graph.resolve(definition, DEFINITIONS)
        targets, literals, unresolved = (
            resolution.targets,
            resolution.literals,
            resolution.unresolved,
        )
        if isinstance(resolution.value, Known):
            try:
                containers = read_containers(
                    str(resolution.value.value), is_sensitive=resolution.value.is_sensitive
                )
            except ValueError as problem:
                return TaskImages(definition, is_known=True, invalid=str(problem))
            known = self._known_repositories(containers, targets)
            lookups = tuple(t for t in targets if self._is_lookup(t))
            return TaskImages(
                definition,
                is_known=True,
                containers=containers,
                repositories=known,
                lookups=lookups,
            )
        written = self._graph.members(definition, DEFINITIONS, "image")
        if written is not None:
            targets, literals, unresolved = written.targets, written.literals, written.unresolved
        return TaskImages(
            definition,
            is_known=False,
            is_image=written is not None,
            repositories=tuple(t for t in targets if self._is_repository(t)),
            lookups=tuple(t for t in targets if self._is_lookup(t)),
            others=tuple(name for name, value in literals if _may_be_image(value)),
            unresolved=unresolved,
        )

    def repository_of(self, image: Image) -> Resource | None:
        """The repository of this plan that a private ECR image lives in."""
        if not image.is_private_ecr:
            return None
        for repository in self._repositories:
            if repository.value("name") == Known(image.repository) and _same_place(
                repository, image
            ):
                return repository
        return None

    def _known_repositories(
        self, containers: tuple[Container, ...], targets: tuple[Target, ...]
    ) -> tuple[Target, ...]:
        """Repositories whose URL an image starts with; others are only mentioned somewhere."""
        found = []
        for container in containers:
            try:
                repository = self.repository_of(parse_image(container.image))
            except ImageError:
                continue
            if repository is not None:
                static = (t for t in targets if t.address == repository.address)
                found.append(next(static, _by_value(repository)))
        return tuple(dict.fromkeys(found))

    def _is_repository(self, target: Target) -> bool:
        resource = self._graph.resource(target.address)
        return resource is not None and resource.type == REPOSITORY and resource.mode == "managed"

    def _is_lookup(self, target: Target) -> bool:
        resource = self._graph.resource(target.address)
        return resource is not None and resource.type in IMAGE_LOOKUPS


def _by_value(repository: Resource) -> Target:
    return Target(repository.address, "repository_url", Confidence.EXACT)


def _same_place(repository: Resource, image: Image) -> bool:
    """Same region and account, where the plan tells them."""
    region = repository.value("region")
    if isinstance(region, Known) and str(region) != image.region:
        return False
    registry = repository.value("registry_id")
    return not isinstance(registry, Known) or str(registry) == image.account


def _may_be_image(value: Value) -> bool:
    """Whether a variable may be the image instead of the repository, or choose between them.

    A list or object is looked into, because a variable may bundle an image with its port.
    """
    if not isinstance(value, Known):
        return False
    inner = value.value
    if isinstance(inner, dict):
        return any(_may_be_image(Known(part)) for part in inner.values())
    if isinstance(inner, list):
        return any(_may_be_image(Known(part)) for part in inner)
    return isinstance(inner, bool) or (isinstance(inner, str) and looks_like_image(inner))


def read_containers(text: str, *, is_sensitive: bool = False) -> tuple[Container, ...]:
    """Decode `container_definitions`. Raises ValueError: not a JSON list of objects.

    Example: `[{"name": "app", "image": "nginx:1.27"}]`.
    """
    try:
        decoded = json.loads(text)
    except ValueError:
        raise ValueError("container_definitions is not JSON") from None
    if isinstance(decoded, dict):
        decoded = [decoded]
    if not isinstance(decoded, list) or not all(isinstance(each, dict) for each in decoded):
        raise ValueError("container_definitions is not a list of objects")
    return tuple(
        Container(str(each.get("name") or ""), str(each.get("image") or ""), each, is_sensitive)
        for each in decoded
    )
