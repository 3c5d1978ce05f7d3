"""An image lookup or push that should gate a service must come between repository and service.

A `data "aws_ecr_image"` stops a plan whose image is missing, but only while planning. On a
repository of the same plan Terraform puts the lookup off until the apply, where it fails: the
repository is new, so the image is not there. A resource that pushes helps only when what needs
the image waits for it.

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
    Certainty,
    Confidence,
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
    Target,
    certainty_of,
    edit,
    fail,
    not_applicable,
    passed,
    steps_to,
    undetermined,
    wait_for,
)

RULE = Rule(
    id="PS601",
    name="image-gate-ineffective",
    group="IMG",
    severity=Severity.HIGH,
    title="The image lookup or push that should gate a service really does",
    types=(
        "aws_ecr_image",
        "aws_ecr_images",
        "docker_registry_image",
        "null_resource",
        "terraform_data",
    ),
)

LOOKUPS = ("aws_ecr_image", "aws_ecr_images")
COMMAND = Certainty.INFERRED
"""How sure a push is: only whoever runs its command sees what that really does."""
SYMPTOM = (
    "reading ECR Images: ImageNotFoundException: The image with imageId {imageDigest:'null', "
    "imageTag:'...'} does not exist within the repository with name '%s'"
)
TWO_PHASES = (
    "count = var.IMAGE_IS_PUSHED ? 1 : 0",
    "for_each = var.IMAGE_IS_PUSHED ? KEYS : toset([])",
)
"""How a lookup is left out of the first apply: by count, or by for_each."""
TRIGGERS = ("triggers", "triggers_replace", "keep_remotely")


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per lookup, and one per resource that pushes into a repository of the plan."""
    awaited = {
        lookup.address
        for service in platform.services
        for lookup in platform.graph.awaited(service.address, *LOOKUPS)
    }
    for lookup in platform.graph.data_of_type(*LOOKUPS):
        yield _judge_lookup(lookup, platform, is_used=lookup.address in awaited)
    for pusher in platform.pushers.all:
        if platform.pushers.repositories_of(pusher):
            yield _judge_pusher(pusher, platform)


def _judge_lookup(lookup: Resource, platform: Platform, *, is_used: bool) -> Finding:
    if not lookup.is_deferred:
        note = Note(Level.WARNING, "no service uses the lookup: it gates nothing")
        notes = () if is_used else (note,)
        return passed(lookup.address, "read while planning: the image was there", notes=notes)
    named = platform.graph.resolve(lookup, "repository_name", ["aws_ecr_repository"])
    for target in named.targets:
        if not platform.images.starts_empty(target.address):
            continue
        if pusher := platform.pushers.between(lookup.address, target.address):
            message = f"it waits for {pusher.address}, which pushes during this apply"
            return passed(lookup.address, message, certainty=Certainty.INFERRED)
        return _too_early(lookup, target, platform)
    if named.is_open:
        late = f"repository_name is known only after apply; {platform.graph.advice}"
        why = "; ".join(named.unresolved) or late
        return undetermined(
            lookup.address, f"its repository cannot be followed: {why}", at="repository_name"
        )
    note = Note(Level.WARNING, "it is read during the apply: a missing image stops it half way")
    says = "its repository exists before this plan"
    return passed(lookup.address, says, notes=(note,), at="repository_name")


def _too_early(lookup: Resource, target: Target, platform: Platform) -> Finding:
    name = platform.graph.resource_of(target).value("name")
    is_keyed = isinstance(lookup.key, str)
    ends = "finds nothing" if lookup.type == "aws_ecr_images" else "fails"
    return fail(
        lookup.address,
        f"{lookup.address} looks in {target.address}, which this plan creates: the lookup is "
        f"put off until the apply and {ends} there, because nobody can have pushed",
        path=steps_to(lookup, "repository_name", target, "created by this plan, empty"),
        certainty=certainty_of(target),
        symptom=SYMPTOM % (name if isinstance(name, Known) else target.address)
        if ends == "fails"
        else "nothing fails here: the list is empty, and what was to be gated starts",
        strikes=Phase.APPLY,
        cause=target.address,
        fix="apply the repository on its own, push the image, then plan again with the lookup: it "
        "is then read while planning",
        snippet=edit(lookup, TWO_PHASES[is_keyed]),
    )


def _judge_pusher(pusher: Resource, platform: Platform) -> Finding:
    if not pusher.is_created:
        return passed(pusher.address, "it pushed in an earlier apply")
    once = Note(Level.INFO, "without triggers it pushes once, on its first apply")
    notes = () if any(pusher.is_written(name) for name in TRIGGERS) else (once,)
    targets = platform.pushers.repositories_of(pusher)
    pulled = [
        (service, target)
        for service in platform.runners.pulling_from(*(each.address for each in targets))
        for target in targets
        if target.address in platform.runners.repositories_of(service)
    ]
    for service, target in pulled:
        if platform.graph.depends_on(service.address, pusher.address):
            continue
        late = f"{service.address} does not wait for it"
        if target.confidence is Confidence.AMBIGUOUS:
            why = f"{late}, and whether it pushes into {target.address} is not in the plan"
            says = f"{why}; {platform.graph.advice}"
            return undetermined(pusher.address, says, at="provisioner[0].command")
        return fail(
            pusher.address,
            f"{pusher.address} pushes into {target.address}, but {late}",
            path=(
                Step(service.address, "depends_on", "does not lead to the push"),
                Step(target.address),
                Step(pusher.address),
            ),
            certainty=COMMAND,
            symptom="CannotPullContainerError: ... not found, until the push is done",
            strikes=Phase.TASK_START,
            cause=target.address,
            fix=f"have {service.address} wait for {pusher.address}",
            snippet=wait_for(platform.graph, service.resource, pusher).snippet,
            notes=notes,
        )
    if not pulled:
        return not_applicable(pusher.address, "no service starts from what it pushes", notes=notes)
    message = "the service waits for the push"
    return passed(pusher.address, message, notes=notes, certainty=COMMAND)
