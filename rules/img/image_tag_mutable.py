"""A tag, the repository it is in and its lifecycle policy have to fit together.

`latest`, or no tag at all, names another image tomorrow. In a repository whose tags are immutable
it names the first one for ever: the second push is refused. Only a digest always means the same
image.

## Why
ECS keeps the digest it resolved at the deployment. When a tag moves on, the image it left has no
tag any more, and a lifecycle policy may delete it: the service runs, until it scales out.

## Fix
```hcl
image = "${aws_ecr_repository.app.repository_url}@${var.image_digest}"
```

or a tag that is never used twice, such as a commit's hash, with `image_tag_mutability =
"IMMUTABLE"`. `PS603.latest` says whether a tag of `latest` alone fails or is noted; in an
immutable repository it always fails, unless an exclusion filter lets it move. With `PS603.pin` set
to `digest` every tag fails, as in the profile `production`.

## When unknown
The image is known only after apply and its tag is not told: give `--source-dir`.

## Source
Amazon ECR User Guide, "Image tag mutability" and "Lifecycle policies"; Amazon ECS API Reference,
ContainerDefinition, versionConsistency.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from policyscan.rule import (
    Container,
    Finding,
    Image,
    ImageError,
    ImageOrigin,
    Known,
    Level,
    Note,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Target,
    certainty_of,
    decode_json,
    effective,
    fail,
    in_container,
    in_module,
    name_of,
    not_applicable,
    parse_image,
    passed,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS603",
    name="image-tag-mutable",
    group="IMG",
    severity=Severity.MEDIUM,
    title="Image tags, their mutability and lifecycle policies fit together",
    types=("aws_ecs_task_definition",),
    parameters=(
        Parameter(
            "latest",
            "warn",
            "`fail` where a tag of latest fails, `warn` where it is noted",
            choices=("warn", "fail"),
        ),
        Parameter(
            "pin",
            "any",
            "`digest` where every image has to be named by its digest, `any` where a tag will do",
            choices=("any", "digest"),
        ),
    ),
)

AT = "container_definitions"
MUTABILITY = "image_tag_mutability"
FORM = "write it as registry/repository:tag"
REFUSED = (
    "tag invalid: The image tag 'latest' already exists in the '%s' repository and cannot be "
    "overwritten because the repository is immutable"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per task definition."""
    for definition in platform.task_definitions:
        images = platform.images.of(definition)
        if images.invalid:
            why = f"{definition.address}: {images.invalid}"
            yield undetermined(definition.address, why, at=AT)
        elif not images.origins:
            yield not_applicable(definition.address, "it has no container")
        else:
            judge = _Judge(definition, platform, parameters)
            yield worst(judge.image(*each) for each in images.runs)


class _Judge:
    """Judges the images of one task definition."""

    def __init__(self, definition: Resource, platform: Platform, parameters: Parameters) -> None:
        self.definition = definition
        self.address = definition.address
        self.platform = platform
        self.parameters = parameters

    def image(self, origin: ImageOrigin, container: Container | None) -> Finding:
        """The verdict on the image of one container."""
        try:
            image = parse_image(str(origin.text.value)) if origin.text else None
        except ImageError as problem:
            image, why = None, f"an image is no reference: {problem}; {FORM}"
        else:
            late = f"an image's tag is known only after apply; {self.platform.graph.advice}"
            why = "; ".join(origin.unresolved) or late
        if origin.text is not None and origin.text.is_sensitive:
            image, why = None, "an image is sensitive: make sure that its tag never moves"
        if image is None or origin.may_differ:
            return undetermined(self.address, f"{self.address}: {why}", at=AT)
        if image.digest:
            return passed(self.address, "a digest always means the same image", at=AT)
        if origin.repositories:
            return self._in_repository(image, container, origin.repositories[0])
        return self._tagged(image, container, ())

    def _in_repository(self, image: Image, container: Container | None, target: Target) -> Finding:
        repository = self.platform.graph.resource_of(target)
        mutability = effective(repository, MUTABILITY)
        is_fixed = isinstance(mutability, Known) and str(mutability).startswith("IMMUTABLE")
        if is_fixed and image.tag == "latest" and not _may_move(repository, image.tag):
            url = f"${{{in_module(repository.address)}.repository_url}}"
            return fail(
                self.address,
                f"{self.address} runs the tag latest of {repository.address}, whose tags are "
                "immutable: the second push is refused",
                severity=Severity.MEDIUM,
                path=(
                    Step(self.address, AT, "runs the tag latest"),
                    Step(repository.address, MUTABILITY, str(mutability)),
                ),
                certainty=certainty_of(target),
                symptom=REFUSED % repository.value("name"),
                strikes=Phase.RUNTIME,
                cause=repository.address,
                fix="run a tag that is used once, such as a commit's hash, or a digest",
                snippet=in_container(
                    self.definition, name_of(container), f'image = "{url}:COMMIT"'
                ),
            )
        # Only as long as ECS keeps the digest can the image of one be missed.
        pins = container is None or container.settings.get("versionConsistency") != "disabled"
        notes = () if is_fixed or not pins else tuple(_expiries(repository, self.platform))
        return self._tagged(image, container, notes)

    def _tagged(
        self, image: Image, container: Container | None, notes: tuple[Note, ...]
    ) -> Finding:
        here = Step(self.address, AT, f"runs the tag {image.tag}")
        is_latest, pins = image.tag == "latest", self.parameters["pin"] == "digest"
        moves = "moves" if is_latest else "may move"
        why = f"{self.address} runs the tag {image.tag}, which another push {moves}"
        notes = (*notes, *(self._redeploys() if is_latest else ()))
        if pins or (is_latest and self.parameters["latest"] == "fail"):
            return fail(
                self.address,
                why,
                path=(here,),
                symptom="tasks of one service run different images, and nobody can go back",
                strikes=Phase.RUNTIME,
                notes=notes,
                fix="run a digest" if pins else "run a digest, or a tag that is used once",
                snippet=in_container(
                    self.definition, name_of(container), 'image = "REPOSITORY@DIGEST"'
                ),
            )
        if not is_latest:
            return passed(self.address, f"it runs the tag {image.tag}", path=(here,), notes=notes)
        warning = Note(Level.WARNING, why)
        return passed(self.address, "it runs a tag", path=(here,), notes=(warning, *notes))

    def _redeploys(self) -> Iterator[Note]:
        """Services that start anew with each apply, to get what the tag means by then."""
        for service in self.platform.services_of(self.definition):
            forced = service.resource.value("force_new_deployment") == Known(value=True)
            if forced and service.resource.is_written("triggers"):
                text = f"{service.address} is deployed anew whenever its triggers change, to pull "
                yield Note(Level.INFO, f"{text}latest again: a digest does so when there is one")


def _may_move(repository: Resource, tag: str) -> bool:
    """Whether an exclusion lets a tag move in an immutable repository."""
    path = "image_tag_mutability_exclusion_filter"
    filters = (
        repository.value(f"{path}[{index}].filter")
        for index in range(len(repository.elements(path)))
    )
    return any(not isinstance(one, Known) or fnmatchcase(tag, str(one.value)) for one in filters)


def _expiries(repository: Resource, platform: Platform) -> Iterator[Note]:
    """Lifecycle policies that delete what a moving tag leaves behind."""
    policies = platform.graph.joins({"aws_ecr_lifecycle_policy": "repository"}, [repository.type])
    for policy in policies.standing(repository.address):
        if any(_takes_untagged(rule) for rule in _rules(policy)):
            text = (
                f"{policy.address} deletes images without a tag: when a tag moves on, the running "
                "service loses its image, and cannot scale out"
            )
            yield Note(Level.WARNING, text)


def _rules(policy: Resource) -> list[Any]:
    text = policy.value("policy")
    try:
        decoded = decode_json(str(text.value)) if isinstance(text, Known) else {}
    except ValueError:
        return []
    rules = decoded.get("rules") if isinstance(decoded, dict) else None
    return rules if isinstance(rules, list) else []


def _takes_untagged(rule: Any) -> bool:
    selection = rule.get("selection") if isinstance(rule, dict) else None
    return isinstance(selection, dict) and selection.get("tagStatus") in {"any", "untagged"}
