"""Secrets Manager secrets and SSM parameters: whether a value is there, and who waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from policyscan.graph import Confidence, ResourceGraph
from policyscan.plan import Absent, Known, Resource, Unknown

SECRET = "aws_secretsmanager_secret"  # noqa: S105 - a type
VERSION = "aws_secretsmanager_secret_version"
PARAMETER = "aws_ssm_parameter"
ROTATION = "aws_secretsmanager_secret_rotation"
_VALUES = ("secret_string", "secret_string_wo", "secret_binary", "secret_string_wo_version")


@dataclass(frozen=True, slots=True)
class Values:
    """What may give a secret its value: its `versions`, and why there may be others."""

    versions: tuple[Resource, ...] = ()
    rotations: tuple[Resource, ...] = ()
    why: str = ""


class Secrets:
    """Which versions a plan gives to which secrets."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph

    def values(self, secret: Resource) -> Values:
        """What gives a secret its value in this plan."""
        why: list[str] = []
        versions = tuple(self._of(VERSION, secret, why))
        return Values(
            tuple(each for each in versions if _has_value(each)),
            tuple(self._of(ROTATION, secret, why)),
            why[0] if why else "",
        )

    def _of(self, kind: str, secret: Resource, why: list[str]) -> Iterator[Resource]:
        for each in self._graph.of_type(kind):
            if each.is_deleted:
                continue
            found = self._graph.resolve(each, "secret_id", [SECRET])
            ends = {target.address: target.confidence for target in found.targets}
            if ends.get(secret.address) is Confidence.AMBIGUOUS or (found.is_open and not ends):
                why.append(f"which secret {each.address} belongs to is not in the plan")
            elif secret.address in ends:
                yield each


def _has_value(version: Resource) -> bool:
    return any(not isinstance(version.value(name), Absent) for name in _VALUES)


def keys_of(version: Resource) -> frozenset[str] | None:
    """The keys of the JSON object a version holds; None when its value is not told.

    A text that is no JSON object has no keys.
    """
    match version.value("secret_string"):
        case Known(str() as text):
            try:
                decoded = json.loads(text)
            except ValueError:
                return frozenset()
            return frozenset(decoded) if isinstance(decoded, dict) else frozenset()
        case Unknown(template=template) if template is not None and not template.is_derived:
            try:
                decoded = template.decoded()
            except ValueError:
                return frozenset()
            return frozenset(decoded) if isinstance(decoded, dict) else frozenset()
    return None
