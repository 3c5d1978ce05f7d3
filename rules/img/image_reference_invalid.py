"""An image must be a reference that ECS and the registry accept.

ECS takes the text as it is when the task definition is registered; only the task that starts
tries to parse it. A scheme in front, an ARN, an upper-case repository or a second tag ends in
`CannotPullContainerError: ... invalid reference format`.

## Why
`arn` and `name` of a repository look like its URL in HCL and are both known attributes; neither
is an image. A template that was never filled in is a string like any other.

## Fix
Write `<registry>/<repository>:<tag>` or `<registry>/<repository>@sha256:<digest>`; for ECR start
from `aws_ecr_repository.<name>.repository_url`.

## When unknown
The image is known only after apply, and its references do not show its form. Give `--source-dir`.

## Source
The distribution project's reference grammar; Amazon ECS API Reference, ContainerDefinition, image.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Certainty,
    Container,
    Finding,
    Image,
    ImageError,
    ImageOrigin,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Target,
    Verdict,
    fail,
    in_container,
    in_module,
    name_of,
    parse_image,
    passed,
    quoted,
    replace,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS602",
    name="image-reference-invalid",
    group="IMG",
    severity=Severity.CRITICAL,
    title="Every image parses as a reference ECS accepts",
    types=("aws_ecs_task_definition",),
)

FORM = "REGISTRY/REPOSITORY:TAG"
SYMPTOM = "CannotPullContainerError: ... invalid reference format"
NO_IMAGES = {"arn", "registry_id"}
"""Attributes of a repository an image never starts with."""
NAMES = {"name", "id"}
"""Attributes that make an image only behind a registry's host."""
IMAGES = {"repository_url", "image_uri"}
DEFINITIONS = "container_definitions"
FIX = "write it as registry/repository:tag, for ECR from the repository_url of the repository"
INVALID = "ECS Task Definition container_definitions is invalid"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for definition in platform.graph.of_type("aws_ecs_task_definition"):
        if not definition.is_deleted:
            yield _judge(definition, platform)


def _judge(definition: Resource, platform: Platform) -> Finding:
    images = platform.images.of(definition)
    if images.invalid:
        return fail(
            definition.address,
            f"{definition.address}: {images.invalid}",
            path=(Step(definition.address, DEFINITIONS),),
            symptom=INVALID,
            strikes=Phase.APPLY,
            cause=definition.block_address,
            fix="build container_definitions with jsonencode",
            snippet=in_container(definition, "", f"image = {quoted(FORM)}"),
        )
    if not images.origins:
        return passed(definition.address, "it has no container")
    return worst(
        replace(
            found,
            at=f"{DEFINITIONS}[{number}].image" if images.is_known else DEFINITIONS,
            snippet=_snippet(definition, container, found),
        )
        for number, (each, container) in enumerate(images.runs)
        for found in (_judge_image(definition, each, platform),)
    )


def _snippet(definition: Resource, container: Container | None, found: Finding) -> str:
    """The image as it is right, in its container."""
    if found.verdict is not Verdict.FAIL:
        return ""
    repository = found.path[-1]
    image = quoted(FORM)
    if repository.address != definition.address:
        image = f'"${{{in_module(repository.address)}.repository_url}}:TAG"'
    return in_container(definition, name_of(container), f"image = {image}")


def _judge_image(definition: Resource, image: ImageOrigin, platform: Platform) -> Finding:
    if image.text is not None:
        return _judge_text(definition, image.text, image.shown or str(image.text), platform)
    ends = (*image.repositories, *image.lookups)
    wrong = [target for target in image.repositories if target.attribute in NO_IMAGES]
    if image.is_image and len(ends) == len(wrong) == 1 and not image.others:
        return _wrong_attribute(definition, wrong[0])
    if any(target.attribute in IMAGES for target in ends):
        return passed(
            definition.address,
            "the image starts from a repository's URL",
            path=(Step(definition.address, DEFINITIONS),),
            certainty=Certainty.INFERRED,
            notes=(Note(Level.INFO, "the tag is known only after apply"),),
        )
    late = f"its references do not show its form; {platform.graph.advice}"
    why = "; ".join(image.unresolved) or late
    return undetermined(
        definition.address,
        f"the image of {definition.address} is known only after apply: {why}",
        path=(Step(definition.address, DEFINITIONS),),
    )


def _judge_text(definition: Resource, text: Known, shown: str, platform: Platform) -> Finding:
    try:
        image = parse_image(str(text.value))
    except ImageError as problem:
        why = "it does not parse" if text.is_sensitive else str(problem)
        return fail(
            definition.address,
            f"the image {shown!r} is no reference: {why}",
            path=(Step(definition.address, DEFINITIONS, f"image = {shown!r}"),),
            symptom=SYMPTOM,
            strikes=Phase.TASK_START,
            cause=definition.block_address if text.is_sensitive or not shown else shown,
            fix=FIX,
        )
    if target := _bare_name(definition, image, platform):
        return _wrong_attribute(definition, target)
    here = Step(definition.address, DEFINITIONS)
    notes = tuple(_elsewhere(definition, image, platform)) if not text.is_sensitive else ()
    return passed(definition.address, "every image parses", path=(here,), notes=notes)


def _elsewhere(definition: Resource, image: Image, platform: Platform) -> Iterator[Note]:
    """What it takes to pull from another region or another account."""
    region = platform.regions.of(definition)
    if image.region and isinstance(region, Known) and image.region != region.value:
        text = f"it is pulled from {image.region} into {region}: slower, paid for, and past any "
        yield Note(Level.WARNING, f"{text}VPC endpoint for ECR")
    if image.account and platform.accounts and image.account not in platform.accounts:
        text = f"its repository is in account {image.account}, whose repository policy must allow"
        yield Note(Level.INFO, f"{text} this one to pull")


def _bare_name(definition: Resource, image: Image, platform: Platform) -> Target | None:
    """The repository whose name is all an image says of it, so that Docker Hub is asked."""
    found = platform.graph.resolve(definition, DEFINITIONS, ["aws_ecr_repository"])
    for target in found.targets:
        name = platform.graph.resource_of(target).value("name")
        if (
            isinstance(name, Known)
            and target.attribute in NAMES
            and image.domain == "docker.io"
            and image.text.startswith(str(name.value))
            and image.repository in {name.value, f"library/{name.value}"}
        ):
            return target
    return None


def _wrong_attribute(definition: Resource, target: Target) -> Finding:
    return fail(
        definition.address,
        f"the image is built from {target.address}.{target.attribute}; an image starts with its "
        "repository_url",
        path=(
            Step(definition.address, DEFINITIONS, "image"),
            Step(target.address, target.attribute),
        ),
        certainty=Certainty.INFERRED,
        symptom=SYMPTOM
        if target.attribute in NO_IMAGES
        else "CannotPullContainerError: ... pull "
        "access denied, repository does not exist or may require authorization",
        strikes=Phase.TASK_START,
        cause=target.address,
        fix=f"start the image with the repository_url of {target.address}",
    )
