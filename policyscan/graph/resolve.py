"""Follows the references of an expression to the resource instances they can mean.

Static references only: what Terraform prints in a plan's configuration, made exact by the source
where it is at hand. Terraform leaves three things out that the source gives back: locals, the
index and attribute behind a dynamic index, and which reference stands in which part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from policyscan.graph.scope import Instances, Scope, place
from policyscan.graph.written import Written
from policyscan.plan import Known, Plan, Resource
from policyscan.plan.address import (
    Index,
    InstanceKey,
    ModuleInstance,
    ModuleStep,
    Reference,
    Subject,
    key_text,
    steps,
)
from policyscan.plan.value import Value

_DEEPEST = 64
"""References can only nest as deep as modules and locals do; past this it is a loop."""


class Confidence(StrEnum):
    """How sure it is that an edge runs to this very instance."""

    EXACT = "exact"
    INFERRED = "inferred"
    AMBIGUOUS = "ambiguous"

    def weakened(self, other: Confidence) -> Confidence:
        """The weaker of two."""
        order = list(Confidence)
        return max(self, other, key=order.index)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reference leads: an attribute ("" when not known) of an instance, and the way."""

    address: str
    attribute: str
    confidence: Confidence
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """What the references of an expression lead to.

    `literals` are root variables' and constants' values that may flow in, with their names.
    `unresolved` says for each dead end what it is and what would resolve it.
    """

    targets: tuple[Target, ...] = ()
    literals: tuple[tuple[str, Value], ...] = ()
    unresolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trail:
    """How a reference was come to: the attribute path still to take, the way, its confidence."""

    suffix: str = ""
    via: tuple[str, ...] = ()
    confidence: Confidence = Confidence.EXACT

    def through(
        self, hop: str, suffix: str = "", confidence: Confidence = Confidence.EXACT
    ) -> _Trail:
        return _Trail(
            _joined(suffix, self.suffix),
            (*self.via, hop),
            self.confidence.weakened(confidence),
        )


def _joined(head: str, tail: str) -> str:
    if not head or not tail:
        return head or tail
    return head + tail if tail.startswith("[") else f"{head}.{tail}"


class Resolver:
    """Follows references within one plan."""

    def __init__(self, plan: Plan, instances: Instances, written: Written) -> None:
        self._plan = plan
        self._instances = instances
        self._written = written
        self._memo: dict[tuple[tuple[Reference, ...], Scope], Followed] = {}

    def follow(self, references: tuple[Reference, ...], scope: Scope) -> Followed:
        """Everything the references of one expression lead to, in order, without repeats."""
        key = (references, scope)
        if key not in self._memo:
            found = _Collector()
            self._follow(references, scope, _Trail(), found)
            self._memo[key] = found.followed()
        return self._memo[key]

    def _follow(
        self, references: tuple[Reference, ...], scope: Scope, trail: _Trail, found: _Collector
    ) -> None:
        if len(trail.via) > _DEEPEST:
            found.unresolved[f"{trail.via[0]} refers to itself"] = None
            return
        has_key_beside = any(
            reference.subject in {Subject.EACH, Subject.COUNT} for reference in references
        )
        for reference in references:
            match reference.subject:
                case Subject.RESOURCE:
                    self._resource(reference, scope, trail, found, has_key_beside=has_key_beside)
                case Subject.MODULE:
                    self._module(reference, scope, trail, found, has_key_beside=has_key_beside)
                case Subject.VARIABLE:
                    self._variable(reference, scope, trail, found)
                case Subject.LOCAL:
                    self._local(reference, scope, trail, found)
                case Subject.EACH:
                    self._each(reference, scope, trail, found)
                case Subject.COUNT | Subject.OTHER:
                    pass

    def _resource(
        self,
        reference: Reference,
        scope: Scope,
        trail: _Trail,
        found: _Collector,
        *,
        has_key_beside: bool,
    ) -> None:
        module = self._instances.config(scope.path)
        if module is not None and reference.name not in module.resources:
            found.unresolved[f"{reference.text} is not in {place(scope.module)}"] = None
            return
        known = self._instances.of(scope.module, reference.name)
        alive = tuple(each for each in known if not each.is_deleted) or known
        suffix = _joined(reference.attribute, trail.suffix)
        chosen, confidence = _choose(alive, reference.key, scope, has_key_beside=has_key_beside)
        if len(chosen) > 1 and not reference.attribute:
            chosen, suffix, confidence = _narrow(chosen, suffix, confidence)
        for each in chosen:
            found.add(
                Target(
                    each.address,
                    reference.attribute or _attribute_of(each, suffix),
                    trail.confidence.weakened(confidence),
                    trail.via,
                )
            )

    def _module(
        self,
        reference: Reference,
        scope: Scope,
        trail: _Trail,
        found: _Collector,
        *,
        has_key_beside: bool,
    ) -> None:
        call = self._instances.call(scope, reference.name)
        if call is None:
            found.unresolved[f"{reference.text} is not in {place(scope.module)}"] = None
            return
        children = self._instances.children(scope.module, reference.name)
        chosen, confidence = _choose(children, reference.key, scope, has_key_beside=has_key_beside)
        outputs = [reference.output] if reference.output else sorted(call.module.outputs)
        if not reference.output:
            confidence = confidence.weakened(Confidence.AMBIGUOUS)
        for child in chosen or (() if children else ((*scope.module, ModuleStep(call.name)),)):
            inner = Scope(child)
            for name in outputs:
                output = call.module.outputs.get(name)
                if output is None:
                    continue
                hop = f"{place(child)}.output.{name}"
                written = self._written.output(inner.path, name)
                self._follow(
                    self._checked(output.expression.references, written),
                    inner,
                    trail.through(hop, reference.attribute, confidence),
                    found,
                )

    def _variable(
        self, reference: Reference, scope: Scope, trail: _Trail, found: _Collector
    ) -> None:
        caller = self._instances.caller(scope.module)
        name = f"var.{reference.name}"
        if not scope.module:
            if (value := self._plan.variables.get(reference.name)) is not None:
                found.literals[name] = value
            return
        if caller is None:
            found.unresolved[f"{name}: no call of {place(scope.module)} in the plan"] = None
            return
        call, outer = caller
        hop = f"{place(scope.module)}.{name}"
        given = call.body.arguments.get(reference.name)
        if given is None:
            if reference.name in call.module.defaults:
                found.literals[hop] = Known(call.module.defaults[reference.name])
            return
        if isinstance(given.constant, Known):
            found.literals[hop] = given.constant
        written = self._written.argument(outer.path, f"module.{call.name}", reference.name)
        self._follow(
            self._checked(given.references, written),
            outer,
            trail.through(hop, _taken(reference, scope)),
            found,
        )

    def _local(self, reference: Reference, scope: Scope, trail: _Trail, found: _Collector) -> None:
        name = f"local.{reference.name}"
        written = self._written.local(scope.path, reference.name)
        if written is None:
            why = self._written.why_missing(scope.path, name)
            found.unresolved[f"{name} in {place(scope.module)}: {why}"] = None
            return
        hop = f"{place(scope.module)}.{name}" if scope.module else name
        self._follow(written, scope, trail.through(hop, _taken(reference, scope)), found)

    def _each(self, reference: Reference, scope: Scope, trail: _Trail, found: _Collector) -> None:
        if reference.name == "key":
            # A key is a string chosen in for_each: it names an instance and carries no attribute.
            return
        outer = Scope(scope.module)
        whole = tuple(
            each for each in scope.each if each.subject is Subject.RESOURCE and not each.attribute
        )
        inner = trail.through("each.value", reference.attribute)
        for each in scope.each:
            if each in whole and scope.key is not None:
                keyed = Reference(each.text, each.subject, each.name, scope.key)
                if any(one.key == scope.key for one in self._instances.of(scope.module, each.name)):
                    self._resource(keyed, outer, inner, found, has_key_beside=False)
                    continue
            self._follow((each,), outer, inner, found)

    def _checked(
        self, planned: tuple[Reference, ...], written: tuple[Reference, ...] | None
    ) -> tuple[Reference, ...]:
        return planned if written is None else agreed(planned, written)

    def instances_in(self, reference: Reference, scope: Scope) -> Iterable[Resource]:
        """What a `depends_on` entry means: all instances of a block, or all of a module."""
        if reference.subject is Subject.RESOURCE:
            return self._instances.of(scope.module, reference.name)
        if reference.subject is Subject.MODULE:
            return tuple(
                resource
                for child in self._instances.children(scope.module, reference.name)
                for resource in self._instances.inside(child)
            )
        return ()


def _taken(reference: Reference, scope: Scope) -> str:
    """What a reference takes out of a variable or local: `["a"].url` of `local.x[each.key].url`."""
    key = scope.key if reference.key is Index.SAME else reference.key
    shown = "" if isinstance(key, Index) else key_text(key)
    return _joined(shown, reference.attribute)


def agreed(planned: tuple[Reference, ...], written: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """The source's references when they name what the plan's do, else the plan's.

    Source that has changed since the plan was made must not speak for it.
    """
    roots = {(each.subject, each.name) for each in planned}
    return written if {(each.subject, each.name) for each in written} == roots else planned


class _Collector:
    """Gathers what is found, first come first, without repeats."""

    def __init__(self) -> None:
        self.targets: dict[tuple[str, str], Target] = {}
        self.literals: dict[str, Value] = {}
        self.unresolved: dict[str, None] = {}

    def add(self, target: Target) -> None:
        key = (target.address, target.attribute)
        known = self.targets.get(key)
        order = list(Confidence)
        if known is None or order.index(target.confidence) < order.index(known.confidence):
            self.targets[key] = target

    def followed(self) -> Followed:
        return Followed(
            tuple(self.targets.values()),
            tuple(self.literals.items()),
            tuple(self.unresolved),
        )


_Candidate = TypeVar("_Candidate", Resource, ModuleInstance)


def _key_of(candidate: Resource | ModuleInstance) -> InstanceKey:
    return candidate.key if isinstance(candidate, Resource) else candidate[-1].key


def _choose(
    candidates: tuple[_Candidate, ...],
    key: int | str | Index,
    scope: Scope,
    *,
    has_key_beside: bool,
) -> tuple[tuple[_Candidate, ...], Confidence]:
    """Which of the instances of one block an index means, and how sure that is."""
    if not isinstance(key, Index):
        return _with_key(candidates, key), Confidence.EXACT
    same = _with_key(candidates, scope.key) if scope.key is not None else ()
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


def _with_key(candidates: tuple[_Candidate, ...], key: InstanceKey) -> tuple[_Candidate, ...]:
    """Those with this key, where 0 and "0" differ."""
    return tuple(
        each for each in candidates if _key_of(each) == key and type(_key_of(each)) is type(key)
    )


def _narrow(
    candidates: tuple[Resource, ...], suffix: str, confidence: Confidence
) -> tuple[tuple[Resource, ...], str, Confidence]:
    """Use an index that comes after a whole resource: `module.net.subnets["a"].id`."""
    parts = steps(suffix)
    for part in parts[:1]:
        chosen = tuple(each for each in candidates if each.key == part)
        if chosen:
            rest = suffix[suffix.index("]") + 1 :] if "]" in suffix else suffix
            return chosen, rest.removeprefix("."), Confidence.INFERRED
    return candidates, suffix, confidence


def _attribute_of(resource: Resource, suffix: str) -> str:
    """The attribute a suffix names, if the instance has one of that name."""
    values = resource.before if resource.after is None else resource.after
    unknown = resource.after_unknown
    for part in steps(suffix):
        if isinstance(part, str) and (
            (isinstance(values, dict) and part in values)
            or (isinstance(unknown, dict) and part in unknown)
        ):
            return str(part)
    return ""
