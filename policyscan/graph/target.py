"""What references lead to, and how surely."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from policyscan.plan import Value


class Confidence(StrEnum):
    """How sure it is that an edge runs to this very instance."""

    EXACT = "exact"
    INFERRED = "inferred"
    AMBIGUOUS = "ambiguous"

    def weakened(self, other: Confidence) -> Confidence:
        """The weaker of two."""
        return self if _DOUBT[self] >= _DOUBT[other] else other


_DOUBT: Final = {confidence: doubt for doubt, confidence in enumerate(Confidence)}


class Target(Struct, frozen=True):
    """Where a reference leads: an attribute ("" when not known) of an instance, and the way."""

    address: str
    attribute: str
    confidence: Confidence
    via: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it is meant for certain, and not perhaps another one instead."""
        return self.confidence is not Confidence.AMBIGUOUS


class Followed(Struct, frozen=True):
    """What the references of an expression lead to.

    `literals` are root variables' and constants' values that may flow in, with their names.
    `unresolved` says for each dead end what it is and what would resolve it. `is_chosen`: an
    expression on the way picks, so that something else may flow in instead of all of these.
    """

    targets: tuple[Target, ...] = ()
    literals: tuple[tuple[str, Value], ...] = ()
    unresolved: tuple[str, ...] = ()
    is_chosen: bool = False


NOTHING: Final = Followed()


def together(found: list[Followed]) -> Followed:
    """What several expressions of one block lead to, without repeats."""
    if len(found) == 1:
        return found[0]
    targets = {(each.address, each.attribute): each for one in found for each in one.targets}
    literals = dict(pair for one in found for pair in one.literals)
    unresolved = dict.fromkeys(why for one in found for why in one.unresolved)
    return Followed(tuple(targets.values()), tuple(literals.items()), tuple(unresolved))


class Collector:
    """Gathers what is found, first come first, without repeats."""

    __slots__ = ("is_chosen", "literals", "targets", "unresolved")

    def __init__(self) -> None:
        self.literals: dict[str, Value] = {}
        self.unresolved: dict[str, None] = {}
        self.is_chosen = False
        self.targets: dict[tuple[str, str], tuple[Target, str]] = {}

    def add(self, target: Target, kind: str) -> None:
        """Keep a target and its resource type; of two on one attribute the surer one."""
        key = (target.address, target.attribute)
        known = self.targets.get(key)
        if known is None or _DOUBT[target.confidence] < _DOUBT[known[0].confidence]:
            self.targets[key] = (target, kind)

    def kinds(self) -> frozenset[str]:
        """The resource types of what was found."""
        return frozenset(kind for _, kind in self.targets.values())

    def take(self, parts: list[Collector], chosen_between: frozenset[str]) -> None:
        """Add what the references of one expression found.

        Of a type in `chosen_between` one may be meant and the others not.
        """
        addresses: dict[str, set[str]] = {}
        for part in parts if chosen_between else ():
            for target, kind in part.targets.values():
                addresses.setdefault(kind, set()).add(target.address)
        for part in parts:
            self.literals.update(part.literals)
            self.unresolved.update(part.unresolved)
            self.is_chosen |= part.is_chosen
            for target, kind in part.targets.values():
                if kind in chosen_between and len(addresses[kind]) > 1:
                    self.add(replace(target, confidence=Confidence.AMBIGUOUS), kind)
                else:
                    self.add(target, kind)

    def followed(self) -> Followed:
        """Everything gathered."""
        return Followed(
            tuple(target for target, _ in self.targets.values()),
            tuple(self.literals.items()),
            tuple(self.unresolved),
            self.is_chosen,
        )
