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
    ImageError,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    TaskImages,
    fail,
    parse_image,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS602",
    name="image-reference-invalid",
    group="IMG",
    severity=Severity.CRITICAL,
    title="Every image parses as a reference ECS accepts",
    types=("aws_ecs_task_definition",),
)

SYMPTOM = "CannotPullContainerError: ... invalid reference format"
WRONG_ATTRIBUTES = {"arn", "name", "id", "registry_id"}
FIX = (
    'write image = "${aws_ecr_repository.<name>.repository_url}:<tag>" '
    "or <registry>/<repository>:<tag>"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for definition in platform.graph.of_type("aws_ecs_task_definition"):
        if not definition.is_deleted:
            yield _judge(definition, platform.images.of(definition))


def _judge(definition: Resource, images: TaskImages) -> Finding:
    if images.invalid:
        return fail(
            definition.address,
            f"{definition.address}: {images.invalid}",
            path=(Step(definition.address, "container_definitions"),),
            strikes=Phase.APPLY,
            fix="build container_definitions with jsonencode([...])",
        )
    if images.is_known:
        return _judge_known(definition, images)
    wrong = [target for target in images.repositories if target.attribute in WRONG_ATTRIBUTES]
    if wrong and len(images.repositories) == 1 and images.is_image:
        return _wrong_attribute(definition, images)
    if images.is_image and images.repositories and not wrong and not images.unresolved:
        return passed(
            definition.address,
            "the image starts from a repository's URL",
            certainty=Certainty.INFERRED,
        )
    if any(target.attribute == "repository_url" for target in images.repositories):
        return passed(
            definition.address,
            "container_definitions refers to a repository's URL",
            certainty=Certainty.INFERRED,
            notes=(Note(Level.INFO, "the tag is known only after apply"),),
        )
    why = "; ".join(images.unresolved) or "its references do not show its form"
    return undetermined(
        definition.address, f"the image of {definition.address} is known only after apply: {why}"
    )


def _judge_known(definition: Resource, images: TaskImages) -> Finding:
    for container in images.containers:
        try:
            parse_image(container.image)
        except ImageError as problem:
            why = "it does not parse" if container.is_sensitive else str(problem)
            return _invalid(definition, container, why)
    return passed(
        definition.address,
        "every image parses",
        path=(Step(definition.address, "container_definitions"),),
    )


def _invalid(definition: Resource, container: Container, why: str) -> Finding:
    return fail(
        definition.address,
        f"container {container.name!r} has the image {container.shown_image!r}: {why}",
        path=(Step(definition.address, "container_definitions", f"image of {container.name!r}"),),
        symptom=SYMPTOM,
        strikes=Phase.TASK_START,
        fix=FIX,
    )


def _wrong_attribute(definition: Resource, images: TaskImages) -> Finding:
    target = images.repositories[0]
    return fail(
        definition.address,
        f"the image is built from {target.address}.{target.attribute}; an image starts with its "
        "repository_url",
        path=(
            Step(definition.address, "container_definitions", "image"),
            Step(target.address, target.attribute),
        ),
        certainty=Certainty.INFERRED,
        symptom=SYMPTOM,
        strikes=Phase.TASK_START,
        fix=f"use {target.address}.repository_url",
    )
