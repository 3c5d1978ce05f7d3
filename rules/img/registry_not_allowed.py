"""Images come from registries one has agreed on.

By default these are the account's own private ECR, ECR Public and Docker Hub. From Docker Hub
everybody behind one NAT gateway pulls as one anonymous user, and shares the limit on pulls: that
is noted, unless the container has `repositoryCredentials`. An image that is only a stand-in, such
as `nginx`, fails where the environment is called production.

## Why
A registry can be slow, limited, or gone when a task has to start, and what is in it may be
anybody's.

## Fix
Copy the image into the account's ECR, or let ECR fetch it by a pull-through cache:

```hcl
resource "aws_ecr_pull_through_cache_rule" "hub" {
  ecr_repository_prefix = "hub"
  upstream_registry_url = "registry-1.docker.io"
  credential_arn        = aws_secretsmanager_secret.hub.arn
}
```

`PS604.registries` lists the hosts that are allowed beside the own private ECR; without any, as in
the profile `production`, images come from there alone, or with credentials of their own. Which
variables name the environment is in `PS604.environments`.

## When unknown
The image is known only after apply and leads to no repository: give `--source-dir`.

## Source
Docker documentation, "Docker Hub pull usage and limits"; Amazon ECR User Guide, "Sync an upstream
registry".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    Verdict,
    fail,
    in_container,
    name_of,
    not_applicable,
    parse_image,
    passed,
    replace,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS604",
    name="registry-not-allowed",
    group="IMG",
    severity=Severity.MEDIUM,
    title="Images come from approved registries",
    types=("aws_ecs_task_definition",),
    parameters=(
        Parameter(
            "registries",
            ("docker.io", "public.ecr.aws"),
            "hosts allowed beside the own private ECR",
        ),
        Parameter(
            "environments",
            ("environment", "environmentSuffix", "environment_suffix", "env", "stage"),
            "variables that may name the environment",
        ),
    ),
)

AT = "container_definitions"
HUB = "docker.io"
STAND_INS = re.compile(
    r"docker\.io/(?:library/(?:alpine|busybox|hello-world|httpd|nginx|ubuntu)|nginxdemos/.*|"
    r"amazon/amazon-ecs-sample)|public\.ecr\.aws/(?:docker/library/.*|nginx/nginx|ecs-sample-image/.*)"
)
STANDS_IN = Note(
    Level.INFO,
    "it is a stand-in: the port it listens on has to be the one the service sends to",
)
PRODUCTION = re.compile(r"prod(?:uction)?|prd|live", re.IGNORECASE)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per task definition."""
    production = _production(platform, parameters["environments"])
    for definition in platform.task_definitions:
        images = platform.images.of(definition)
        if images.invalid:
            why = f"{definition.address}: {images.invalid}"
            yield undetermined(definition.address, why, at=AT)
        elif not images.origins:
            yield not_applicable(definition.address, "it has no container")
        else:
            judge = _Judge(definition, platform, parameters["registries"], production)
            yield worst(judge.image(*each) for each in images.runs)


def _production(platform: Platform, names: tuple[str, ...]) -> str:
    """The variable that says this is production, "" when none does."""
    for name in names:
        value = platform.plan.variables.get(name)
        if isinstance(value, Known) and PRODUCTION.fullmatch(str(value.value)):
            return f"var.{name}"
    return ""


class _Judge:
    """Judges the images of one task definition."""

    def __init__(
        self, definition: Resource, platform: Platform, allowed: tuple[str, ...], production: str
    ) -> None:
        self.definition = definition
        self.address = definition.address
        self.platform = platform
        self.allowed = allowed
        self.production = production

    def image(self, origin: ImageOrigin, container: Container | None) -> Finding:
        """The verdict on the image of one container."""
        if origin.repositories and not origin.may_differ:
            return passed(self.address, "its images come from repositories of the plan", at=AT)
        if origin.text is None or origin.may_differ:
            late = f"an image is known only after apply; {self.platform.graph.advice}"
            why = "; ".join(origin.unresolved) or late
            return undetermined(self.address, f"{self.address}: {why}", at=AT)
        try:
            image = parse_image(str(origin.text.value))
        except ImageError as problem:
            wrong = "it does not parse" if origin.text.is_sensitive else str(problem)
            why = f"an image is no reference: {wrong}; write it as registry/repository:tag"
            return undetermined(self.address, f"{self.address}: {why}", at=AT)
        shown = origin.shown or str(origin.text)
        found = self._parsed(image, shown, is_signed=self._is_signed(container))
        copied = '"${aws_ecr_repository.COPY.repository_url}@DIGEST"'
        made = in_container(self.definition, name_of(container), f"image = {copied}")
        return replace(found, snippet=made) if found.verdict is Verdict.FAIL else found

    def _is_signed(self, container: Container | None) -> bool:
        """Whether a container has credentials of its own, or may have."""
        if container is not None:
            return bool(container.settings.get("repositoryCredentials"))
        found = self.platform.graph.members(self.definition, AT, "credentialsParameter")
        return found is not None

    def _parsed(self, image: Image, shown: str, *, is_signed: bool) -> Finding:
        here = Step(self.address, AT, f"runs {shown}")
        is_stand_in = STAND_INS.fullmatch(f"{image.domain}/{image.repository}") is not None
        if self.production and is_stand_in:
            return fail(
                self.address,
                f"{self.address} runs {shown}, a stand-in, and {self.production} says production",
                severity=Severity.HIGH,
                path=(here, Step(self.production)),
                symptom="users get the stand-in's page",
                strikes=Phase.RUNTIME,
                cause=shown,
                fix="run the application's own image",
            )
        notes: tuple[Note, ...] = (STANDS_IN,) if is_stand_in else ()
        if image.domain == HUB and not is_signed:
            text = (
                "Docker Hub limits anonymous pulls, and all behind one NAT gateway count as one: "
                "toomanyrequests: You have reached your unauthenticated pull rate limit"
            )
            notes += (Note(Level.WARNING, text),)
        if image.is_private_ecr:
            return self._private(image, shown, here)
        if image.domain in self.allowed or is_signed:
            message = f"{shown} comes from {image.domain}" if "(" not in shown else "it is allowed"
            return passed(self.address, message, path=(here,), notes=notes)
        return self._refused(shown, here, image.domain)

    def _private(self, image: Image, shown: str, here: Step) -> Finding:
        accounts = self.platform.accounts
        if accounts and image.account not in accounts and image.domain not in self.allowed:
            return self._refused(shown, here, "another account's ECR")
        return passed(self.address, "it comes from private ECR", path=(here,))

    def _refused(self, shown: str, here: Step, registry: str) -> Finding:
        registry = "its registry" if shown.startswith("(") else registry
        return fail(
            self.address,
            f"{self.address} runs {shown}: {registry} is not among the registries agreed on",
            path=(here,),
            symptom="CannotPullContainerError, once the registry limits, moves or loses the image",
            strikes=Phase.TASK_START,
            cause=shown,
            fix=f"copy {shown} into the account's own ECR and run the copy, or add its registry to "
            "PS604.registries",
        )
