"""What a replay proved of an attribute, as a resolution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from policyscan.graph.model import Resolution
from policyscan.graph.target import Confidence, Target
from policyscan.plan import Known, Template, Unknown, Value


def proven(leaves: tuple[Value, ...], named: tuple[Target, ...], static: Resolution) -> Resolution:
    """The static resolution of an unknown value, made exact by the Templates in it.

    `named` are the instances that the known texts among its leaves are ids of. Where every part is
    told, only what the Templates name flows in; where a part was worked out beyond recognition,
    the rest may still be what is behind it.
    """
    templates = tuple(_templates(leaves))
    ways = {(target.address, target.attribute): target.via for target in static.targets}
    found: dict[tuple[str, str], Confidence] = {}
    for each in sorted(templates, key=lambda template: template.is_derived):
        # What stands in a part worked out beyond recognition may only have been looked at.
        sure = Confidence.INFERRED if each.is_derived else Confidence.EXACT
        for part in each.taken:
            found.setdefault((part.address, part.attribute), sure)
    targets = tuple(
        Target(address, attribute, sure, ways.get((address, attribute), ()))
        for (address, attribute), sure in found.items()
    )
    targets += tuple(each for each in named if each.address not in _addresses(targets))
    if len(templates) == sum(isinstance(leaf, Unknown) for leaf in leaves) and not any(
        each.is_derived for each in templates
    ):
        sees_through = _is_sure(static) and _addresses(static.targets) != _addresses(targets)
        # What only hands a value on, a deferred data source, is where the edge leads.
        return Resolution(
            static.value, static.targets if sees_through else targets, is_settled=True
        )
    others = (
        replace(target, confidence=target.confidence.weakened(Confidence.INFERRED))
        for target in static.targets
        if target.address not in _addresses(targets)
    )
    return replace(static, targets=(*targets, *others))


def _is_sure(static: Resolution) -> bool:
    exact = all(each.confidence is Confidence.EXACT for each in static.targets)
    return exact and bool(static.targets) and not static.unresolved


def _addresses(targets: tuple[Target, ...]) -> frozenset[str]:
    return frozenset(target.address for target in targets)


def has_templates(leaves: Iterable[Value]) -> bool:
    """Whether a replay tells anything of a value with these leaves."""
    return any(True for _ in _templates(leaves))


def _templates(leaves: Iterable[Value]) -> Iterator[Template]:
    for leaf in leaves:
        if isinstance(leaf, Unknown) and leaf.template is not None:
            yield leaf.template


def known_texts(leaves: Iterable[Value]) -> Known:
    """The texts among the leaves of a value that stand there as they are."""
    found = [leaf for leaf in leaves if isinstance(leaf, Known) and isinstance(leaf.value, str)]
    return Known([leaf.value for leaf in found], any(leaf.is_sensitive for leaf in found))
