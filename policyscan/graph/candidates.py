"""Which of several instances of one block a reference means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Generic, TypeVar

from policyscan.graph.reading import first_step, without_first_step
from policyscan.graph.target import Confidence
from policyscan.plan import Resource
from policyscan.plan.address import Index, InstanceKey, ModuleInstance, steps

Candidate = TypeVar("Candidate", Resource, ModuleInstance)


class Group(Generic[Candidate]):
    """The instances of one block, or of one module call, in order and by key."""

    def __init__(self, every: tuple[Candidate, ...]) -> None:
        self.every: tuple[Candidate, ...] = every

    @cached_property
    def _by_key(self) -> Mapping[InstanceKey, Candidate]:
        # 0 and "0" differ, as Python's 0 and "0" do; True is no key.
        return {_key_of(each): each for each in self.every}

    def with_key(self, key: InstanceKey) -> tuple[Candidate, ...]:
        """The one with this key, if there is one."""
        found = self._by_key.get(key)
        return () if found is None else (found,)


def choose(
    group: Group[Candidate],
    key: int | str | Index,
    own_key: InstanceKey,
    *,
    has_key_beside: bool,
) -> tuple[tuple[Candidate, ...], Confidence]:
    """The instances an index means, and how sure that is.

    `own_key` is the key of the instance that refers; `has_key_beside` says that `each.key` or
    `count.index` stands in the same expression, so that it may be the index that was dropped.
    """
    if not isinstance(key, Index):
        return group.with_key(key), Confidence.EXACT
    candidates = group.every
    same = group.with_key(own_key) if own_key is not None else ()
    match key:
        case Index.SPLAT:
            return candidates, Confidence.EXACT
        case Index.SAME:
            return same, Confidence.EXACT
        case Index.DROPPED if len(candidates) == 1 and _key_of(candidates[0]) is None:
            return candidates, Confidence.EXACT
        case Index.DROPPED if has_key_beside and same:
            return same, Confidence.INFERRED
        case _:
            sure = Confidence.INFERRED if len(candidates) == 1 else Confidence.AMBIGUOUS
            return candidates, sure


def narrow(
    group: Group[Candidate], path: str, confidence: Confidence
) -> tuple[tuple[Candidate, ...], str, Confidence]:
    """Use an index that comes after a whole block: `module.net.subnets["a"].id`."""
    key = first_step(path)
    chosen = group.with_key(str(key) if isinstance(key, str) else key)
    if key is None or not chosen:
        return group.every, path, confidence
    return chosen, without_first_step(path), Confidence.INFERRED


def attribute_of(resource: Resource, path: str) -> str:
    """The attribute a path names, if the instance has one of that name, else ""."""
    values = resource.before if resource.after is None else resource.after
    unknown = resource.after_unknown
    for part in steps(path):
        if isinstance(part, str) and (
            (isinstance(values, dict) and part in values)
            or (isinstance(unknown, dict) and part in unknown)
        ):
            return str(part)
    return ""


def _key_of(candidate: Resource | ModuleInstance) -> InstanceKey:
    return candidate.key if isinstance(candidate, Resource) else candidate[-1].key
