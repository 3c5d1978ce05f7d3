"""The hops that the references of an expression stand for."""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.graph.candidates import Group, attribute_of, choose, narrow
from policyscan.graph.hub import Hop, Hub, Part
from policyscan.graph.reading import Reading, read
from policyscan.graph.scope import Instances, Scope
from policyscan.graph.target import Confidence
from policyscan.graph.written import Written
from policyscan.plan import Resource
from policyscan.plan.address import (
    Index,
    InstanceKey,
    ModuleInstance,
    ModuleStep,
    Reference,
    Subject,
    key_text,
)
from policyscan.plan.configuration import ModuleCall

_WHOLE = frozenset({Index.SPLAT, Index.SAME, Index.DYNAMIC})
"""Indexes behind which Terraform no longer sees an output: it waits for the whole module."""


class Following:
    """Takes each reference one step: to an instance, or to the hub of what it names."""

    def __init__(self, instances: Instances, written: Written) -> None:
        self._instances = instances
        self._written = written

    def follow(self, reading: Reading, scope: Scope, argument: str = "") -> Iterator[Hop]:
        """The hops of what stands in an argument, in order of writing."""
        for reference in reading.references:
            match reference.subject:
                case Subject.RESOURCE:
                    yield from self._resource(reference, reading, scope, argument)
                case Subject.MODULE:
                    yield from self._module(reference, reading, scope, argument)
                case Subject.VARIABLE | Subject.LOCAL:
                    yield self._name(reference, reading, scope, argument)
                case Subject.EACH if reference.name == "value" and scope.each:
                    yield from self._each(reference, reading, scope, argument)
                case _:
                    pass

    def _resource(
        self, reference: Reference, reading: Reading, scope: Scope, argument: str
    ) -> Iterator[Hop]:
        group = self._instances.of(scope.module, reference.name)
        path = _joined(reference.attribute, reading.rest)
        chosen, confidence = self._chosen(group, reference, reading, scope)
        if len(chosen) > 1 and not reference.attribute:
            chosen, path, confidence = narrow(group, path, confidence)
        attribute = reference.attribute or (attribute_of(chosen[0], path) if chosen else "")
        if len(chosen) == len(group.every) != 1:
            hub = Hub(Part.BLOCK, scope.module, reference.name)
            yield Hop(hub, argument, attribute, confidence)
        else:
            yield from (Hop(each.address, argument, attribute, confidence) for each in chosen)

    def _chosen(
        self,
        group: Group[Resource],
        reference: Reference,
        reading: Reading,
        scope: Scope,
    ) -> tuple[tuple[Resource, ...], Confidence]:
        if reference.key is Index.DROPPED and reading.picks is not None:
            return group.every, Confidence.EXACT
        chosen, confidence = choose(group, reference.key, scope.key, has_key_beside=reading.has_key)
        # An index that no instance has, inside `try` or `can`, still makes it wait for the block.
        return (chosen, confidence) if chosen else (group.every, Confidence.AMBIGUOUS)

    def _module(
        self, reference: Reference, reading: Reading, scope: Scope, argument: str
    ) -> Iterator[Hop]:
        call = self._instances.call(scope, reference.name)
        if call is None:
            return
        group = self.children(scope.module, call)
        if reference.key is Index.DROPPED and reading.picks is not None:
            chosen, confidence = group.every, Confidence.EXACT
        else:
            chosen, confidence = choose(
                group, reference.key, scope.key, has_key_beside=reading.has_key
            )
        if not chosen:
            # An instance without resources shows nowhere, but its outputs lead on.
            unseen = (*scope.module, ModuleStep(call.name, _literal(reference.key)))
            chosen = group.every if isinstance(reference.key, Index) else (unseen,)
        rest = _joined(reference.attribute, reading.rest)
        for part in _outputs(reference):
            if len(chosen) > 1:
                hub = Hub(Part.CALL, scope.module, f"{call.name}.{part}", rest)
                yield Hop(hub, argument, "", confidence)
            else:
                for child in chosen:
                    yield Hop(inside(child, part, rest), argument, "", confidence)

    def children(self, module: ModuleInstance, call: ModuleCall) -> Group[ModuleInstance]:
        """The instances of a call, or one without a key for a call that shows none."""
        found = self._instances.children(module, call.name)
        return found if found.every else Group(((*module, ModuleStep(call.name)),))

    def _name(self, reference: Reference, reading: Reading, scope: Scope, argument: str) -> Hop:
        key = scope.key if reference.key is Index.SAME else reference.key
        shown = "" if isinstance(key, Index) else key_text(key)
        rest = _joined(shown, _joined(reference.attribute, reading.rest))
        name = f"{reference.subject}.{reference.name}"
        return Hop(Hub(Part.NAME, scope.module, name, rest), argument)

    def _each(
        self, reference: Reference, reading: Reading, scope: Scope, argument: str
    ) -> Iterator[Hop]:
        """The element of `for_each` that an instance is made for."""
        rest = _joined(key_text(scope.key), _joined(reference.attribute, reading.rest))
        written = self._written.expression(scope.path, scope.block, "for_each")
        part = read(scope.each, written, rest)
        yield from self.follow(part, Scope(scope.module), argument)


def _outputs(reference: Reference) -> tuple[str, ...]:
    """What a reference to a module call waits for: an output, or everything ("")."""
    if not reference.output:
        return ("",)
    return (reference.output, "") if reference.key in _WHOLE else (reference.output,)


def inside(module: ModuleInstance, output: str, rest: str) -> Hub:
    """The hub of an output of a module instance, or of everything in it."""
    return Hub(Part.NAME, module, f"output.{output}", rest) if output else Hub(Part.END, module)


def _literal(key: int | str | Index) -> InstanceKey:
    return None if isinstance(key, Index) else key


def _joined(head: str, tail: str) -> str:
    if not head or not tail:
        return head or tail
    return head + tail if tail.startswith("[") else f"{head}.{tail}"
