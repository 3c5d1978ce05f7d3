"""Repeated blocks of one resource, told apart by the constants in them.

A plan sorts the members of a set and lists all references of their kind together, so that which
reference belongs to which member has to be found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from policyscan.graph import Confidence, Resolution, ResourceGraph, Target
from policyscan.graph.reading import references_of
from policyscan.plan import Known, Resource, Unknown
from policyscan.plan.address import Reference

_MOST = 64
"""Blocks of a name that are looked for in the source; nobody writes more."""


def resolve_member(
    graph: ResourceGraph, resource: Resource, path: str, types: Iterable[str]
) -> Resolution:
    """What an argument of one of several blocks comes to, for a path like `ingress[1].self`.

    Where the constants beside it do not tell its block from the others, its targets are ambiguous.
    """
    whole = graph.resolve(resource, path, types)
    block, _, inner = path.rpartition("].")
    block, _, place = block.rpartition("[")
    if not isinstance(whole.value, Unknown) or whole.is_settled or resource.count_of(block) <= 1:
        return whole
    index = int(place)
    siblings = range(resource.count_of(block))
    open_ones = [
        each for each in siblings if isinstance(resource.value(f"{block}[{each}].{inner}"), Unknown)
    ]
    if len(open_ones) == 1 or len(whole.targets) == 1:
        return whole
    kinds = frozenset(types)
    found = [
        references
        for constants, references in _written(graph, resource, block, inner)
        if all(_may_be(resource, f"{block}[{index}].{name}", constants[name]) for name in constants)
    ]
    if len(found) == 1:
        targets = tuple(
            target
            for target in graph.follow(found[0], resource)
            if (end := graph.resource(target.address)) is not None and end.type in kinds
        )
        return replace(whole, targets=targets)
    return replace(whole, targets=tuple(map(_weakened, whole.targets)))


def written_ids(
    graph: ResourceGraph, resource: Resource, attribute: str, pattern: re.Pattern[str]
) -> tuple[str, ...]:
    """Ids the source names in an argument that is known only after apply.

    A plan lists the references of an argument and leaves out the constants beside them.
    """
    found = graph.resolve(resource, attribute)
    if found.is_settled or not isinstance(found.value, Unknown):
        return ()
    written = graph.written.expression(resource.module_path, resource.config_address, attribute)
    return tuple(dict.fromkeys(pattern.findall(written.text))) if written else ()


def _written(
    graph: ResourceGraph, resource: Resource, block: str, inner: str
) -> Iterator[tuple[dict[str, Any], tuple[Reference, ...]]]:
    """Each block as written: its constants, and the references of one of its arguments."""
    body = resource.config.body if resource.config else None
    if body is not None and (nested := body.blocks.get(block)):
        for each in nested:
            constants = {
                name: argument.constant.value
                for name, argument in each.arguments.items()
                if isinstance(argument.constant, Known)
            }
            given = each.arguments.get(inner)
            yield constants, given.references if given else ()
        return
    source = graph.written.block(resource.module_path, resource.config_address)
    if source is None or source.dynamic.get(block):
        return
    for index in range(_MOST):
        prefix = f"{block}[{index}]."
        arguments = {
            name.removeprefix(prefix): expression
            for name, expression in source.attributes.items()
            if name.startswith(prefix)
        }
        if not arguments:
            return
        constants = {
            name: expression.literal
            for name, expression in arguments.items()
            if isinstance(expression.literal, str | int | float | bool)
        }
        written = arguments.get(inner)
        yield constants, references_of(written) if written else ()


def _may_be(resource: Resource, path: str, constant: Any) -> bool:
    """Whether a planned value may be a constant of the source; numbers may be written as text."""
    value = resource.value(path)
    return not isinstance(value, Known) or str(value.value) == str(constant)


def _weakened(target: Target) -> Target:
    return replace(target, confidence=Confidence.AMBIGUOUS)
