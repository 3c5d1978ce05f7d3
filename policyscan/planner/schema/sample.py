"""Configurations made up from a schema: one value for every argument that is to have one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policyscan.planner.wire import is_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policyscan.planner.schema import Attribute, Block, NestedBlock

Path = tuple[str, ...]
Texts = Mapping[Path, tuple[str, str]]
"""Path of an argument, without indexes -> two texts it may be."""

_TIMEOUTS = "timeouts"
ARNS = ("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b")
_FORMS = (
    (("arn",), ARNS),
    (("_at", "_time", "date", "timestamp"), ("2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z")),
    (("cidr", "cidr_block", "cidr_ipv4"), ("10.0.0.0/16", "10.1.0.0/16")),
    (("policy", "policy_document", "_json"), ('{"Version":"2012-10-17"}', "{}")),
)
"""Ends of names that ask for a text of a certain form, and two such texts."""
_ANY = ("xx", "yy")


class Sampler:
    """Makes configurations of one type, in the shape its schema has.

    Where a method takes `other`, it gives every argument another value than without.
    """

    def __init__(self, block: Block, texts: Texts = MappingProxyType({})) -> None:
        self._block = block
        self._texts = texts

    def bare(self) -> dict[str, Any]:
        """What is required, and nothing else."""
        return self._body(self._block, ())

    def with_blocks(self) -> dict[str, Any]:
        """Every block once, with what is required in it."""
        return self._body(self._block, (), all_blocks=True)

    def full(self, *, other: bool = False) -> dict[str, Any]:
        """Every argument."""
        return self._body(self._block, (), all_blocks=True, optional=True, other=other)

    def with_leaf(self, path: Path) -> dict[str, Any]:
        """What is required, and the argument at `path`."""
        return self.changed(self.bare(), path, other=False)

    def changed(self, config: dict[str, Any], path: Path, *, other: bool = True) -> dict[str, Any]:
        """A copy of the configuration with another value for one argument."""
        changed = copy.deepcopy(config)
        self._set(self._block, changed, path, other=other)
        return changed

    def with_block(self, path: Path) -> dict[str, Any]:
        """What is required, and the block at `path`; () is no block more."""
        config = self.bare()
        if path:
            _make(self._block, config, path, self._body)
        return config

    def leaves(self) -> Iterator[Path]:
        """The path of every argument that configuration may set."""
        yield from _leaves(self._block, ())

    def required(self) -> Iterator[Path]:
        """The path of every argument that its block cannot do without."""
        yield from _required(self._block, ())

    def blocks(self) -> Iterator[Path]:
        """The path of every block that configuration may leave out."""
        yield from _optional_blocks(self._block, ())

    def _body(
        self,
        block: Block,
        above: Path,
        *,
        all_blocks: bool = False,
        optional: bool = False,
        other: bool = False,
    ) -> dict[str, Any]:
        body = {
            name: self._value((*above, name), attribute.type, other=other)
            if attribute.required or (optional and _is_settable(name, attribute))
            else None
            for name, attribute in block.attributes.items()
        }
        for name, nested in block.block_types.items():
            wanted = nested.min_items or (all_blocks and name != _TIMEOUTS)
            inside = (*above, name)
            body[name] = _nest(
                nested,
                [
                    self._body(
                        nested.block,
                        inside,
                        all_blocks=all_blocks,
                        optional=optional,
                        other=other == (number % 2 == 0),
                    )
                    for number in range(max(1, nested.min_items) if wanted else 0)
                ],
            )
        return body

    def _value(self, path: Path, kind: Any, *, other: bool) -> Any:
        match kind:
            case "number":
                return 2 if other else 1
            case "bool":
                return not other
            case ["list" | "set", element]:
                return [self._value(path, element, other=other)]
            case ["map", element]:
                return {"key": self._value(path, element, other=other)}
            case ["object", members]:
                return {
                    name: self._value((*path, name), inner, other=other)
                    for name, inner in members.items()
                }
            case _:
                return self._text(path)[other]

    def _text(self, path: Path) -> tuple[str, str]:
        if path in self._texts:
            return self._texts[path]
        name = path[-1].removesuffix("s")
        return next((texts for ends, texts in _FORMS if name.endswith(ends)), _ANY)

    def _set(self, block: Block, config: dict[str, Any], path: Path, *, other: bool) -> None:
        """Set one argument in place, in the blocks on the way to it, made where there are none."""
        inside, config = _make(block, config, path[:-1], self._body)
        config[path[-1]] = self._value(path, inside.attributes[path[-1]].type, other=other)


def _make(
    block: Block, config: dict[str, Any], path: Path, body: Callable[[Block, Path], dict[str, Any]]
) -> tuple[Block, dict[str, Any]]:
    """Go down to the block at `path`, making each on the way that is not there."""
    for depth, name in enumerate(path, start=1):
        nested = block.block_types[name]
        if not config[name]:
            config[name] = _nest(nested, [body(nested.block, path[:depth])])
        block, config = nested.block, _inner(config[name])
    return block, config


def _nest(nested: NestedBlock, bodies: list[dict[str, Any]]) -> Any:
    if nested.nesting == "single":
        return bodies[0] if bodies else None
    if nested.nesting == "map":
        return {"key": bodies[0]} if bodies else {}
    return bodies


def _inner(value: Any) -> Any:
    """The first of the blocks that a sample holds."""
    return value[0] if isinstance(value, list) else value.get("key", value)


def _is_settable(name: str, attribute: Attribute) -> bool:
    return (attribute.optional or attribute.required) and not attribute.write_only and name != "id"


def _leaves(block: Block, above: Path) -> Iterator[Path]:
    for name, attribute in block.attributes.items():
        if _is_settable(name, attribute):
            yield (*above, name)
    for name, nested in block.block_types.items():
        if name != _TIMEOUTS:
            yield from _leaves(nested.block, (*above, name))


def _required(block: Block, above: Path) -> Iterator[Path]:
    for name, attribute in block.attributes.items():
        if attribute.required:
            yield (*above, name)
    for name, nested in block.block_types.items():
        yield from _required(nested.block, (*above, name))


def _optional_blocks(block: Block, above: Path) -> Iterator[Path]:
    for name, nested in block.block_types.items():
        if name != _TIMEOUTS:
            if not nested.min_items:
                yield (*above, name)
            yield from _optional_blocks(nested.block, (*above, name))


def proposed(block: Block, config: Any, prior: Any) -> dict[str, Any]:
    """What core proposes: configuration, and what was there before where the provider computes."""
    values = {
        name: prior[name]
        if config[name] is None and attribute.computed and prior is not None
        else config[name]
        for name, attribute in block.attributes.items()
    }
    for name, nested in block.block_types.items():
        was = None if prior is None else prior[name]
        values[name] = _proposed_nested(nested, config[name], was)
    return values


def _proposed_nested(nested: NestedBlock, config: Any, prior: Any) -> Any:
    if not config or nested.nesting == "map":
        return config
    if nested.nesting == "single":
        return proposed(nested.block, config, prior)
    was = [*(prior or ()), *[None] * len(config)]
    if nested.nesting == "set":
        was = [
            next((one for one in prior or () if _is_filled_from(one, each)), None)
            for each in config
        ]
    return [proposed(nested.block, each, one) for each, one in zip(config, was, strict=False)]


def _is_filled_from(was: dict[str, Any], config: dict[str, Any]) -> bool:
    return all(was[name] == value for name, value in config.items() if value is not None)


def settled(block: Block, planned: dict[str, Any], text: str | None) -> dict[str, Any]:
    """A planned object as it might be after apply; `text` is what stands for any unknown text."""
    values = {
        name: _known(planned[name], attribute.type, "xx" if name == "id" else text)
        for name, attribute in block.attributes.items()
    }
    for name, nested in block.block_types.items():
        value = planned[name]
        if is_unknown(value):
            values[name] = _nest(nested, [])
        elif nested.nesting == "single" and value is not None:
            values[name] = settled(nested.block, value, text)
        elif isinstance(value, list):
            values[name] = [settled(nested.block, each, text) for each in value]
        else:
            values[name] = value
    return values


def _known(value: Any, kind: Any, text: str | None) -> Any:
    match kind:
        case ["list" | "set", inner]:
            known = [] if is_unknown(value) else value
            return known and [_known(each, inner, text) for each in known]
        case ["map", inner]:
            known = {} if is_unknown(value) else value
            return known and {key: _known(each, inner, text) for key, each in known.items()}
        case ["object", members] if value is not None:
            known = dict.fromkeys(members, value) if is_unknown(value) else value
            return {name: _known(known[name], each, text) for name, each in members.items()}
        case _ if is_unknown(value):
            return {"number": 1, "bool": False}.get(str(kind), text)
        case _:
            return value
