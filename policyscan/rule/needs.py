"""What a task needs before its containers start: the AWS calls its execution role must allow."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from policyscan.graph import ResourceGraph
from policyscan.plan import Resource
from policyscan.rule.containers import DEFINITIONS, Container, ImageOrigin, Images, TaskImages
from policyscan.rule.documents import Documents
from policyscan.rule.image import ImageError, parse_image
from policyscan.rule.logs import Logging, Logs
from policyscan.rule.policy import ACCOUNT, Wanted
from policyscan.rule.secrets import PARAMETER, SECRET, Secrets, SecretSource
from policyscan.rule.settings import called, mappings_in, shown_name

KEY = "aws_kms_key"
_ANY = "arn:*"
_PULL = ("ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
_OPAQUE = {"logDriver": "how its containers log", "environmentFiles": "their environment files"}


class Need(Struct, frozen=True):
    """One call: its action, what it is done on, and what for.

    `kind` is "ecr", "logs", "secrets" or "files". `name` is the container, "" when not told.
    """

    kind: str
    action: str
    wanted: Wanted
    reason: str
    name: str = ""


class TaskNeeds(Struct, frozen=True):
    """The calls of one task definition; `unresolved` says why there may be others."""

    needs: tuple[Need, ...]
    unresolved: tuple[str, ...] = ()


class Needs:
    """What the tasks of a plan need, told from their containers or from the source."""

    def __init__(
        self,
        graph: ResourceGraph,
        images: Images,
        logs: Logs,
        secrets: Secrets,
        documents: Documents,
    ) -> None:
        self._graph = graph
        self._images = images
        self._logs = logs
        self._secrets = secrets
        self._documents = documents

    def of(self, definition: Resource) -> TaskNeeds:
        """The calls that start a task."""
        images = self._images.of(definition)
        if images.invalid:
            return TaskNeeds((), (f"{definition.address}: {images.invalid}",))
        logging = self._logs.of(definition)
        secrets = self._secrets.of(definition)
        needs = [
            *self._pulls(images),
            *(need for each in logging or () for need in self._log_calls(each)),
            *(need for each in secrets for need in self._reads(each)),
            *(need for each in images.containers for need in _files(each)),
        ]
        doubts = [self.why_opaque(definition), *map(_doubt, images.origins)]
        doubts += [f"where {each.called} comes from" for each in secrets if not each.service]
        if not images.is_known:
            doubts += self._untold(definition, logging)
        return TaskNeeds(tuple(dict.fromkeys(needs)), tuple(dict.fromkeys(filter(None, doubts))))

    def _untold(self, definition: Resource, logging: tuple[Logging, ...] | None) -> Iterator[str]:
        """What the source has in the containers and does not tell."""
        where = f"{definition.address}.{DEFINITIONS} is known only after apply"
        for key, what in _OPAQUE.items():
            is_told = key == "logDriver" and logging is not None
            if not is_told and self._graph.members(definition, DEFINITIONS, key):
                yield f"{where}: {what}"

    def why_opaque(self, definition: Resource) -> str:
        """Why the containers may hold more than what is told, "" when they cannot."""
        if self._images.of(definition).is_known:
            return ""
        where = f"{definition.address}.{DEFINITIONS} is known only after apply"
        members = self._graph.members(definition, DEFINITIONS, "name")
        if members is None:
            return f"{where}; {self._graph.advice}"
        loose = "; ".join(members.rest.unresolved)
        return f"{where}: {loose or 'a part of it is not told'}" if members.rest.targets else ""

    # -- images -------------------------------------------------------------------------------

    def _pulls(self, images: TaskImages) -> Iterator[Need]:
        names = [shown_name(container) for container in images.containers]
        for index, origin in enumerate(images.origins):
            wanted = self._repository(origin)
            if wanted is None or _doubt(origin):
                continue
            name = names[index] if images.is_known else ""
            reason = f"{called(name)} pulls {origin.shown or 'its image'} from private ECR"
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

    def _log_calls(self, logging: Logging) -> Iterator[Need]:
        if logging.driver != "awslogs":
            return
        group = self._logs.group(logging)
        arn = "arn:*:logs:*:*:log-group:" + (group.name if group.is_named else "*")
        if group.resource is not None:
            arn = self._documents.arn_of(group.resource.address, "arn")
        name = logging.container
        reason = f"{called(name)} logs with awslogs"
        for action in _LOG:
            yield Need("logs", action, Wanted(f"{arn}:log-stream:*"), reason, name)
        if logging.option("awslogs-create-group") == "true":
            reason = f"{called(name)} has awslogs-create-group"
            yield Need("logs", "logs:CreateLogGroup", Wanted(f"{arn}*"), reason, name)

    # -- secrets ------------------------------------------------------------------------------

    def _reads(self, secret: SecretSource) -> Iterator[Need]:
        if not secret.service:
            return
        owner = self._secrets.owner_of(secret)
        is_secret = secret.service == "secretsmanager"
        action = "secretsmanager:GetSecretValue" if is_secret else "ssm:GetParameters"
        reason = f"{called(secret.container)} reads {secret.called}"
        yield Need("secrets", action, self._wanted(secret, owner), reason, secret.container)
        path = "kms_key_id" if is_secret else "key_id"
        keys = self._graph.resolve(owner, path, [KEY]).targets if owner is not None else ()
        if len(keys) == 1:
            key = Wanted(self._documents.arn_of(keys[0].address, "arn"), keys[0].address)
            reason = f"{reason}, which {keys[0].address} encrypts"
            yield Need("secrets", "kms:Decrypt", key, reason, secret.container)

    def _wanted(self, secret: SecretSource, owner: Resource | None) -> Wanted:
        if owner is not None and owner.type in {SECRET, PARAMETER}:
            return Wanted(self._documents.arn_of(owner.address, "arn"), owner.address)
        if secret.service == "secretsmanager":
            # A database names the secret it keeps by itself.
            return Wanted(f"{secret.arn}*" if secret.arn else "arn:*:secretsmanager:*:*:secret:*")
        if secret.arn.startswith("arn:"):
            return Wanted(secret.arn)
        return Wanted(f"arn:*:ssm:*:*:parameter/{secret.arn.lstrip('/')}")


def _doubt(origin: ImageOrigin) -> str:
    """Why it cannot be told whether an image comes from private ECR, "" where it can."""
    if origin.unresolved:
        return f"where an image comes from is not in the plan: {origin.unresolved[0]}"
    led = (*origin.repositories, *origin.lookups)
    if led and (origin.may_differ or not origin.is_image):
        return f"an image may come from {led[0].address} or from elsewhere"
    return ""


def _files(container: Container) -> Iterator[Need]:
    """The calls that fetch environment files."""
    for file in mappings_in(container.settings, "environmentFiles"):
        value = file.get("value")
        arn = value if isinstance(value, str) else _ANY
        name = shown_name(container)
        reason = f"{called(name)} takes an environment file"
        yield Need("files", "s3:GetObject", Wanted(arn), reason, name)
        bucket = Wanted(arn.partition("/")[0])
        yield Need("files", "s3:GetBucketLocation", bucket, reason, name)
