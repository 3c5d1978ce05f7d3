"""What a provider plans for one resource: core's proposal, completed as the plugin SDK would.

The rules are those of terraform-plugin-sdk v2, which most AWS types use: a default stands in for
an unset argument, an unset Optional+Computed argument is unknown on create and kept on update,
strings left out inside a set block are "", and objects in an attribute hold no nulls. To the SDK
null, "", 0, false and an empty collection are one: what was one of them stays what it was.
"""

from __future__ import annotations

from itertools import starmap, zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.planner.schema import Block
from policyscan.planner.wire import UNKNOWN, is_unknown, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from policyscan.planner.schema import Attribute, NestedAttributes, NestedBlock, TypeHints

Value = Any
Step = str | int
_ZEROS: Sequence[Value] = ("", 0, False, [], {})
_ZERO = {"string": "", "number": 0, "bool": False}
_ZERO_IN_OBJECT = {**_ZERO, "number": None}


class Versions(Struct, frozen=True):
    """One object or block thrice: as configured, as core proposes it, as it was (None: new)."""

    config: dict[str, Value]
    proposed: dict[str, Value]
    prior: dict[str, Value] | None

    def inside(self, name: str) -> tuple[Value, Value, Value]:
        """The same three of one attribute or block type."""
        prior = None if self.prior is None else self.prior.get(name)
        return self.config.get(name), self.proposed.get(name), prior


def is_sdk_type(block: Block) -> bool:
    """Whether the plugin SDK serves the type: it lets configuration set `id`; the framework not."""
    return "id" in block.attributes and block.attributes["id"].optional


class Completion(Struct, frozen=True):
    """Completes proposals of one resource type.

    `compute` is asked for every attribute that configuration leaves to the provider.
    """

    hints: TypeHints
    is_sdk: bool
    compute: Callable[[str, Any], Value]

    def block(
        self, block: Block, versions: Versions, path: str = "", *, in_set: bool = False
    ) -> dict[str, Value]:
        """The planned value of `block`, whose place in the resource is the dotted `path`."""
        planned: dict[str, Value] = {}
        for name, attribute in block.attributes.items():
            planned[name] = self._attribute(attribute, versions, name, path + name, in_set=in_set)
        for name, nested in block.block_types.items():
            planned[name] = self._nested(nested, versions.inside(name), path + name, in_set=in_set)
        return planned

    def _attribute(
        self, attribute: Attribute, versions: Versions, name: str, path: str, *, in_set: bool
    ) -> Value:
        config, proposed, prior = versions.inside(name)
        if attribute.write_only:
            return None
        if attribute.nested_type and config is not None:
            return self._holding(attribute.nested_type, (config, proposed, prior), f"{path}.")
        is_new = versions.prior is None
        if config is not None:
            if not self.is_sdk:
                return config
            return _held(as_sdk_holds(config, attribute.type), prior, attribute)
        if path in self.hints.defaults and (is_new or not attribute.computed):
            return self.hints.defaults[path]
        if attribute.computed:
            return self.compute(path, attribute.type) if is_new else proposed
        if not self.is_sdk:
            return None
        if is_new:
            return _left_out(attribute.type) if in_set else None
        if self._is_as_unset(prior, path):
            return prior
        # A collection can only be emptied.
        return type(prior)() if isinstance(prior, list | dict) else None

    def _is_as_unset(self, prior: Value, path: str) -> bool:
        """Whether an object's value is what stands there when nothing is configured.

        The SDK tells no difference between what is empty and what is not set, and what AWS fills
        in by itself is no change either.
        """
        return prior in _ZEROS or (path in self.hints.unset and prior == self.hints.unset[path])

    def _is_block_as_unset(self, block: Block, prior: Value, path: str) -> bool:
        usual = self.hints.defaults
        return all(
            prior.get(name) is None
            or (attribute.computed and not attribute.optional)
            or self._is_as_unset(prior[name], path + name)
            or (path + name in usual and prior[name] == usual[path + name])
            for name, attribute in block.attributes.items()
        ) and all(
            self._is_block_as_unset(inner.block, each, f"{path}{name}.")
            for name, inner in block.block_types.items()
            for each in _members(prior.get(name))
        )

    def _holding(
        self, nested: NestedAttributes, values: tuple[Value, Value, Value], path: str
    ) -> Value:
        """The planned value of an attribute that holds attributes; `values` are its versions."""
        config, proposed, prior = values
        if is_unknown(config):
            return config
        block = Block(nested.attributes)

        def planned(config: Value, proposed: Value, prior: Value) -> Value:
            if not isinstance(config, dict):
                return config
            was = prior if isinstance(prior, dict) else None
            return self.block(block, Versions(config, proposed or {}, was), path)

        match nested.nesting:
            case "single":
                return planned(config, proposed, prior)
            case "map":
                was, becomes = prior or {}, proposed or {}
                return {key: planned(config[key], becomes.get(key), was.get(key)) for key in config}
            case nesting:
                return [
                    planned(each.config, each.proposed, each.prior)
                    for each in _elements(config, proposed or config, prior or [], nesting)
                ]

    def _nested(
        self, nested: NestedBlock, versions: tuple[Value, Value, Value], path: str, *, in_set: bool
    ) -> Value:
        config, proposed, prior = versions
        if is_unknown(config) or is_unknown(proposed):
            return proposed
        if not config and path in self.hints.computed_blocks:
            return self.compute(path, "block") if prior is None else prior
        is_left_out = self.is_sdk and prior and not config and nested.nesting == "list"
        if is_left_out and all(
            self._is_block_as_unset(nested.block, each, f"{path}.") for each in prior
        ):
            return prior
        if nested.nesting in {"single", "group"}:
            if config is None:
                return None
            return self.block(nested.block, Versions(config, proposed, prior), f"{path}.")
        in_set = in_set or nested.nesting == "set"
        return [
            each.proposed
            if is_unknown(each.proposed)
            else _as_it_was(
                self.block(nested.block, each, f"{path}.", in_set=in_set),
                each.config,
                (prior or []) if nested.nesting == "set" else [],
            )
            for each in _elements(config or [], proposed or [], prior or [], nested.nesting)
        ]


def _left_out(kind: Any) -> Value:
    """What the SDK holds of an argument left out inside a set block."""
    match kind:
        case "string":
            return ""
        case ["list" | "set", _]:
            return []
        case _:
            return None


def _elements(
    config: list[Value], proposed: list[Value], prior: list[Value], nesting: str
) -> Iterator[Versions]:
    """The elements of a block; a set's element has a prior only when core found one like it."""
    by_place = dict(enumerate(prior))
    for index, element in enumerate(proposed):
        configured = config[index] if index < len(config) else element
        if nesting == "set":
            # Both sets are in cty's order, which the computed values core filled in may change.
            configured = next((one for one in config if _is_filled_from(element, one)), configured)
            was = element if element in prior else None
        else:
            was = by_place.get(index)
        yield Versions(configured, element, was)


def _members(inside: Value) -> list[Value]:
    """The objects of a block, of which there may be one, several or none."""
    return inside if isinstance(inside, list) else [inside] if inside else []


def _as_it_was(planned: Value, config: Value, prior: list[Value]) -> Value:
    """A set's element as it was, where it could differ only in what is left to the provider.

    Core does not find it again once defaults and zero values stand in it.
    """
    return next((was for was in prior if _agrees(planned, config, was)), planned)


def _agrees(planned: Value, config: Value, was: Value) -> bool:
    if is_unknown(planned):
        return config in (None, [])
    if isinstance(planned, dict) and isinstance(was, dict):
        inner = config if isinstance(config, dict) else {}
        return all(_agrees(planned[name], inner.get(name), was.get(name)) for name in planned)
    if isinstance(planned, list) and isinstance(was, list):
        said = config[: len(planned)] if isinstance(config, list) else []
        alike = starmap(_agrees, zip_longest(planned, said, was))
        return len(planned) == len(was) and all(alike)
    return bool(planned == was or not (planned or was))


def _is_filled_from(proposed: Value, config: Value) -> bool:
    if config is None or is_unknown(config):
        return True
    if isinstance(config, dict) and isinstance(proposed, dict):
        return all(_is_filled_from(proposed.get(name), inner) for name, inner in config.items())
    if isinstance(config, list) and isinstance(proposed, list):
        return len(config) == len(proposed) and all(map(_is_filled_from, proposed, config))
    return bool(config == proposed)


def _held(value: Value, prior: Value, attribute: Attribute) -> Value:
    """A configured value beside what was: an empty collection is nothing, unless AWS computes it.

    The objects of an attribute stay as they are while none changes. When one does, those that stay
    lose their "".
    """
    match attribute.type:
        case ["list" | "set", ["object", _]] if prior and isinstance(value, list):
            kept = [next((was for was in prior if _are_one(was, each)), None) for each in value]
            if len(prior) == len(value) and None not in kept:
                return prior
            return [
                new if was is None else _without_empty_text(was)
                for new, was in zip(value, kept, strict=True)
            ]
        case _ if value in ([], {}) and not prior and not attribute.computed:
            return prior
    return value


def _without_empty_text(element: dict[str, Value]) -> dict[str, Value]:
    return {name: None if value == "" else value for name, value in element.items()}


def _are_one(prior: Value, value: Value) -> bool:
    """Whether two objects are the same to the SDK."""
    return isinstance(value, dict) and all(
        prior.get(name) == inner or not (prior.get(name) or inner) for name, inner in value.items()
    )


def as_sdk_holds(value: Value, kind: Any) -> Value:
    """A configured value as the SDK can hold it.

    A list or set of primitives, or a map, with one unknown element is wholly unknown. Objects of an
    attribute that stands for blocks (a security group's `ingress`) have zero values for nulls.
    """
    match kind:
        case ["list" | "set", str()] | ["map", _] if not is_wholly_known(value):
            return UNKNOWN
        case ["list" | "set", ["object", members]] if isinstance(value, list):
            return [_zeroed(element, members) for element in value]
        case _:
            return value


def _zeroed(element: Value, members: dict[str, Any]) -> Value:
    if not isinstance(element, dict):
        return element
    return {
        name: zero(kind, _ZERO_IN_OBJECT)
        if element.get(name) is None
        else as_sdk_holds(element[name], kind)
        for name, kind in members.items()
    }


def zero(kind: Any, primitives: Mapping[str, Value] = MappingProxyType(_ZERO)) -> Value:
    """What the SDK takes for nothing. Example: 0 for "number", [] for ["set", "string"]."""
    return primitives[kind] if isinstance(kind, str) else [] if kind[0] in {"list", "set"} else {}
