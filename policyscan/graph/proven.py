"""What a replay proved of an attribute, as a resolution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policyscan.graph.model import Resolution
from policyscan.graph.target import Confidence, Target
from policyscan.plan import Known, Template, Unknown, Value


def proven(leaves: tuple[Value, ...], static: Resolution) -> Resolution:
    """The static resolution of an unknown value, made exact by the Templates in it.

    Unchanged without one. Where every part is told, only what the Templates name flows in;
    where a part was worked out beyond recognition, the rest may still be what is behind it.
    """
    templates = tuple(_templates(leaves))
    if not templates:
        return static
    ways = {(target.address, target.attribute): target.via for target in static.targets}
    exact = dict.fromkeys(
        (part.address, part.attribute) for each in templates for part in each.taken
    )
    targets = tuple(
        Target(address, attribute, Confidence.EXACT, ways.get((address, attribute), ()))
        for address, attribute in exact
    )
    if len(templates) == sum(isinstance(leaf, Unknown) for leaf in leaves) and not any(
        each.is_derived for each in templates
    ):
        return Resolution(static.value, targets, is_settled=True)
    addresses = {target.address for target in targets}
    others = (
        replace(target, confidence=target.confidence.weakened(Confidence.INFERRED))
        for target in static.targets
        if target.address not in addresses
    )
    return replace(static, targets=(*targets, *others))


def _templates(leaves: Iterable[Value]) -> Iterator[Template]:
    for leaf in leaves:
        if isinstance(leaf, Unknown) and leaf.template is not None:
            yield leaf.template


def known_texts(leaves: Iterable[Value]) -> Known:
    """The texts among the leaves of a value that stand there as they are."""
    found = [leaf for leaf in leaves if isinstance(leaf, Known) and isinstance(leaf.value, str)]
    return Known([leaf.value for leaf in found], any(leaf.is_sensitive for leaf in found))
