"""What a provider plans for one resource: core's proposal, completed as the plugin SDK would.

The rules are those of terraform-plugin-sdk v2, which most AWS types use: a default stands in for
an unset argument, an unset Optional+Computed argument is unknown on create and kept on update,
strings left out inside a set block are "", and objects in an attribute hold no nulls.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap, zip_longest
from typing import TYPE_CHECKING, Any

from policyscan.planner.schema import Block
from policyscan.planner.wire import UNKNOWN, is_unknown, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policyscan.planner.schema import Attribute, NestedAttributes, NestedBlock, TypeHints

Value = Any
Step = str | int
_ZEROS: Sequence[Value] = ("", 0, False, [], {})
_ZERO = {"string": "", "number": 0, "bool": False}


@dataclass(frozen=True, slots=True)
class Versions:
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


@dataclass(frozen=True, slots=True)
class Completion:
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
        if config is not None:
            return as_sdk_holds(config, attribute.type) if self.is_sdk else config
        is_new = versions.prior is None
        if path in self.hints.defaults and (is_new or not attribute.computed):
            return self.hints.defaults[path]
        if attribute.computed:
            return self.compute(path, attribute.type) if is_new else proposed
        if self.is_sdk and self._is_as_unset(prior, path):
            return prior
        return _left_out(attribute.type) if in_set and self.is_sdk else None

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
    return bool(planned == was)


def _is_filled_from(proposed: Value, config: Value) -> bool:
    if config is None or is_unknown(config):
        return True
    if isinstance(config, dict) and isinstance(proposed, dict):
        return all(_is_filled_from(proposed.get(name), inner) for name, inner in config.items())
    if isinstance(config, list) and isinstance(proposed, list):
        return len(config) == len(proposed) and all(map(_is_filled_from, proposed, config))
    return bool(config == proposed)


def as_sdk_holds(value: Value, kind: Any) -> Value:
    """A configured value as the SDK can hold it.

    A set of primitives, or a map, with one unknown element is wholly unknown. The objects of an
    attribute that stands for blocks (a security group's `ingress`) have zero values for nulls.
    """
    match kind:
        case ["set", str()] | ["map", _] if not is_wholly_known(value):
            return UNKNOWN
        case ["list" | "set", ["object", members]] if isinstance(value, list):
            return [_zeroed(element, members) for element in value]
        case _:
            return value


def _zeroed(element: Value, members: dict[str, Any]) -> Value:
    if not isinstance(element, dict):
        return element
    return {
        name: _zero(kind) if element.get(name) is None else as_sdk_holds(element[name], kind)
        for name, kind in members.items()
    }


def _zero(kind: Any) -> Value:
    return _ZERO[kind] if isinstance(kind, str) else [] if kind[0] in {"list", "set"} else {}


def replaced_by(
    block: Block, hints: TypeHints, prior: dict[str, Value], planned: dict[str, Value]
) -> list[tuple[Step, ...]]:
    """The paths whose change replaces the resource. Example: `[("network", 0, "mode")]`."""
    return list(_differences(block, hints.force_new, (prior, planned), ()))


def _differences(
    block: Block, force_new: Sequence[str], values: tuple[Value, Value], steps: tuple[Step, ...]
) -> Iterator[tuple[Step, ...]]:
    """Compare `values`, prior and planned; `force_new` holds dotted paths inside `block`."""
    prior, planned = values
    for name in block.attributes:
        if name in force_new and prior.get(name) != planned.get(name):
            yield (*steps, name)
    for name, nested in block.block_types.items():
        was, becomes = prior.get(name) or [], planned.get(name) or []
        if name in force_new and _is_another_block(nested, was, becomes):
            yield (*steps, name)
        forcing = [path.partition(".")[2] for path in force_new if path.startswith(f"{name}.")]
        if was == becomes or not forcing:
            continue
        if nested.nesting == "list" and isinstance(becomes, list) and len(was) == len(becomes):
            for index, both in enumerate(zip(was, becomes, strict=True)):
                yield from _differences(nested.block, forcing, both, (*steps, name, index))
        elif _only(was, forcing) != _only(becomes, forcing):
            yield (*steps, name)


def _is_another_block(nested: NestedBlock, was: Value, becomes: Value) -> bool:
    """Whether a block itself changes, not only what is in it: the SDK counts those of a list."""
    if nested.nesting == "list" and isinstance(was, list) and isinstance(becomes, list):
        return len(was) != len(becomes)
    return bool(was != becomes)


def _only(value: Value, paths: Sequence[str]) -> Value:
    """A value cut down to some dotted paths, so that a set's other changes do not count."""
    if isinstance(value, list):
        return sorted((_only(element, paths) for element in value), key=repr)
    if not isinstance(value, dict):
        return value
    inner: dict[str, list[str]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        inner.setdefault(head, []).extend([rest] if rest else [])
    return {
        head: _only(value.get(head), rest) if rest else value.get(head)
        for head, rest in sorted(inner.items())
    }
