"""Secrets that containers read: where each comes from, and whether a value is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from heapq import merge

from msgspec import Struct

from policyscan.graph import WRITTEN, Confidence, Resolution, ResourceGraph, Target
from policyscan.plan import Absent, Known, Resource, Template, Unknown, Value, decode_json
from policyscan.rule.containers import DEFINITIONS, Container, Images
from policyscan.rule.settings import SENSITIVE, mapping_in, mappings_in, shown_name

SECRET = "aws_secretsmanager_secret"  # noqa: S105 - a type
VERSION = "aws_secretsmanager_secret_version"
PARAMETER = "aws_ssm_parameter"
ROTATION = "aws_secretsmanager_secret_rotation"
_TYPES = (SECRET, VERSION, PARAMETER)
_KEYS = ("valueFrom", "credentialsParameter")
_VALUES = ("secret_string", "secret_string_wo", "secret_binary")
_ARN = re.compile(r"(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::([^:]*))?")


class SecretSource(Struct, frozen=True):
    """Where a secret of a container comes from.

    `arn` is the ARN or name that is written, `target` the instance it leads to; without both
    nobody can tell. `key` is the JSON key taken out of the secret, "" for the whole or when not
    told. `service` is "secretsmanager" or "ssm". `name` and `container` are "" when not told.
    """

    service: str = ""
    arn: str = ""
    target: Target | None = None
    key: str = ""
    name: str = ""
    container: str = ""

    @property
    def called(self) -> str:
        """The secret as a message may call it."""
        return f"the secret {self.name}" if self.name else "a secret"

    @property
    def shown_key(self) -> str:
        """The JSON key as a message may say it."""
        return SENSITIVE if self.container == SENSITIVE else self.key


class Values(Struct, frozen=True):
    """What may give a secret its value: its `versions`, and why there may be others."""

    versions: tuple[Resource, ...] = ()
    rotations: tuple[Resource, ...] = ()
    why: str = ""


class Secrets:
    """The secrets and parameters of a plan."""

    def __init__(self, graph: ResourceGraph, images: Images) -> None:
        self._graph = graph
        self._images = images

    # -- where they come from -----------------------------------------------------------------

    def of(self, definition: Resource) -> tuple[SecretSource, ...]:
        """The secrets of a task's containers, of their log drivers and private registries.

        What is known only after apply is told as far as the source is at hand.
        """
        images = self._images.of(definition)
        if images.is_known:
            return tuple(each for one in images.containers for each in self._in(one))
        members = [self._graph.members(definition, DEFINITIONS, key) for key in _KEYS]
        return tuple(self._written(each) for one in members if one for each in one.values)

    def _in(self, container: Container) -> Iterator[SecretSource]:
        settings = container.settings
        logging = mapping_in(settings, "logConfiguration")
        listed = (*mappings_in(settings, "secrets"), *mappings_in(logging, "secretOptions"))
        given = [(str(one.get("name")), one.get("valueFrom")) for one in listed]
        registry = mapping_in(settings, "repositoryCredentials")
        given.append(("repositoryCredentials", registry.get("credentialsParameter")))
        for name, text in given:
            shown = SENSITIVE if container.is_sensitive else name
            if isinstance(text, Template):
                yield self._completed(text, shown, shown_name(container))
            elif isinstance(text, str):
                yield self._named(text, shown, shown_name(container))

    def _completed(self, text: Template, name: str, container: str) -> SecretSource:
        """A secret whose ARN another resource gives; what follows it may pick a key."""
        first = text.parts[0]
        if isinstance(first, str) or not first.address:
            return SecretSource(name=name, container=container)
        target = Target(first.address, first.attribute, Confidence.EXACT)
        rest = text.filled(lambda _: "\0").partition("\0")[2]
        key = rest.lstrip(":").partition(":")[0]
        return self._led(target, key, name, container)

    def _led(
        self, target: Target, key: str = "", name: str = "", container: str = ""
    ) -> SecretSource:
        """The secret a reference leads to, where it is one."""
        resource = self._graph.resource(target.address)
        is_made_by_rds = target.attribute.startswith("master_user_secret")
        if resource is None or not (resource.type in _TYPES or is_made_by_rds):
            return SecretSource(name=name, container=container)
        service = "ssm" if resource.type == PARAMETER else "secretsmanager"
        return SecretSource(service, "", target, key, name, container)

    def _named(self, text: str, name: str = "", container: str = "") -> SecretSource:
        """A secret by its ARN, a parameter by its name or ARN; both may be of this plan."""
        match = _ARN.match(text)
        arn, key = (match[1], match[2] or "") if match else (text, "")
        service = "secretsmanager" if match else "ssm"
        if (resource := self._by_name.get(Known(arn))) is not None:
            target = Target(resource.address, "arn", Confidence.EXACT)
            return SecretSource(service, arn, target, key, name, container)
        return SecretSource(service, arn, None, key, name, container)

    @cached_property
    def _by_name(self) -> Mapping[Value, Resource]:
        """The first secret of each ARN, and the first parameter of each ARN or name."""
        found: dict[Value, Resource] = {}
        for resource in (*self._graph.of_type(*_TYPES), *self._graph.data_of_type(*_TYPES)):
            for path in ("arn", "name") if resource.type == PARAMETER else ("arn",):
                found.setdefault(resource.value(path), resource)
        return found

    def _written(self, found: Resolution) -> SecretSource:
        """What the source tells of a secret."""
        led = [self._led(target) for target in found.targets if target.is_sure]
        sources = [source for source in led if source.target is not None]
        texts = [value for name, value in found.literals if name == WRITTEN]
        if len(sources) == 1 and not found.unresolved and not found.is_chosen:
            return sources[0]
        if not found.targets and not found.unresolved and len(texts) == len(found.literals) == 1:
            (text,) = texts
            return self._named(str(text.value)) if isinstance(text, Known) else SecretSource()
        return SecretSource()

    def owner_of(self, source: SecretSource) -> Resource | None:
        """The secret or parameter itself, or the database that keeps it; None outside the plan."""
        if source.target is None:
            return None
        resource = self._graph.resource(source.target.address)
        if resource is not None and resource.type == VERSION:
            owners = self._graph.resolve(resource, "secret_id", [SECRET]).targets
            owner = self._graph.resource(owners[0].address) if len(owners) == 1 else None
            return owner or resource
        return resource

    # -- their values -------------------------------------------------------------------------

    def values(self, secret: Resource) -> Values:
        """What gives a secret its value in this plan."""
        why: list[str] = []
        versions = tuple(self._joined(VERSION, secret, why))
        return Values(
            tuple(each for each in versions if _has_value(each)),
            tuple(self._joined(ROTATION, secret, why)),
            why[0] if why else "",
        )

    def _joined(self, kind: str, secret: Resource, why: list[str]) -> Iterator[Resource]:
        joins = self._graph.joins({kind: "secret_id"}, [SECRET])
        unsure = []
        for each, edges in joins.to(secret.address):
            # Of several edges to one secret the last says how sure it is.
            if edges[-1].confidence is Confidence.AMBIGUOUS:
                unsure.append(each)
            elif not each.is_deleted:
                yield each
        every = merge(unsure, joins.loose, key=lambda each: each.address)
        first = next((each for each in every if not each.is_deleted), None)
        if first is not None:
            why.append(f"which secret {first.address} belongs to is not in the plan")


def _has_value(version: Resource) -> bool:
    return any(not isinstance(version.value(name), Absent) for name in _VALUES)


def keys_of(version: Resource) -> frozenset[str] | None:
    """The keys of the JSON object a version holds; None when its value is not told.

    A text that is no JSON object has no keys.
    """
    try:
        match version.value("secret_string"):
            case Known(str() as text):
                decoded = decode_json(text)
            case Unknown(template=Template(is_derived=False) as template):
                decoded = decode_json(template)
            case _:
                return None
    except ValueError:
        return frozenset()
    return frozenset(decoded) if isinstance(decoded, dict) else frozenset()
