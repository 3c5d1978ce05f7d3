"""Follows the references of an expression to the resource instances they can mean.

Static references only: what Terraform prints in a plan's configuration, made exact by the source
where it is at hand. Terraform leaves three things out that the source gives back: locals, the
index and attribute behind a dynamic index, and which reference stands in which part.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph.candidates import Candidate, Group, attribute_of, choose, narrow
from policyscan.graph.reading import Reading, read, read_source
from policyscan.graph.scope import Instances, Scope, place, scope_of
from policyscan.graph.target import NOTHING, Collector, Confidence, Followed, Target, together
from policyscan.graph.written import Written
from policyscan.plan import Known, Plan, Resource
from policyscan.plan.address import Index, ModuleStep, Reference, Subject, key_text, steps

DEEPEST = 64
"""References can only nest as deep as modules and locals do; past this it is a loop."""

HANDED_ON = ("terraform_data", "output")
"""The attribute that is what the argument `input` of the same resource is."""


class _Trail(Struct, frozen=True):
    """How an expression was come to: the way there, and its confidence."""

    via: tuple[str, ...] = ()
    confidence: Confidence = Confidence.EXACT

    def through(self, hop: str, confidence: Confidence = Confidence.EXACT) -> _Trail:
        return _Trail((*self.via, hop), self.confidence.weakened(confidence))


class _Place(Struct, frozen=True):
    """Where a reference stands: the reading it is part of, its scope, and the trail there."""

    reading: Reading
    scope: Scope
    trail: _Trail


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
        self._memo: dict[tuple[Reading, Scope], Followed] = {}

    def follow(self, reading: Reading, scope: Scope) -> Followed:
        """Everything one expression leads to, in order, without repeats."""
        if not reading.references and not reading.picks:
            return NOTHING
        if not reading.varies:
            # All instances of a block have it alike.
            scope = Scope(scope.module)
        key = (reading, scope)
        if key not in self._memo:
            found = Collector()
            self._follow(_Place(reading, scope, _Trail()), found)
            self._memo[key] = found.followed()
        return self._memo[key]

    def follow_all(self, readings: tuple[Reading, ...], resource: Resource) -> Followed:
        """Everything that arguments of one block lead to together."""
        if not readings:
            return NOTHING
        scope = scope_of(resource)
        return together([self.follow(reading, scope) for reading in readings])

    def _follow(self, here: _Place, found: Collector) -> None:
        if len(here.trail.via) > DEEPEST:
            found.unresolved[f"{here.trail.via[0]} refers to itself"] = None
            return
        reading = here.reading
        if reading.text is not None and here.trail.via:
            found.literals[here.trail.via[-1]] = Known(reading.text)
        if len(reading.references) == 1 and not _takes_one(reading):
            # There is nothing to choose between, and nothing to gather apart.
            self._refer(reading.references[0], here, found)
            return
        parts = []
        for reference in reading.references:
            part = Collector()
            self._refer(reference, here, part)
            parts.append(part)
        found.take(parts, _chosen_between(reading, parts))
        found.is_chosen |= reading.picks is True

    def _refer(self, reference: Reference, here: _Place, found: Collector) -> None:
        match reference.subject:
            case Subject.RESOURCE:
                self._resource(reference, here, found)
            case Subject.MODULE:
                self._module(reference, here, found)
            case Subject.VARIABLE:
                self._variable(reference, here, found)
            case Subject.LOCAL:
                self._local(reference, here, found)
            case Subject.EACH:
                self._each(reference, here, found)
            case Subject.COUNT | Subject.OTHER:
                pass

    def _resource(self, reference: Reference, here: _Place, found: Collector) -> None:
        scope, trail = here.scope, here.trail
        module = self._instances.config(scope.path)
        block = module.resources.get(reference.name) if module is not None else None
        if module is not None and block is None:
            found.unresolved[f"{reference.text} is not in {place(scope.module)}"] = None
            return
        group = self._instances.of(scope.module, reference.name)
        path = _joined(reference.attribute, here.reading.rest)
        chosen, confidence = self._choose(group, reference, here)
        if len(chosen) > 1 and not reference.attribute:
            chosen, path, confidence = narrow(group, path, confidence)
        for each in chosen:
            found.add(
                Target(
                    each.address,
                    reference.attribute or attribute_of(each, path),
                    trail.confidence.weakened(confidence),
                    trail.via,
                ),
                each.type,
            )
            if block is not None and (each.type, path.split(".")[0]) == HANDED_ON:
                self._handed_on(each, path.partition(".")[2], trail, found)

    def _handed_on(self, resource: Resource, rest: str, trail: _Trail, found: Collector) -> None:
        """Follow on through a `terraform_data`, whose output is what its input is."""
        given = resource.config.body.arguments.get("input") if resource.config else None
        if given is not None:
            reading = read(given.references, self._written.given(resource, "input"), rest)
            hop = trail.through(f"{resource.address}.output")
            self._follow(_Place(reading, scope_of(resource), hop), found)

    def _choose(
        self, group: Group[Candidate], reference: Reference, here: _Place
    ) -> tuple[tuple[Candidate, ...], Confidence]:
        """The instances of a block that a reference means, before what follows it is looked at."""
        key, reading, scope = reference.key, here.reading, here.scope
        if key is Index.DROPPED and reading.picks is not None:
            # The source would show an index if there were one.
            return group.every, Confidence.EXACT
        is_module = reference.subject is Subject.MODULE
        block = f"module.{reference.name}" if is_module else reference.name
        if key is Index.DYNAMIC and reading.runs_over(
            reference, self._written.keys_from(scope.path, block)
        ):
            return group.every, Confidence.INFERRED
        return choose(group, key, scope.key, has_key_beside=reading.has_key)

    def _module(self, reference: Reference, here: _Place, found: Collector) -> None:
        scope = here.scope
        call = self._instances.call(scope, reference.name)
        if call is None:
            found.unresolved[f"{reference.text} is not in {place(scope.module)}"] = None
            return
        children = self._instances.children(scope.module, reference.name)
        chosen, confidence = self._choose(children, reference, here)
        index = _index_of_output(reference, scope)
        rest = _joined(index or reference.attribute, here.reading.rest)
        if len(chosen) > 1 and not reference.output:
            chosen, rest, confidence = narrow(children, rest, confidence)
        outputs = [reference.output] if reference.output else sorted(call.module.outputs)
        if len(outputs) > 1:
            confidence = confidence.weakened(Confidence.AMBIGUOUS)
        for child in chosen or (
            () if children.every else ((*scope.module, ModuleStep(call.name)),)
        ):
            inner = Scope(child)
            for name in outputs:
                output = call.module.outputs.get(name)
                if output is None:
                    continue
                written = self._written.expression(inner.path, f"output.{name}", "value")
                reading = read(output.expression.references, written, rest)
                if index is None:
                    reading = replace(reading, picks=True)
                hop = here.trail.through(f"{place(child)}.output.{name}", confidence)
                self._follow(_Place(reading, inner, hop), found)

    def _variable(self, reference: Reference, here: _Place, found: Collector) -> None:
        scope = here.scope
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
        written = self._written.expression(outer.path, f"module.{call.name}", reference.name)
        reading = _part(read(given.references, written, _taken(reference, here)), reference, here)
        self._follow(_Place(reading, outer, here.trail.through(hop)), found)

    def _local(self, reference: Reference, here: _Place, found: Collector) -> None:
        scope = here.scope
        name = f"local.{reference.name}"
        written = self._written.local(scope.path, reference.name)
        if written is None:
            why = self._written.why_missing(scope.path, name)
            found.unresolved[f"{name} in {place(scope.module)}: {why}"] = None
            return
        hop = f"{place(scope.module)}.{name}" if scope.module else name
        if isinstance(written.literal, list | dict):
            found.literals[hop] = Known(written.literal)
        reading = _part(read_source(written, _taken(reference, here)), reference, here)
        self._follow(_Place(reading, scope, here.trail.through(hop)), found)

    def _each(self, reference: Reference, here: _Place, found: Collector) -> None:
        if reference.name == "key":
            # A key is a string chosen in for_each: it names an instance and carries no attribute.
            return
        scope = here.scope
        rest = _joined(reference.attribute, here.reading.rest)
        written = self._written.expression(scope.path, scope.block, "for_each")
        sure = Confidence.EXACT
        match scope.each:
            case (Reference(subject=Subject.RESOURCE, attribute="") as whole,) if (
                written is None or written.text == whole.text
            ) and self._instances.of(scope.module, whole.name).with_key(scope.key):
                # By the plan alone it may as well be a `for` that gives other keys.
                sure = Confidence.INFERRED if written is None else Confidence.EXACT
                own = Reference(whole.text, whole.subject, whole.name, scope.key or "")
                reading = Reading((own,), rest)
            case each:
                reading = read(each, written, _joined(key_text(scope.key), rest))
        hop = here.trail.through("each.value", sure)
        outer = Scope(scope.module)
        self._follow(_Place(reading, outer, hop), found)


def _index_of_output(reference: Reference, scope: Scope) -> str | None:
    """What a dynamic index takes out of a module's output, "" without one, None when not known.

    Example: `["a"]` for `module.net.subnet_ids[each.key]` in the instance of key "a".
    """
    _, output, tail = reference.text.partition(f".{reference.output}")
    if not (reference.output and output) or steps(tail) or not tail.startswith("["):
        return ""
    index, _, rest = tail[1:].partition("]")
    return f"{key_text(scope.key)}{rest}" if index in {"each.key", "count.index"} else None


def _taken(reference: Reference, here: _Place) -> str:
    """What a reference takes out of a variable or local: `["a"].url` of `local.x[each.key].url`."""
    key = here.scope.key if reference.key is Index.SAME else reference.key
    shown = "" if isinstance(key, Index) else key_text(key)
    return _joined(shown, _joined(reference.attribute, here.reading.rest))


def _part(reading: Reading, reference: Reference, here: _Place) -> Reading:
    """The reading of a variable or local of which an index takes one part, not known which.

    A plan leaves such an index out; with the instance's own key beside there may have been one.
    """
    is_dropped = reference.key is Index.DROPPED and here.reading.picks is None
    if reference.key is Index.DYNAMIC or (is_dropped and here.reading.has_key):
        return replace(reading, picks=True)
    return reading


def _takes_one(reading: Reading) -> bool:
    """Whether it means one of what it leads to and not the rest."""
    return bool(reading.picks) or reading.rest.startswith("[")


def _chosen_between(reading: Reading, parts: list[Collector]) -> frozenset[str]:
    """The resource types of which an expression may mean one and not the others."""
    if _takes_one(reading):
        return frozenset().union(*(part.kinds() for part in parts))
    # By the plan alone, what leads to no resource may be a condition or an index.
    may_choose = reading.picks is None and not all(part.targets for part in parts)
    if len(parts) > 1 and (reading.rest or may_choose):
        every = Counter(kind for part in parts for kind in part.kinds())
        return frozenset(kind for kind, times in every.items() if times > 1)
    return frozenset()
