"""Edges by known values: an id, an ARN or a name that belongs to an instance of the plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from policyscan.graph.target import Confidence, Target
from policyscan.plan import Known, Plan, Resource

_UNIQUE = ("arn", "id")
"""Attributes whose values name one resource, whatever its type, when they look like `_ISSUED`."""

_ISSUED = re.compile(r"arn:aws[\w-]*:\S+|[a-z]+(?:-[a-z]+)*-[0-9a-f]{8,17}")
"""An ARN or an id AWS issued; many types repeat their name as id, which is no identity."""

_NAMES = ("name", "bucket", "family", "function_name", "identifier", "cluster_identifier")
"""Attributes that name a resource among those of its type."""

_SHORTEST = 3
"""A shorter value is too common to find inside a longer text."""


class Identities:
    """Which instance a known value belongs to."""

    def __init__(self, plan: Plan) -> None:
        self._resources = {r.address: r for r in plan.resources if not r.deposed}
        self._unique: dict[str, Target] = {}
        self._named: dict[tuple[str, str], Target] = {}
        for resource in self._resources.values():
            current = _current(resource)
            for attribute in _UNIQUE:
                for text in _texts(current.get(attribute)):
                    if _ISSUED.fullmatch(text):
                        self._keep(self._unique, text, resource, attribute)
            for attribute in _NAMES:
                for text in _texts(current.get(attribute)):
                    self._keep(self._named, (resource.type, text), resource, attribute)

    def _keep(self, index: dict[Any, Target], key: Any, resource: Resource, attribute: str) -> None:
        known = index.get(key)
        # A data source that looks a managed resource up has its id; the resource is meant.
        if known is None or self._resources[known.address].mode == "data":
            index[key] = Target(resource.address, attribute, Confidence.EXACT)

    def held_by(self, resource: Resource) -> list[tuple[str, Target]]:
        """The attributes of an instance that hold an id or ARN of another one."""
        found = []
        for name, value in _current(resource).items():
            for text in dict.fromkeys(_texts(value)):
                owner = self._unique.get(text)
                if owner is not None and owner.address != resource.address:
                    found.append((name, owner))
        # In order of name, those of one as they stand.
        return sorted(found, key=itemgetter(0))

    def matched(
        self, value: Known, static: tuple[Target, ...], itself: str
    ) -> tuple[tuple[Target, ...], tuple[Known, ...]]:
        """The instances a known value comes from, and the parts of it that come from none.

        A static target stays when its own known value stands in the value; one whose value is
        still unknown cannot have flowed into a known one.
        """
        parts = dict.fromkeys(_texts(value.value))
        if not parts:
            return (), ()
        found: dict[str, Target] = {}
        explained: set[str] = set()
        for target in static:
            texts = tuple(self._shown(target))
            inside = [part for part in parts if any(text in part for text in texts)]
            if inside:
                explained.update(inside)
                found[target.address] = Target(
                    target.address, target.attribute, Confidence.EXACT, target.via
                )
        external = []
        for part in parts:
            owner = self._unique.get(part)
            if owner is not None and owner.address != itself:
                found.setdefault(owner.address, owner)
            elif part not in explained:
                external.append(Known(part, is_sensitive=value.is_sensitive))
        return tuple(found.values()), tuple(external)

    def _shown(self, target: Target) -> Iterator[str]:
        values = _current(self._resources[target.address])
        names = (target.attribute,) if target.attribute else (*_UNIQUE, *_NAMES)
        for name in names:
            for text in _texts(values.get(name.split("[")[0].split(".")[0])):
                if len(text) >= _SHORTEST:
                    yield text

    def named(
        self, values: tuple[Known, ...], types: frozenset[str]
    ) -> tuple[tuple[Target, ...], tuple[Known, ...]]:
        """Instances of the types that a value names, and the values that name none."""
        found = []
        left = []
        for value in values:
            owners = [
                self._named[kind, str(value.value)]
                for kind in sorted(types)
                if (kind, str(value.value)) in self._named
            ]
            found.extend(owners)
            if not owners:
                left.append(value)
        return tuple(found), tuple(left)


def _current(resource: Resource) -> Any:
    return (resource.before if resource.after is None else resource.after) or {}


def _texts(value: Any) -> Iterable[str]:
    """Every string in a value, whatever it is nested in."""
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    return ()
