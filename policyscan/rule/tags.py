"""The tags a resource will have: its own, and the default_tags of its provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from policyscan.graph import ResourceGraph
from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown, Value
from policyscan.plan.attributes import MISSING, child

BLOCKS = "aws_autoscaling_group"
"""Takes `tag` blocks instead of a map; default_tags never reach it."""


class Tags(Struct, frozen=True):
    """The tags of one resource as far as the plan tells.

    `attribute` is where they were read, `values` the tags whose key is known. `absent` are keys
    that are surely missing, None for all that are not in `values`. `is_certain` is False when the
    absence of tags in the plan was taken for their absence. `advice` says what may settle the rest.
    """

    attribute: str
    values: Mapping[str, Value]
    absent: frozenset[str] | None = None
    is_certain: bool = True
    advice: str = "apply first what they wait for"

    def value(self, key: str) -> Value:
        """One tag: Unknown when the plan tells neither its value nor that it is missing."""
        if key in self.values:
            return self.values[key]
        return ABSENT if self.absent is None or key in self.absent else Unknown()


class TagReader:
    """Reads the tags of a plan's resources, each with the help of all others.

    A resource shows its provider's default_tags in `tags_all`, which the provider leaves unknown
    as soon as one tag of the resource is, or when there is none at all; other resources of the
    same provider still show them, and the source shows what stands in the resource itself.
    Source: terraform-provider-aws, verify.SetTagsDiff.
    """

    def __init__(self, graph: ResourceGraph, resources: Iterable[Resource]) -> None:
        self._graph = graph
        self._shown: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
        self._hidden: set[str] = set()
        self._defaults: dict[tuple[str, str], Value] = {}
        self._read: dict[tuple[str, str], tuple[Value, Value]] = {}
        for resource in resources:
            own, whole = self._maps(resource)
            if isinstance(own, Unknown):
                continue
            tags = own.value if isinstance(own, Known) else {}
            if isinstance(whole, Known):
                self._shown.setdefault(_provider(resource), []).append((tags, whole.value))
            elif tags and "" not in tags.values() and not _is_older(resource):
                self._hidden.add(_provider(resource))

    def _maps(self, resource: Resource) -> tuple[Value, Value]:
        """Its own tags, and those it has with its provider's."""
        key = resource.address, resource.deposed
        if key not in self._read:
            self._read[key] = _map(resource, "tags"), _map(resource, "tags_all")
        return self._read[key]

    def of(self, resource: Resource, wanted: Iterable[str]) -> Tags:
        """The tags of a resource; `wanted` are the keys to look for where not all are known."""
        if resource.type == BLOCKS:
            return _of_blocks(resource)
        own, whole = self._maps(resource)
        if isinstance(whole, Known):
            return Tags("tags_all", _known(whole))
        if isinstance(own, Known) and _is_older(resource):
            return Tags("tags", _known(own))
        if isinstance(own, Absent) and _provider(resource) not in self._hidden:
            is_certain = _is_older(resource) or _provider(resource) in self._shown
            return Tags("tags", {}, is_certain=is_certain)
        values, is_open = self._own(resource, own, wanted)
        absent = set()
        for key in wanted:
            if key in values:
                continue
            default = self._default(resource, key)
            if isinstance(default, Known):
                values[key] = Unknown() if is_open else default
            elif isinstance(default, Absent) and not is_open:
                absent.add(key)
        return Tags("tags", values, frozenset(absent), advice=self._graph.advice)

    def _own(
        self, resource: Resource, own: Value, wanted: Iterable[str]
    ) -> tuple[dict[str, Value], bool]:
        """The tags in the resource itself, and whether there may be more of them."""
        if isinstance(own, Known):
            return _known(own), False
        if child(resource.after_unknown, "tags") is True:
            written = self._written(resource)
            return (written or {}), written is None
        read = ((key, resource.value(f'tags["{key}"]')) for key in wanted)
        return {key: value for key, value in read if not isinstance(value, Absent)}, False

    def _written(self, resource: Resource) -> dict[str, Value] | None:
        """The tags as the source gives them, None when it does not tell every key."""
        graph = self._graph
        written = graph.written.expression(resource.module_path, resource.config_address, "tags")
        if written is None or written.shape != "collection" or not written.keyed:
            return None
        found: dict[str, Value] = {}
        for key, inner in written.keyed.items():
            members = graph.members(resource, "tags", key)
            if members is None:
                return None
            flow = members.values[0]
            is_plain = inner[0].shape in {"literal", "reference"} and len(flow.literals) == 1
            found[key] = flow.literals[0][1] if is_plain and not flow.targets else Unknown()
        return found

    def _default(self, resource: Resource, key: str) -> Value:
        """A provider's default of a key: Unknown when no other resource shows it."""
        asked = _provider(resource), key
        if asked not in self._defaults:
            self._defaults[asked] = self._find_default(*asked)
        return self._defaults[asked]

    def _find_default(self, provider: str, key: str) -> Value:
        shown = self._shown.get(provider, ())
        for tags, whole in shown:
            if key in whole and key not in tags:
                return Known(whole[key])
        return ABSENT if any(key not in whole for _, whole in shown) else Unknown()


def _provider(resource: Resource) -> str:
    return resource.provider if resource.config is None else resource.config.provider_key


def _map(resource: Resource, attribute: str) -> Value:
    """A map of tags; a list, as Auto Scaling groups once had under that name, is none."""
    value = resource.value(attribute)
    return ABSENT if isinstance(value, Known) and not isinstance(value.value, dict) else value


def _is_older(resource: Resource) -> bool:
    """Made by a provider before 3.38, which had no default_tags and no `tags_all`."""
    return all(
        child(part, "tags_all") is MISSING for part in (resource.after, resource.after_unknown)
    )


def _known(tags: Known) -> dict[str, Value]:
    return {key: Known(value, tags.is_sensitive) for key, value in tags.value.items()}


def _of_blocks(resource: Resource) -> Tags:
    pairs = tuple(_blocks(resource))
    values = {str(key.value): value for key, value in pairs if isinstance(key, Known)}
    is_open = len(values) < len(pairs)
    return Tags("tag", values, frozenset() if is_open else None)


def _blocks(resource: Resource) -> Iterator[tuple[Value, Value]]:
    # Providers before 5.0 also took a list of the same objects as `tags`.
    for name in ("tag", "tags"):
        for index in range(len(resource.elements(name))):
            block = f"{name}[{index}]"
            yield resource.value(f"{block}.key"), resource.value(f"{block}.value")
