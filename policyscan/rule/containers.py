"""What the containers of a task definition run, and where their images come from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph import WRITTEN, Confidence, Index, Resolution, ResourceGraph, Target
from policyscan.plan import Known, Resource, Taken, Template, Unknown, Value, decode_json
from policyscan.rule.ecs import TASK_DEFINITION
from policyscan.rule.image import Image, ImageError, looks_like_image, parse_image

REPOSITORY = "aws_ecr_repository"
IMAGE_LOOKUPS = ("aws_ecr_image", "aws_ecr_images")
DEFINITIONS = "container_definitions"


class Container(Struct, frozen=True):
    """One entry of `container_definitions`; `settings` is the decoded entry, keys camelCase.

    A text that other resources complete is a Template wherever it stands.
    """

    name: str
    image: str | Template
    settings: dict[str, Any]
    is_sensitive: bool = False

    @property
    def shown(self) -> str:
        """The name as a message may say it."""
        return "(sensitive)" if self.is_sensitive else self.name

    @property
    def shown_image(self) -> str:
        """The image as a message may say it."""
        return "(sensitive)" if self.is_sensitive else str(self.image)


class ImageOrigin(Struct, frozen=True):
    """Where one image comes from, as far as the plan tells.

    `repositories` and `lookups` are what it may start from, whether this plan holds or looks them
    up; `others` are names or texts of what it may be instead, and `unresolved` says what could
    not be followed. `is_image`: these belong to an image for certain, and not to something else
    in the container definitions. `may_differ`: something else may come instead of what is told
    here. `text` is the image itself, where it is a constant, or what it will look like, and
    `shown` is how a message may say it.
    """

    is_image: bool
    repositories: tuple[Target, ...] = ()
    lookups: tuple[Target, ...] = ()
    others: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    may_differ: bool = False
    text: Known | None = None
    shown: str = ""


class TaskImages(Struct, frozen=True):
    """The images of one task definition.

    `is_known`: the definitions are readable, `containers` is all there is, and each has its
    origin. Otherwise the source tells the origins apart, and without source there is one, of
    everything the definitions refer to. `invalid` says why the definitions are none.
    """

    resource: Resource
    is_known: bool
    containers: tuple[Container, ...] = ()
    origins: tuple[ImageOrigin, ...] = ()
    invalid: str = ""

    @property
    def is_sensitive(self) -> bool:
        """Whether no message may tell what stands in the containers."""
        return any(each.is_sensitive for each in self.containers)

    @property
    def runs(self) -> tuple[tuple[ImageOrigin, Container | None], ...]:
        """Each image with the container that runs it, None where the definitions are not read."""
        containers = self.containers if self.is_known else (None,) * len(self.origins)
        return tuple(zip(self.origins, containers, strict=True))


_URL = "123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}"
"""Where a repository that does not exist yet will be, as far as the form of an image goes."""

_RIGHT = "write one with jsonencode"

NOWHERE = ImageOrigin(is_image=True)
"""The origin of an image that comes out of an iterator: the source tells nothing about it."""


class Images:
    """The images of every task definition, each read once."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._repositories = Index(
            (each, ((each.value("name"), _region(each)),)) for each in graph.of_type(REPOSITORY)
        )
        self._accounts = tuple(
            str(account.value)
            for identity in graph.data_of_type("aws_caller_identity")
            if isinstance(account := identity.value("account_id"), Known)
        )
        self._read: dict[str, TaskImages] = {}

    def of(self, definition: Resource) -> TaskImages:
        """What a task definition runs."""
        if definition.address not in self._read:
            self._read[definition.address] = self._of(definition)
        return self._read[definition.address]

    @cached_property
    def used(self) -> frozenset[str]:
        """The addresses of the repositories that images of the plan may come from."""
        return frozenset(
            target.address
            for definition in self._graph.of_type(TASK_DEFINITION)
            if not definition.is_deleted
            for origin in self.of(definition).origins
            for target in origin.repositories
        )

    def starts_empty(self, address: str) -> bool:
        """Whether this plan makes the repository and nothing but a push can fill it."""
        repository = self._graph.resource(address)
        return repository is not None and repository.is_created and not self._is_cache(repository)

    def _is_cache(self, repository: Resource) -> bool:
        """Whether ECR itself fetches on demand what is asked of it."""
        name = repository.value("name")
        return isinstance(name, Known) and str(name.value).startswith(self._cached)

    @cached_property
    def _cached(self) -> tuple[str, ...]:
        """How the names of repositories start that are caches."""
        prefixes = (
            rule.value("ecr_repository_prefix")
            for rule in self._graph.of_type("aws_ecr_pull_through_cache_rule")
            if not rule.is_deleted
        )
        return tuple(f"{each.value}/" for each in prefixes if isinstance(each, Known))

    def _of(self, definition: Resource) -> TaskImages:
        whole = self._graph.resolve(definition, DEFINITIONS)
        try:
            containers = _containers_in(whole.value)
        except ValueError as problem:
            return TaskImages(definition, is_known=True, invalid=str(problem))
        if containers is None:
            return TaskImages(definition, is_known=False, origins=self._written(definition, whole))
        origins = tuple(self._known(container, whole.targets) for container in containers)
        return TaskImages(definition, is_known=True, containers=containers, origins=origins)

    def _written(self, definition: Resource, whole: Resolution) -> tuple[ImageOrigin, ...]:
        """The origins of images that are known only after apply."""
        members = self._graph.members(definition, DEFINITIONS, "image")
        images = [self._origin(each, is_image=True) for each in members.values] if members else []
        is_repository = self._is_only_cause(whole)
        if members is None or NOWHERE in images:
            origin = self._origin(whole, is_image=False)
            return (replace(origin, may_differ=not is_repository),)
        rest = self._origin(members.rest, is_image=False)
        # What stands beside the images matters only when it may bring another one.
        if rest.repositories or rest.unresolved:
            return (*images, replace(rest, may_differ=not is_repository))
        beside = any(self._is_repository(target) for target in members.beside.targets)
        if is_repository and not beside and len(images) == 1 and images[0].repositories:
            return (replace(images[0], others=(), may_differ=False),)
        return tuple(images)

    def _is_only_cause(self, whole: Resolution) -> bool:
        """Whether only repositories can make an argument unknown: then they do flow in.

        A condition that took something known instead would have left it known.
        """
        causes = []
        for target in whole.targets:
            resource = self._graph.resource(target.address)
            if resource is not None and target.attribute and resource.type != "terraform_data":
                is_unknown = not isinstance(resource.value(target.attribute), Known)
                causes += [resource.type] if is_unknown else []
        return not set(causes) - {REPOSITORY}

    def _origin(self, found: Resolution, *, is_image: bool) -> ImageOrigin:
        targets = tuple(self._through(found.targets))
        repositories = [target for target in targets if self._is_repository(target)]
        others = []
        text = None
        for name, value in found.literals:
            if name == WRITTEN or _may_be(value):
                named = self._named_in(str(value.value)) if isinstance(value, Known) else None
                repositories += [named] if named else []
                others += [] if named else [_shown(name, value)]
            if name == WRITTEN and isinstance(value, Known):
                text = value
        return ImageOrigin(
            is_image,
            repositories=tuple(dict.fromkeys(repositories)),
            lookups=self._lookups(targets),
            others=tuple(others),
            unresolved=found.unresolved,
            may_differ=found.is_chosen,
            text=text,
        )

    def _through(self, targets: tuple[Target, ...]) -> Iterator[Target]:
        """What targets stand for: some only give out what they were given."""
        for target in targets:
            resource = self._graph.resource(target.address)
            given: tuple[Target, ...] = ()
            if resource and resource.type == "terraform_data" and target.attribute == "output":
                given = self._graph.resolve(resource, "input").targets
            elif resource and resource.type == REPOSITORY and resource.mode == "data":
                named = self._graph.resolve(resource, "name", [REPOSITORY]).targets
                given = tuple(replace(each, attribute=target.attribute) for each in named)
            yield from given or (target,)

    def _known(self, container: Container, targets: tuple[Target, ...]) -> ImageOrigin:
        """The repository whose URL an image starts with; others are only mentioned somewhere."""
        if isinstance(container.image, Template):
            return self._completed(container, container.image, targets)
        text = Known(container.image, is_sensitive=container.is_sensitive)
        named = self._named_in(container.image)
        if named is None:
            return ImageOrigin(is_image=True, others=(str(text),), text=text, shown=str(text))
        static = (target for target in targets if target.address == named.address)
        return ImageOrigin(
            is_image=True,
            repositories=(next(static, named),),
            lookups=self._lookups(targets),
            text=text,
            shown=str(text),
        )

    def _completed(
        self, container: Container, image: Template, targets: tuple[Target, ...]
    ) -> ImageOrigin:
        """The origin of an image that other resources complete, as a replay tells it."""
        known = {(target.address, target.attribute): target for target in targets}
        taken = tuple(
            known.get((part.address, part.attribute))
            or Target(part.address, part.attribute, Confidence.EXACT)
            for part in image.taken
        )
        through = tuple(self._through(taken))
        repositories = tuple(target for target in through if self._is_repository(target))
        lookups = self._lookups(through)
        starts_known = isinstance(image.parts[0], str)
        shown = container.shown_image
        is_told = bool(repositories or lookups or starts_known)
        likely = self._likely(image)
        return ImageOrigin(
            is_image=True,
            repositories=repositories,
            lookups=lookups,
            others=() if repositories or lookups or not starts_known else (shown,),
            unresolved=() if is_told else (f"it is {shown}",),
            may_differ=image.is_derived,
            text=Known(likely, is_sensitive=container.is_sensitive) if likely else None,
            shown=shown,
        )

    def _likely(self, image: Template) -> str:
        """What an image will look like once its repository has a URL, "" when nobody can say."""
        urls = {}
        for part in image.parts:
            if isinstance(part, Taken):
                repository = self._graph.resource(part.address)
                if repository is None or repository.type != REPOSITORY or not part.is_whole:
                    return ""
                name = repository.value("name")
                if part.attribute != "repository_url" or not isinstance(name, Known):
                    return ""
                urls[part] = _URL.format(name=name.value)
        return image.filled(urls.__getitem__)

    def _named_in(self, text: str) -> Target | None:
        """The repository of this plan that an image's text names."""
        try:
            image = parse_image(text)
        except ImageError:
            return None
        repository = self.repository_of(image)
        if repository is None:
            return None
        is_sure = image.account in {*_accounts(repository), *self._accounts}
        confidence = Confidence.EXACT if is_sure else Confidence.INFERRED
        return Target(repository.address, "repository_url", confidence)

    def repository_of(self, image: Image) -> Resource | None:
        """The repository of this plan that a private ECR image lives in."""
        if not image.is_private_ecr:
            return None
        name = Known(image.repository)
        for repository in self._repositories.one_by_one((name, image.region), (name, None)):
            accounts = _accounts(repository) or self._accounts
            if not accounts or image.account in accounts:
                return repository
        return None

    def _is_repository(self, target: Target) -> bool:
        resource = self._graph.resource(target.address)
        return resource is not None and resource.type == REPOSITORY

    def _lookups(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        resources = ((target, self._graph.resource(target.address)) for target in targets)
        return tuple(t for t, resource in resources if resource and resource.type in IMAGE_LOOKUPS)


def _containers_in(value: Value) -> tuple[Container, ...] | None:
    """The containers, None when neither the plan nor a replay tells what they are."""
    match value:
        case Known(text, is_sensitive):
            return read_containers(str(text), is_sensitive=is_sensitive)
        case Unknown(template=Template(is_derived=False) as template):
            return read_containers(template, is_sensitive=template.is_sensitive)
        case _:
            return None


def _accounts(repository: Resource) -> tuple[str, ...]:
    """The account a repository lives in, () before it is made."""
    registry = repository.value("registry_id")
    return (str(registry.value),) if isinstance(registry, Known) else ()


def _region(repository: Resource) -> str | None:
    """The region a repository lives in, None where that is not told."""
    region = repository.value("region")
    return str(region) if isinstance(region, Known) else None


def _shown(name: str, value: Value) -> str:
    """How a message calls a literal: by its name, or by its text when the source gives it one."""
    return str(value) if name == WRITTEN else name


def _may_be(value: Value) -> bool:
    """Whether a variable may be the image instead of the repository, or choose between them.

    A list or object is looked into, because a variable may bundle an image with its port.
    """
    if not isinstance(value, Known):
        return False
    inner = value.value
    if isinstance(inner, dict):
        return any(_may_be(Known(part)) for part in inner.values())
    if isinstance(inner, list):
        return any(_may_be(Known(part)) for part in inner)
    return isinstance(inner, bool) or (isinstance(inner, str) and looks_like_image(inner))


def read_containers(text: str | Template, *, is_sensitive: bool = False) -> tuple[Container, ...]:
    """Decode `container_definitions`. Raises ValueError: not a JSON list of objects.

    Example: `[{"name": "app", "image": "nginx:1.27"}]`.
    """
    try:
        decoded = decode_json(text)
    except ValueError:
        raise ValueError(f"container_definitions is not JSON: {_RIGHT}") from None
    if isinstance(decoded, dict):
        decoded = [decoded]
    if not isinstance(decoded, list) or not all(isinstance(each, dict) for each in decoded):
        raise ValueError(f"container_definitions is not a list of objects: {_RIGHT}")
    return tuple(
        Container(str(each.get("name") or ""), _image(each.get("image")), each, is_sensitive)
        for each in decoded
    )


def _image(value: Any) -> str | Template:
    return value if isinstance(value, Template) else str(value or "")
