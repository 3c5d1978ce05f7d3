"""What a task needs before its containers start: the AWS calls its execution role must allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policyscan.graph import WRITTEN, Confidence, ResourceGraph, Target
from policyscan.plan import Known, Resource, Template
from policyscan.rule.containers import DEFINITIONS, Container, ImageOrigin, Images, TaskImages
from policyscan.rule.documents import Documents
from policyscan.rule.image import ImageError, parse_image
from policyscan.rule.policy import ACCOUNT, Wanted

SECRETS = ("aws_secretsmanager_secret", "aws_secretsmanager_secret_version", "aws_ssm_parameter")
KEY = "aws_kms_key"
_SECRET_ARN = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+")
_PULL = ("ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
SENSITIVE = "(sensitive)"
"""What stands for a text of container definitions that are marked sensitive."""
_ANY = "arn:*"
_EXACT = Confidence.EXACT
_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, slots=True)
class Need:
    """One call: its action, what it is done on, and what for.

    `kind` is "ecr", "logs", "secrets" or "files". `name` is the container, "" when not told.
    """

    kind: str
    action: str
    wanted: Wanted
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class TaskNeeds:
    """The calls of one task definition; `unresolved` says why there may be others."""

    needs: tuple[Need, ...]
    unresolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret of a container comes from.

    `text` is what is written, `target` the instance it leads to. `key` is the JSON key taken out
    of the secret, "" for the whole, None when not told. `service` is "secretsmanager" or "ssm".
    """

    name: str
    container: str
    text: str | None
    target: Target | None
    service: str
    key: str | None = ""

    @property
    def called(self) -> str:
        """The secret as a message may call it."""
        return f"the secret {self.name}" if self.name else "a secret"

    @property
    def shown_key(self) -> str:
        """The JSON key as a message may say it."""
        return SENSITIVE if self.container == SENSITIVE else self.key or ""


class Needs:
    """What the tasks of a plan need, told from their containers or from the source."""

    def __init__(self, graph: ResourceGraph, images: Images, documents: Documents) -> None:
        self._graph = graph
        self._images = images
        self._documents = documents

    def of(self, definition: Resource) -> TaskNeeds:
        """The calls that start a task."""
        images = self._images.of(definition)
        if images.invalid:
            return TaskNeeds((), (f"{definition.address}: {images.invalid}",))
        needs = [*self._pulls(images), *self._logs(images)]
        needs += [need for secret in self.secrets(definition) for need in self._reads(secret)]
        for container in images.containers:
            needs += _files(container)
        doubts = (self.why_opaque(definition), *map(_doubt, images.origins))
        return TaskNeeds(tuple(dict.fromkeys(needs)), tuple(dict.fromkeys(filter(None, doubts))))

    def why_opaque(self, definition: Resource) -> str:
        """Why the containers may need more than what is told, "" when they cannot."""
        if self._images.of(definition).is_known:
            return ""
        where = f"{definition.address}.{DEFINITIONS} is known only after apply"
        members = self._graph.members(definition, DEFINITIONS, "name")
        if members is None:
            return f"{where}: give --source-dir"
        loose = "; ".join(members.rest.unresolved)
        return f"{where}: {loose or 'a part of it is not told'}" if members.rest.targets else ""

    # -- images -------------------------------------------------------------------------------

    def _pulls(self, images: TaskImages) -> Iterator[Need]:
        names = [_name(container) for container in images.containers]
        for index, origin in enumerate(images.origins):
            wanted = self._repository(origin)
            if wanted is None or _doubt(origin):
                continue
            name = names[index] if images.is_known else ""
            reason = f"{_called(name)} pulls {origin.shown or 'its image'} from private ECR"
            yield Need("ecr", "ecr:GetAuthorizationToken", ACCOUNT, reason, name)
            for action in _PULL:
                yield Need("ecr", action, wanted, reason, name)

    def _repository(self, origin: ImageOrigin) -> Wanted | None:
        """The repository an image is pulled from, None when it is not private ECR."""
        for target in origin.repositories:
            return Wanted(self._documents.arn_of(target.address, "arn"), target.address)
        if origin.lookups:
            return Wanted("arn:*:ecr:*:*:repository/*")
        text = origin.text
        if text is None or not isinstance(text.value, str):
            return None
        try:
            image = parse_image(text.value)
        except ImageError:
            return None
        if not image.is_private_ecr:
            return None
        return Wanted(f"arn:*:ecr:{image.region}:{image.account}:repository/{image.repository}")

    # -- logs ---------------------------------------------------------------------------------

    def _logs(self, images: TaskImages) -> Iterator[Need]:
        for name, options in self._awslogs(images):
            group = self._group_of(options.get("awslogs-group"))
            reason = f"{_called(name)} logs with awslogs"
            for action in _LOG:
                yield Need("logs", action, Wanted(f"{group}:log-stream:*"), reason, name)
            if options.get("awslogs-create-group") == "true":
                reason = f"{_called(name)} has awslogs-create-group"
                yield Need("logs", "logs:CreateLogGroup", Wanted(f"{group}*"), reason, name)

    def _awslogs(self, images: TaskImages) -> Iterator[tuple[str, dict[str, Any]]]:
        for container in images.containers:
            logging = container.settings.get("logConfiguration") or {}
            if logging.get("logDriver") == "awslogs":
                yield _name(container), logging.get("options") or {}
        if not images.is_known and self._written(images.resource, "logDriver") == {"awslogs"}:
            groups = self._graph.members(images.resource, DEFINITIONS, "awslogs-group")
            creates = self._written(images.resource, "awslogs-create-group")
            options = {"awslogs-create-group": "true"} if creates == {"true"} else {}
            ends = [target for each in groups.values for target in each.targets] if groups else []
            yield "", options | ({"awslogs-group": ends[0]} if len(ends) == 1 else {})

    def _group_of(self, named: Any) -> str:
        """The ARN of a log group by what an option says, with wildcards."""
        match named:
            case Target():
                return self._documents.arn_of(named.address, "arn")
            case str():
                return f"arn:*:logs:*:*:log-group:{named}"
            case Template(parts=(part,)) if not isinstance(part, str):
                return self._documents.arn_of(part.address, "arn")
        return "arn:*:logs:*:*:log-group:*"

    def _written(self, definition: Resource, key: str) -> set[str]:
        """The constants the source gives to a key of the container definitions."""
        members = self._graph.members(definition, DEFINITIONS, key)
        literals = [one for each in members.values for one in each.literals] if members else []
        return {
            str(value.value).lower() if isinstance(value.value, bool) else str(value.value)
            for name, value in literals
            if name == WRITTEN and isinstance(value, Known)
        }

    # -- secrets ------------------------------------------------------------------------------

    def secrets(self, definition: Resource) -> tuple[SecretSource, ...]:
        """The secrets of a task's containers, their log drivers and private registries."""
        images = self._images.of(definition)
        if images.is_known:
            return tuple(
                self._source(container, name, text)
                for container in images.containers
                for name, text in _given(container)
            )
        found: list[SecretSource] = []
        for key in ("valueFrom", "credentialsParameter"):
            members = self._graph.members(definition, DEFINITIONS, key)
            for each in members.values if members else ():
                ends = [target for target in each.targets if self._service(target)]
                if len(ends) == 1:
                    source = SecretSource("", "", None, ends[0], self._service(ends[0]), key=None)
                    found.append(source)
        return tuple(found)

    def _source(self, container: Container, name: str, text: str | Template) -> SecretSource:
        if isinstance(text, Template):
            part = text.taken[0] if text.taken else None
            resource = self._graph.resource(part.address) if part else None
            target = Target(part.address, part.attribute, _EXACT) if part and resource else None
            service = self._service(target) if target else ""
            shown = text.filled(lambda _: "\0")
            keys = shown.partition("\0")[2].lstrip(":") if shown.startswith("\0") else ""
            return SecretSource(
                name, _name(container), None, target, service, keys.partition(":")[0]
            )
        is_secret = ":secretsmanager:" in text
        found = self._named(text)
        key = text.split(":")[7] if is_secret and text.count(":") > 6 else ""  # noqa: PLR2004 - an ARN has 7 parts
        service = "secretsmanager" if is_secret else "ssm"
        return SecretSource(name, _name(container), text, found, service, key)

    def _named(self, text: str) -> Target | None:
        """The secret or parameter of this plan that a known text names."""
        whole = _SECRET_ARN.match(text)
        wanted = whole[0] if whole else text
        looked_up = self._graph.data_of_type(*SECRETS)
        for resource in (*self._graph.of_type(*SECRETS), *looked_up):
            if resource.is_deleted:
                continue
            for path in ("arn", "name"):
                value = resource.value(path)
                is_name = path == "name" and resource.type != "aws_ssm_parameter"
                if isinstance(value, Known) and str(value.value) == wanted and not is_name:
                    return Target(resource.address, path, _EXACT)
        return None

    def _service(self, target: Target) -> str:
        resource = self._graph.resource(target.address)
        if resource is None:
            return ""
        if resource.type == "aws_ssm_parameter":
            return "ssm"
        is_made_by_rds = target.attribute.startswith("master_user_secret")
        return "secretsmanager" if resource.type in SECRETS or is_made_by_rds else ""

    def _reads(self, secret: SecretSource) -> Iterator[Need]:
        if not secret.service:
            return
        is_secret = secret.service == "secretsmanager"
        action = "secretsmanager:GetSecretValue" if is_secret else "ssm:GetParameters"
        reason = f"{_called(secret.container)} reads {secret.called}"
        wanted = self._wanted(secret)
        yield Need("secrets", action, wanted, reason, secret.container)
        owner = self._graph.resource(wanted.address)
        path = "key_id" if secret.service == "ssm" else "kms_key_id"
        keys = self._graph.resolve(owner, path, [KEY]).targets if owner is not None else ()
        if len(keys) == 1:
            key = Wanted(self._documents.arn_of(keys[0].address, "arn"), keys[0].address)
            reason = f"{reason}, which {keys[0].address} encrypts"
            yield Need("secrets", "kms:Decrypt", key, reason, secret.container)

    def _wanted(self, secret: SecretSource) -> Wanted:
        if secret.target is not None:
            owner = self.owner_of(secret.target)
            arn = self._documents.arn_of(owner, "arn")
            return Wanted(arn, owner)
        text = secret.text or ""
        if secret.service == "secretsmanager":
            whole = _SECRET_ARN.match(text)
            return Wanted(f"{whole[0]}*" if whole else _ANY)
        if text.startswith("arn:"):
            return Wanted(text)
        return Wanted(f"arn:*:ssm:*:*:parameter/{text.lstrip('/')}")

    def owner_of(self, target: Target) -> str:
        """The secret a target belongs to: a version is not what policies speak of."""
        resource = self._graph.resource(target.address)
        if resource is not None and resource.type == "aws_secretsmanager_secret_version":
            secrets = self._graph.resolve(resource, "secret_id", SECRETS).targets
            if len(secrets) == 1:
                return secrets[0].address
        return target.address


def _doubt(origin: ImageOrigin) -> str:
    """Why it cannot be told whether an image comes from private ECR, "" where it can."""
    if origin.unresolved:
        return f"where an image comes from is not in the plan: {origin.unresolved[0]}"
    led = (*origin.repositories, *origin.lookups)
    if led and (origin.may_differ or not origin.is_image):
        return f"an image may come from {led[0].address} or from elsewhere"
    return ""


def _called(name: str) -> str:
    return f"container {name}" if name else "a container"


def _name(container: Container) -> str:
    return SENSITIVE if container.is_sensitive else container.name


def _given(container: Container) -> Iterator[tuple[str, str | Template]]:
    """Name and place of each secret in a container's settings."""
    settings = container.settings
    logging = settings.get("logConfiguration") or {}
    listed = (*(settings.get("secrets") or ()), *(logging.get("secretOptions") or ()))
    for secret in listed:
        if isinstance(secret, dict) and isinstance(secret.get("valueFrom"), str | Template):
            shown = SENSITIVE if container.is_sensitive else str(secret.get("name"))
            yield shown, secret["valueFrom"]
    registry = (settings.get("repositoryCredentials") or {}).get("credentialsParameter")
    if isinstance(registry, str | Template):
        yield "repositoryCredentials", registry


def _files(container: Container) -> Iterator[Need]:
    """The calls that fetch environment files."""
    for file in container.settings.get("environmentFiles") or ():
        value = file.get("value") if isinstance(file, dict) else None
        arn = value if isinstance(value, str) else _ANY
        name = _name(container)
        reason = f"{_called(name)} takes an environment file"
        yield Need("files", "s3:GetObject", Wanted(arn), reason, name)
        bucket = Wanted(arn.partition("/")[0])
        yield Need("files", "s3:GetBucketLocation", bucket, reason, name)
