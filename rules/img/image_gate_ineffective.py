"""An image lookup or push that should gate a service must come between repository and service.

A `data "aws_ecr_image"` stops a plan whose image is missing, but only while planning. On a
repository of the same plan Terraform puts the lookup off until the apply, where it fails: the
repository is new, so the image is not there. A resource that pushes helps only when the service
waits for it.

## Why
The gate looks right and is not one. The lookup ends the apply half way, with the repository made
and nothing else; the push runs beside the service instead of before it.

## Fix
For a lookup: create the repository and push in an apply of its own, so that the lookup is read
while planning. For a push: refer to the pushing resource in the task definition or name it in the
service's `depends_on`.

## When unknown
The repository the lookup names cannot be followed. Give `--source-dir`.

## Source
hashicorp/terraform-provider-aws issues 35263, 35268 and 36415: the data source fails when no image
is found. Terraform language, "Data Resource Behavior": when reads are deferred.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
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
    certainty_of,
    fail,
    passed,
    steps_to,
    undetermined,
)

RULE = Rule(
    id="PS601",
    name="image-gate-ineffective",
    group="IMG",
    severity=Severity.HIGH,
    title="The image lookup or push that should gate a service really does",
    types=("aws_ecr_image", "aws_ecr_images", "docker_registry_image", "null_resource"),
)

SYMPTOM = (
    "reading ECR Images: ImageNotFoundException: The image with imageId {imageDigest:'null', "
    "imageTag:'...'} does not exist within the repository with name '%s'"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per lookup, and one per resource that pushes into a repository of the plan."""
    for lookup in platform.graph.data_of_type("aws_ecr_image", "aws_ecr_images"):
        yield _judge_lookup(lookup, platform)
    for pusher in platform.pushers.all:
        if platform.pushers.repositories_of(pusher):
            yield _judge_pusher(pusher, platform)


def _judge_lookup(lookup: Resource, platform: Platform) -> Finding:
    if not lookup.is_deferred:
        notes: tuple[Note, ...] = ()
        if not _gates_something(lookup, platform):
            notes = (Note(Level.WARNING, "nothing uses the lookup: it gates no service"),)
        return passed(lookup.address, "read while planning: the image was there", notes=notes)
    named = platform.graph.resolve(lookup, "repository_name", ["aws_ecr_repository"])
    waited = [
        repository
        for repository in platform.graph.of_type("aws_ecr_repository")
        if repository.is_created and platform.graph.depends_on(lookup.address, repository.address)
    ]
    for target in named.targets:
        repository = platform.graph.resource(target.address)
        if repository is None or not repository.is_created:
            continue
        name = repository.value("name")
        return fail(
            lookup.address,
            f"{lookup.address} looks in {target.address}, which this plan creates: the lookup is "
            "put off until the apply and fails there, because nobody can have pushed",
            path=steps_to(lookup, "repository_name", target, "created by this plan, empty"),
            certainty=certainty_of(target),
            symptom=SYMPTOM % (name if isinstance(name, Known) else target.address),
            strikes=Phase.APPLY,
            cause=target.address,
            fix="apply the repository on its own, push the image, then plan again: the lookup is "
            "then read while planning",
        )
    if waited or named.is_open:
        why = "; ".join(named.unresolved) or "repository_name is known only after apply"
        return undetermined(lookup.address, f"its repository cannot be followed: {why}")
    return passed(lookup.address, "its repository exists before this plan")


def _gates_something(lookup: Resource, platform: Platform) -> bool:
    return any(
        platform.graph.depends_on(service.address, lookup.address) for service in platform.services
    )


def _judge_pusher(pusher: Resource, platform: Platform) -> Finding:
    repositories = platform.pushers.repositories_of(pusher)
    notes: tuple[Note, ...] = ()
    if not any(
        pusher.is_written(name) for name in ("triggers", "triggers_replace", "keep_remotely")
    ):
        notes = (Note(Level.INFO, "without triggers it pushes once, on its first apply"),)
    for service in platform.services:
        for repository in repositories:
            if not platform.graph.depends_on(service.address, repository.address):
                continue
            if not platform.graph.depends_on(service.address, pusher.address):
                return fail(
                    pusher.address,
                    f"{pusher.address} pushes into {repository.address}, but "
                    f"{service.address} does not wait for it",
                    path=(
                        Step(service.address, "", "depends on the repository, not on the push"),
                        Step(repository.address),
                        Step(pusher.address),
                    ),
                    strikes=Phase.TASK_START,
                    cause=repository.address,
                    fix=f"name {pusher.config_address} in the service's depends_on",
                    notes=notes,
                )
    return passed(pusher.address, "the service waits for the push", notes=notes)
