"""A service must not start from an ECR repository that the same plan creates.

A repository is empty when Terraform creates it, and nothing can be pushed before the apply has
made it. A service of the same apply asks for its image seconds later: the tasks stop with
`CannotPullContainerError`, ECS tries again for ever, and no task ever runs. With
`wait_for_steady_state` the apply hangs until it times out; without, it ends green.

## Why
`terraform apply` creates repository, task definition and service in one go. The pipeline that
builds and pushes the image can only run after it. Everything is correct, and nothing starts.

## Fix
Choose one of three cures:

- Push first, in two phases: apply with the services gated off (`count` or `for_each` of 0), push,
  then apply with the services on and the pushed digest pinned:
  `image = "${aws_ecr_repository.app.repository_url}@${var.image_digest}"`.
- Gate by a lookup: `data "aws_ecr_image"` on a repository that exists before this plan. The plan
  then stops until an image is there.
- Start with a placeholder: `image = var.image`, set to a public image until the first push.

A resource that pushes during the apply works too, if it depends on the repository and the service
depends on it.

## When unknown
The image is not in the plan (a part of `container_definitions` is known after apply) and its
references end in a local, or may be a variable's value instead. Give `--source-dir`.

## Source
Amazon ECS Developer Guide, "CannotPullContainer task errors". aws/aws-cdk issue 3646 (service
with a new repository hangs on its first deployment).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    Certainty,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    Target,
    TaskImages,
    Unknown,
    certainty_of,
    fail,
    not_applicable,
    passed,
    steps_to,
    undetermined,
)

RULE = Rule(
    id="PS101",
    name="image-not-pushed",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="No service starts from an ECR repository that the same plan creates",
    types=("aws_ecs_service",),
)

SYMPTOM = "CannotPullContainerError: ... {repository}:{tag}: not found"
FIX = (
    "have the image there before the service starts, in one of three ways:\n"
    "1. Two phases: apply with the services off (count = 0), push, then apply with them on and "
    'image = "${%s.repository_url}@<pushed digest>"\n'
    "2. Gate by a lookup: create the repository in an apply of its own and take the digest from "
    'data "aws_ecr_image"; without an image the plan then stops, and breaks nothing\n'
    "3. Placeholder: image = var.image, set to a public image until the first push"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")


def _judge(service: Service, platform: Platform) -> Finding:
    address = service.address
    if service.controller == "EXTERNAL":
        return not_applicable(address, "an EXTERNAL deployment controller starts no tasks itself")
    if platform.starts_nothing(service):
        note = Note(Level.INFO, "desired_count is 0 and no scalable target lifts it")
        return passed(address, "starts no tasks", notes=(note,))
    if not service.task_definitions.targets:
        why = "; ".join(service.task_definitions.unresolved) or "it is not in this plan"
        return undetermined(address, f"its task definition cannot be judged: {why}")
    verdicts = [
        _judge_task(service, target, platform) for target in service.task_definitions.targets
    ]
    order = ("fail", "unknown", "pass")
    return min(verdicts, key=lambda finding: order.index(finding.verdict))


def _judge_task(service: Service, task: Target, platform: Platform) -> Finding:
    definition = platform.graph.resource(task.address)
    if definition is None or definition.mode == "data":
        return undetermined(service.address, f"the image of {task.address} is not in this plan")
    images = platform.images.of(definition)
    if images.invalid:
        return undetermined(service.address, f"{definition.address}: {images.invalid}")
    evidence = _Evidence(service, task, definition, images, platform)
    for lookup in images.lookups:
        if finding := evidence.judge_lookup(lookup):
            return finding
    created = [
        target
        for target in images.repositories
        if evidence.is_created(target) and not evidence.is_filled(target)
    ]
    uncured = [target for target in created if not evidence.is_pushed(target)]
    if uncured:
        return evidence.judge_created(uncured)
    if created:
        return evidence.passed("the image is pushed during this apply, before the service starts")
    if images.repositories:
        return evidence.passed(
            "the repository exists before this plan",
            Note(Level.INFO, "whether the tag was pushed is not in a plan"),
        )
    if images.is_known:
        return evidence.passed("no image comes from a repository this plan creates")
    if images.unresolved or not (images.lookups or images.others):
        why = "; ".join(images.unresolved) or "its references name no repository"
        return evidence.unknown(why)
    return evidence.passed("the image comes from no repository this plan creates")


class _Evidence:
    """The way from one service to its images, and the findings that rest on it."""

    def __init__(
        self,
        service: Service,
        task: Target,
        definition: Resource,
        images: TaskImages,
        platform: Platform,
    ) -> None:
        self.service = service
        self.task = task
        self.definition = definition
        self.images = images
        self.platform = platform
        self.lead = steps_to(service.resource, "task_definition", task)[:1]

    def is_created(self, target: Target) -> bool:
        repository = self.platform.graph.resource(target.address)
        return repository is not None and repository.is_created

    def is_filled(self, target: Target) -> bool:
        """Whether AWS itself fills the repository: a pull-through cache fetches on demand."""
        repository = self.platform.graph.resource(target.address)
        name = repository.value("name") if repository else None
        for rule in self.platform.graph.of_type("aws_ecr_pull_through_cache_rule"):
            prefix = rule.value("ecr_repository_prefix")
            if (
                isinstance(name, Known)
                and isinstance(prefix, Known)
                and str(name).startswith(f"{prefix}/")
            ):
                return True
        return False

    def is_pushed(self, target: Target) -> bool:
        graph = self.platform.graph
        return any(
            graph.depends_on(self.service.address, pusher.address)
            for pusher in self.platform.pushers.into(target.address)
        )

    def judge_lookup(self, target: Target) -> Finding | None:
        lookup = self.platform.graph.resource(target.address)
        if lookup is None:
            return None
        if not lookup.is_deferred:
            return self.passed(
                f"{target.address} found the image while planning",
                Note(Level.INFO, "the lookup gates the service: without an image there is no plan"),
            )
        created = [
            each
            for each in self.platform.graph.resolve(
                lookup, "repository_name", ["aws_ecr_repository"]
            ).targets
            if self.is_created(each)
        ]
        if not created:
            return None
        steps = (
            *self.lead,
            *steps_to(self.definition, "container_definitions", target, "read only during apply"),
            *steps_to(lookup, "repository_name", created[0], "created by this plan, empty")[1:],
        )
        return fail(
            self.service.address,
            f"this service will not be reached: its image comes from {created[0].address}, which "
            f"this plan creates, and {target.address} looks for it before anyone can push (PS601)",
            path=steps,
            certainty=certainty_of(target, created[0]),
            **self._common(created[0]),
        )

    def judge_created(self, uncured: list[Target]) -> Finding:
        others = [target for target in self.images.repositories if not self.is_created(target)]
        if not self.images.is_known and (self.images.others or others):
            may = ", ".join((*self.images.others, *(target.address for target in others)))
            return self.unknown(
                f"the image may come from {uncured[0].address}, which this plan creates, or from "
                f"{may}",
            )
        first = uncured[0]
        if not self.images.is_known and self.images.unresolved and len(uncured) > 1:
            return self.unknown("; ".join(self.images.unresolved))
        pushers = self.platform.pushers.into(first.address)
        order = (
            f"; {pushers[0].address} pushes, but nothing makes the service wait for it"
            if pushers
            else ""
        )
        verb = "replaces, which empties it" if self._is_replaced(first) else "creates"
        steps = (
            *self.lead,
            *steps_to(
                self.definition,
                "container_definitions",
                first,
                f"this plan {verb}: no image is in it when the task starts",
            ),
        )
        return fail(
            self.service.address,
            f"no task of this service will start: its image comes from {first.address}, which this "
            f"plan {verb}, so nothing is in it when ECS pulls{order}",
            path=steps,
            certainty=self._certainty(uncured),
            notes=self._effects(),
            **self._common(first),
        )

    def _certainty(self, uncured: list[Target]) -> Certainty:
        if len(uncured) > 1 and not self.images.is_known:
            return Certainty.INFERRED
        return certainty_of(self.task, *uncured)

    def _is_replaced(self, target: Target) -> bool:
        repository = self.platform.graph.resource(target.address)
        return repository is not None and "delete" in repository.actions

    def _common(self, repository: Target) -> dict[str, Any]:
        resource = self.platform.graph.resource(repository.address)
        name = resource.value("name") if resource else Unknown()
        shown = str(name) if isinstance(name, Known) else repository.address
        tag = "latest"
        if self.images.containers:
            tag = self.images.containers[0].shown_image.rpartition(":")[2]
        return {
            "symptom": SYMPTOM.format(repository=shown, tag=tag),
            "strikes": Phase.TASK_START,
            "cause": repository.address,
            "fix": FIX % (resource.config_address if resource else repository.address),
        }

    def _effects(self) -> tuple[Note, ...]:
        resource = self.service.resource
        if resource.value("wait_for_steady_state") == Known(value=True):
            text = "wait_for_steady_state is on: the apply hangs until it times out, then fails"
        else:
            text = "the apply ends green, and the service never gets a task"
        notes = [Note(Level.INFO, text)]
        if resource.value("deployment_circuit_breaker[0].enable") == Known(value=True):
            notes.append(
                Note(
                    Level.INFO,
                    "the circuit breaker fails the first deployment, with nothing to roll back to",
                )
            )
        return tuple(notes)

    def passed(self, message: str, *notes: Note) -> Finding:
        found = (*self.images.lookups, *self.images.repositories)
        path = (
            (*self.lead, *steps_to(self.definition, "container_definitions", found[0]))
            if found
            else (*self.lead, Step(self.definition.address, "container_definitions"))
        )
        return passed(
            self.service.address,
            message,
            path=path,
            notes=notes,
            certainty=certainty_of(self.task, *found),
        )

    def unknown(self, why: str) -> Finding:
        return undetermined(
            self.service.address,
            f"the image of {self.definition.address} is known only after apply: {why}",
            path=(*self.lead, Step(self.definition.address, "container_definitions")),
        )
