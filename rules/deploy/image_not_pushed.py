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
A part of `container_definitions` is known only after apply, and its references end in a local, or
may be a variable's value instead: give `--source-dir`. Or the plan does not hold the definition.

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
    Service,
    Severity,
    Step,
    Struct,
    Target,
    advised,
    certainty_of,
    fail,
    gated,
    not_applicable,
    passed,
    steps_to,
    undetermined,
    wait_for,
    worst,
)

RULE = Rule(
    id="PS101",
    name="image-not-pushed",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="No service starts from an ECR repository that the same plan creates",
    types=("aws_ecs_service",),
    parameters=(
        Parameter("pushers", (), "addresses of modules that push images, such as module.build"),
    ),
)

TASK = "task_definition"
DEFINITIONS = "container_definitions"
PULL_SYMPTOM = "CannotPullContainerError: ... %s: not found"
LOOKUP_SYMPTOM = (
    "reading ECR Images: ImageNotFoundException: The image with imageId ... does not exist within "
    "the repository with name '%s'"
)
FIX = (
    "have the image there before the service starts, in one of three ways:\n"
    "1. Two phases, as below: apply with the services off, and lookups of their images too; push; "
    "then apply with them on and the pushed digest pinned\n"
    "2. Gate by a lookup: create the repository in an apply of its own and take the digest from a "
    "data source aws_ecr_image; without an image the plan then stops, and breaks nothing\n"
    "3. Placeholder: let a variable name the image, set to a public one until the first push"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform, tuple(parameters["pushers"]))
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")


def _judge(service: Service, platform: Platform, modules: tuple[str, ...]) -> Finding:
    address = service.address
    if service.controller == "EXTERNAL":
        return not_applicable(address, "an EXTERNAL deployment controller starts no tasks itself")
    if platform.starts_nothing(service):
        note = Note(Level.INFO, "desired_count is 0 and no scalable target lifts it")
        return passed(address, "starts no tasks", notes=(note,), at="desired_count")
    tasks = service.task_definitions.targets
    given = service.resource.value(TASK)
    if not tasks and isinstance(given, Known) and given == service.resource.before_value(TASK):
        note = Note(Level.INFO, f"{given} is kept, whatever becomes of its resource")
        return passed(address, "it keeps the task definition that it runs", notes=(note,), at=TASK)
    if not tasks:
        why = "; ".join(service.task_definitions.unresolved) or "it is not in this plan"
        why = f"{address}.{TASK} cannot be judged: {why}; make sure that its image was pushed"
        return undetermined(address, why, at=TASK)
    findings = [_judge_task(service, task, platform, modules) for task in tasks]
    if len({finding.verdict for finding in findings}) > 1:
        names = ", ".join(task.address for task in tasks)
        why = f"which of {names} it runs is not in the plan; {platform.graph.advice}"
        return undetermined(address, why, at=TASK)
    return findings[0]


def _judge_task(
    service: Service, task: Target, platform: Platform, modules: tuple[str, ...]
) -> Finding:
    definition = platform.graph.resource_of(task)
    if definition.mode == "data":
        why = f"the image of {task.address} is not in this plan: make sure that it was pushed"
        return undetermined(service.address, why, at=TASK)
    images = platform.images.of(definition)
    if images.invalid:
        return undetermined(service.address, f"{definition.address}: {images.invalid}", at=TASK)
    if not images.origins:
        return passed(service.address, f"{definition.address} runs no container", at=TASK)
    ways = [_Way(service, task, definition, each, platform, modules) for each in images.origins]
    return worst(way.judge() for way in ways)


class _Way(Struct, frozen=True):
    """From a service over its task definition to one image's origin."""

    service: Service
    task: Target
    definition: Resource
    image: ImageOrigin
    platform: Platform
    modules: tuple[str, ...]

    def judge(self) -> Finding:
        """The verdict on this one image."""
        for lookup in self.image.lookups:
            data = self.platform.graph.resource_of(lookup)
            if data.is_deferred and (finding := self._looked_up(lookup, data)):
                return finding
        repositories = self.image.repositories
        empty = [each for each in repositories if self.platform.images.starts_empty(each.address)]
        if unpushed := [each for each in empty if not self._is_pushed(each)]:
            return self._empty(unpushed)
        if empty:
            text = "the image is pushed during this apply, before the service starts"
            return self._passed(text, empty[0], certainty=Certainty.INFERRED)
        if self.image.lookups:
            lookup = self.image.lookups[0]
            is_late = self.platform.graph.resource_of(lookup).is_deferred
            when = "before the service is made" if is_late else "while planning"
            text = "the lookup gates the service: without an image nothing is made"
            return self._passed(f"{lookup.address} looks for the image {when}", lookup, text)
        if repositories:
            return self._present(repositories[0])
        if self.image.unresolved or not self.image.others:
            return self._open("; ".join(self.image.unresolved) or "it refers to no repository")
        return self._passed("no image comes from a repository this plan creates")

    def _is_pushed(self, target: Target) -> bool:
        """Whether the service waits for what pushes into a repository."""
        pushers = self.platform.pushers
        return bool(pushers.between(self.service.address, target.address, self.modules))

    def _present(self, target: Target) -> Finding:
        if self.platform.graph.resource_of(target).is_created:
            return self._passed("a pull-through cache fills the repository on demand", target)
        text = "whether the tag was pushed is not in a plan"
        return self._passed("the repository exists before this plan", target, text)

    def _looked_up(self, lookup: Target, data: Resource) -> Finding | None:
        """A lookup that only apply makes, in a repository of this plan, gates nothing."""
        named = self.platform.graph.resolve(data, "repository_name", ["aws_ecr_repository"])
        for target in named.targets:
            is_empty = self.platform.images.starts_empty(target.address)
            pushers = self.platform.pushers
            if not is_empty or pushers.between(lookup.address, target.address, self.modules):
                continue
            return self._failed(
                f"this service cannot start: its image comes from {target.address}, which this "
                f"plan creates, and {lookup.address} looks for it before anyone can push (PS601)",
                target,
                (
                    *self._steps(lookup, "read only during apply"),
                    *steps_to(data, "repository_name", target, "created by this plan, empty")[1:],
                ),
                certainty=certainty_of(self.task, lookup, target),
                strikes=Phase.APPLY,
                symptom=LOOKUP_SYMPTOM,
                notes=(Note(Level.INFO, "the apply stops at the lookup, half done"),),
                snippet=gated(data, self.service.resource),
            )
        why = f"what {lookup.address} looks up could not be followed"
        return self._open("; ".join(named.unresolved) or why) if named.is_open else None

    def _empty(self, unpushed: list[Target]) -> Finding:
        first = unpushed[0]
        new = f"{first.address}, which this plan creates"
        others = [t.address for t in self.image.repositories if t not in unpushed]
        if may := ", ".join((*self.image.others, *others)):
            return self._open(f"it may come from {new}, or from {may}")
        if self.image.unresolved and len(unpushed) > 1:
            return self._open("; ".join(self.image.unresolved))
        if self.image.may_differ:
            return self._open(f"it refers to {new}, but may be another")
        repository = self.platform.graph.resource_of(first)
        for filler in self.platform.pushers.fillers(repository):
            before = "make sure that it does so before the service starts"
            return self._open(f"{filler.address} may copy it into {new}", before)
        verb = "replaces" if "delete" in repository.actions else "creates"
        late, cure = "", {}
        for pusher in self.platform.pushers.into(first.address, self.modules)[:1]:
            wait = wait_for(self.platform.graph, self.service.resource, pusher)
            late = f"; {pusher.address} pushes, but the service does not wait for it"
            cure = {"fix": wait.fix, "snippet": wait.snippet}
        is_image = self.image.is_image
        origin = "its image comes from" if is_image else "its container_definitions refer to"
        return self._failed(
            f"no task of this service will start: {origin} {first.address}, which this plan "
            f"{verb}, so nothing is in it when ECS pulls{late}",
            first,
            self._steps(first, f"this plan {verb}: no image is in it when the task starts"),
            certainty=certainty_of(self.task, first)
            if is_image and len(unpushed) == 1
            else Certainty.INFERRED,
            strikes=Phase.TASK_START,
            symptom=PULL_SYMPTOM,
            notes=_effects(self.service.resource),
            **cure,
        )

    def _failed(
        self, message: str, target: Target, path: tuple[Step, ...], *, symptom: str, **details: Any
    ) -> Finding:
        name = self.platform.graph.resource_of(target).value("name")
        return fail(
            self.service.address,
            message,
            path=path,
            symptom=symptom % (name if isinstance(name, Known) else target.address),
            cause=target.address,
            **{"fix": FIX, "snippet": gated(self.service.resource), **details},
        )

    def _steps(self, target: Target, note: str = "") -> tuple[Step, ...]:
        return (*self._here()[:1], *steps_to(self.definition, DEFINITIONS, target, note))

    def _here(self) -> tuple[Step, ...]:
        first = steps_to(self.service.resource, TASK, self.task)[0]
        return (first, Step(self.definition.address, DEFINITIONS))

    def _passed(
        self, message: str, target: Target | None = None, note: str = "", **details: Any
    ) -> Finding:
        ends = (self.task, target) if target else (self.task,)
        return passed(
            self.service.address,
            message,
            path=self._steps(target) if target else self._here(),
            notes=(Note(Level.INFO, note),) if note else (),
            **{"certainty": certainty_of(*ends), **details},
        )

    def _open(self, why: str, advice: str = "") -> Finding:
        why = advised(why, advice or self.platform.graph.advice)
        return undetermined(
            self.service.address,
            f"whether the image of {self.definition.address} is there when a task starts: {why}",
            path=self._here(),
        )


def _effects(service: Resource) -> tuple[Note, ...]:
    """What the failure will look like from outside."""
    texts = ["the apply ends green, and the service never gets a task"]
    if service.value("wait_for_steady_state") == Known(value=True):
        texts = ["wait_for_steady_state is on: the apply hangs until it times out, then fails"]
    if service.value("deployment_circuit_breaker[0].enable") == Known(value=True):
        texts.append("the circuit breaker fails the first deployment, with nothing to go back to")
    return tuple(Note(Level.INFO, text) for text in texts)
