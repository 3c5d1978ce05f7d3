"""An image must be built for the processor its task runs on.

A task definition without `runtime_platform` runs on X86_64. An image built on a laptop with an ARM
processor, without `--platform`, does not start there. Where this plan builds the image itself, by
a `local-exec` command or a `docker_image`, both sides can be compared.

## Why
The build works, the push works, and the first container stops at once.

## Fix
```hcl
provisioner "local-exec" {
  command = "docker build --platform linux/amd64 -t ${aws_ecr_repository.app.repository_url}:1 ."
}
```

or, for Graviton, `runtime_platform { cpu_architecture = "ARM64" }` and `--platform linux/arm64`.

## When unknown
`cpu_architecture` is known only after apply. Images that are built elsewhere are not judged, and
neither are builds that do not say what they are for: those carry a note.

## Source
Amazon ECS Developer Guide, "Task definitions for 64-bit ARM workloads".
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
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
    block,
    certainty_of,
    edit,
    effective,
    fail,
    not_applicable,
    passed,
    replace,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS605",
    name="image-architecture-mismatch",
    group="IMG",
    severity=Severity.MEDIUM,
    title="Images are built for the processor their task runs on",
    types=("aws_ecs_task_definition",),
)

AT = "container_definitions"
ARCHITECTURE = "runtime_platform[0].cpu_architecture"
BUILT_FOR = {"X86_64": "amd64", "ARM64": "arm64"}
SYMPTOM = (
    "CannotPullContainerError: image Manifest does not contain descriptor matching platform "
    "'%s', or exec format error in the container's log"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per task definition."""
    for definition in platform.task_definitions:
        findings = [
            _judge(definition, target, pusher, platforms, platform)
            for origin in platform.images.of(definition).origins
            for target in origin.repositories
            for pusher in platform.pushers.into(target.address)
            if (platforms := platform.pushers.platforms(pusher)) is not None
        ]
        none = not_applicable(
            definition.address, "nothing in this plan is seen to build its images"
        )
        found = worst(findings) if findings else none
        yield replace(found, notes=(*found.notes, *_spot_windows(definition, platform)))


def _judge(
    definition: Resource,
    target: Target,
    pusher: Resource,
    platforms: tuple[str, ...],
    platform: Platform,
) -> Finding:
    address = definition.address
    architecture = effective(definition, ARCHITECTURE)
    if not isinstance(architecture, Known):
        why = f"{address}.{ARCHITECTURE} is known only after apply; {platform.graph.advice}"
        return undetermined(address, why, at=ARCHITECTURE)
    system = "windows" if _is_windows(definition) else "linux"
    wanted = f"{system}/{BUILT_FOR.get(str(architecture), '')}"
    path = (
        Step(address, AT, f"runs on {architecture}"),
        Step(target.address, target.attribute, "holds the image"),
        Step(pusher.address, "", f"builds for {', '.join(platforms) or 'where it runs'}"),
    )
    if not platforms:
        text = f"{pusher.address} does not say what it builds for: add --platform {wanted}"
        note = Note(Level.INFO, text)
        return passed(address, f"it runs on {architecture}", path=path, notes=(note,))
    if any(each == wanted or each.startswith(f"{wanted}/") for each in platforms):
        return passed(address, f"{pusher.address} builds for {wanted}", path=path)
    if target.confidence is Confidence.AMBIGUOUS:
        why = f"whether {pusher.address} builds its image is not in the plan"
        return undetermined(address, f"{why}; {platform.graph.advice}", path=path)
    return fail(
        address,
        f"{address} runs on {architecture}, and {pusher.address} builds its image for "
        f"{', '.join(platforms)}",
        path=path,
        certainty=certainty_of(target),
        symptom=SYMPTOM % wanted,
        strikes=Phase.TASK_START,
        cause=pusher.address,
        fix=f"build with --platform {wanted} in {pusher.address}, or run the task on what it "
        "builds for",
        snippet=edit(
            definition,
            block(
                "runtime_platform",
                f'cpu_architecture = "{"ARM64" if str(architecture) == "X86_64" else "X86_64"}"',
            ),
        ),
    )


def _is_windows(definition: Resource) -> bool:
    family = effective(definition, "runtime_platform[0].operating_system_family")
    return isinstance(family, Known) and str(family.value).startswith("WINDOWS")


def _spot_windows(definition: Resource, platform: Platform) -> Iterator[Note]:
    """Services that ask for Windows tasks where there are none."""
    if not _is_windows(definition):
        return
    for service in platform.services_of(definition):
        names = (
            service.resource.value(f"capacity_provider_strategy[{index}].capacity_provider")
            for index in range(len(service.resource.elements("capacity_provider_strategy")))
        )
        if Known("FARGATE_SPOT") in names:
            text = f"{service.address} asks for FARGATE_SPOT, which has no Windows tasks"
            yield Note(Level.WARNING, text)
