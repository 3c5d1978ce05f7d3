"""What a change brings with it: the resource is replaced, or the provider computes values anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.planner.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyscan.planner.change import Step
    from policyscan.planner.schema import Block, NestedBlock, TypeHints

Value = Any


def recomputed(
    hints: TypeHints, prior: dict[str, Value], planned: dict[str, Value]
) -> dict[str, Value]:
    """An updated object in which what its change has the provider compute anew is unknown."""
    return planned | {
        name: UNKNOWN
        for name, causes in hints.recomputed.items()
        if any(prior.get(cause) != planned.get(cause) for cause in causes)
    }


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
        was, becomes = prior.get(name), planned.get(name)
        if name in force_new and was != becomes and (was or becomes):
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
