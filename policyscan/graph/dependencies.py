"""Dependencies as Terraform orders by them, told per instance.

Reachability equals that of `terraform graph` between resource blocks: every name in an expression
counts, whichever branch is taken. Of the instances of a block only those count that the index at
the reference can mean. Source: internal/terraform, transform_reference.go and
transform_module_expansion.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from policyscan.graph.following import Following, inside
from policyscan.graph.hub import Hop, Hub, Node, Part
from policyscan.graph.reading import Reading, agreed, read, read_source, references_of
from policyscan.graph.scope import Instances, Scope, node_of, scope_of
from policyscan.graph.target import Confidence
from policyscan.graph.written import Written
from policyscan.plan import Plan, Resource
from policyscan.plan.address import (
    ModuleInstance,
    ModuleStep,
    Reference,
    Subject,
)
from policyscan.plan.configuration import ConfigResource, Expression

if TYPE_CHECKING:
    from policyscan.source.model import Expression as SourceExpression


class Dependencies:
    """The hops from each node of one plan, found when first asked for."""

    def __init__(self, plan: Plan, instances: Instances, written: Written) -> None:
        self._plan = plan
        self._instances = instances
        self._written = written
        self._following = Following(instances, written)
        self._resources = {node_of(resource): resource for resource in plan.resources}
        self._hops: dict[Node, tuple[Hop, ...]] = {}
        self._dead_ends: dict[Hub, tuple[Hub, ...]] = {}
        self._readings: dict[tuple[tuple[str, ...], str], tuple[tuple[str, Reading], ...]] = {}

    def of(self, node: Node) -> tuple[Hop, ...]:
        """What a node waits for directly, in order of writing, without repeats."""
        if node not in self._hops:
            found = self._of_hub(node) if isinstance(node, Hub) else self._of_instance(node)
            self._hops[node] = tuple(dict.fromkeys(hop for hop in found if hop.target != node))
        return self._hops[node]

    # -- instances and blocks ------------------------------------------------------------------

    def _of_instance(self, node: str) -> Iterator[Hop]:
        resource = self._resources[node]
        # Of the world before a plan the state knows what the blocks of now may have changed.
        is_told = self._plan.is_before and resource.depends_on
        if resource.config is None or resource.deposed or is_told:
            yield from self._remembered(resource)
        else:
            yield from self._of_block(resource.config, scope_of(resource))

    def _remembered(self, resource: Resource) -> Iterator[Hop]:
        """What the state says a resource waited for when it was applied last."""
        for text in resource.depends_on:
            for address in self._instances.at(text, resource.module):
                yield Hop(address, confidence=Confidence.INFERRED)

    def _of_block(self, config: ConfigResource, scope: Scope) -> Iterator[Hop]:
        for path, reading in self._arguments(config, scope):
            read_as = self._for_each(reading, scope) if path == "for_each" else reading
            yield from self._following.follow(read_as, scope, path)
        yield from self._following.follow(_ordered(config.depends_on), scope, "depends_on")
        for path, expression in self._written.imported(scope.path, config.address):
            yield from self._following.follow(read_source(expression), Scope(()), path)
        if config.provider_key in self._plan.providers:
            yield Hop(Hub(Part.PROVIDER, (), config.provider_key))
        yield from self._begin(scope.module)

    def _arguments(self, config: ConfigResource, scope: Scope) -> tuple[tuple[str, Reading], ...]:
        key = (scope.path, config.address)
        if key not in self._readings:
            planned = dict(config.expressions())
            block = self._written.block(*key)
            source = block.attributes if block is not None else {}
            found = [
                (path, read(each.references, source.get(path)))
                for path, each in planned.items()
                if each.references
            ]
            if all(_agree(each, source.get(path)) for path, each in planned.items()):
                unlisted = self._written.unlisted(*key, planned)
                found += [(path, read_source(expression)) for path, expression in unlisted]
            self._readings[key] = tuple(found)
        return self._readings[key]

    def _for_each(self, reading: Reading, scope: Scope) -> Reading:
        """A block made for each instance of another one waits for that of its own key."""
        written = self._written.expression(scope.path, scope.block, "for_each")
        match reading.references:
            case (Reference(subject=Subject.RESOURCE, attribute="") as whole,) if (
                scope.key is not None and (written is None or written.text == whole.text)
            ):
                return replace(reading, references=(replace(whole, key=scope.key),))
        return reading

    def dead_ends(self, node: str) -> tuple[Hub, ...]:
        """The locals an instance names, itself or through others, that nothing tells of."""
        names = _names(self.of(node))
        for name in names:
            self._find_dead_ends(name)
        return tuple(dict.fromkeys(found for name in names for found in self._dead_ends[name]))

    def _find_dead_ends(self, start: Hub) -> None:
        """Find them for a name, those of the names in it first, each name once in all."""
        opened: set[Hub] = set()
        todo = [start]
        while todo:
            hub = todo[-1]
            inner = _names(self.of(hub))
            waiting = [name for name in inner if name not in self._dead_ends and name not in opened]
            if hub not in self._dead_ends and waiting:
                opened.add(hub)
                todo += waiting
                continue
            todo.pop()
            if hub not in self._dead_ends:
                behind = (found for name in inner for found in self._dead_ends.get(name, ()))
                self._dead_ends[hub] = tuple(dict.fromkeys((*self._own_dead_end(hub), *behind)))

    def _own_dead_end(self, hub: Hub) -> tuple[Hub, ...]:
        name = hub.name.removeprefix("local.")
        is_told = self._written.local(Scope(hub.module).path, name) is not None
        return () if name == hub.name or is_told else (replace(hub, rest=""),)

    # -- hubs ----------------------------------------------------------------------------------

    def _of_hub(self, hub: Hub) -> Iterable[Hop]:
        match hub.part:
            case Part.BLOCK:
                return self._of_all(hub)
            case Part.NAME:
                return self._of_name(hub)
            case Part.CALL:
                return self._of_call(hub)
            case Part.BEGIN:
                return self._of_begin(hub.module)
            case Part.END:
                return self._of_end(hub.module)
            case Part.PROVIDER:
                return self._of_provider(hub)

    def _of_all(self, hub: Hub) -> Iterator[Hop]:
        instances = self._instances.of(hub.module, hub.name).every
        for each in instances:
            yield Hop(each.address)
        module = self._instances.config(Scope(hub.module).path)
        config = module.resources.get(hub.name) if module is not None else None
        if config is not None and not instances:
            # A block without instances still hands on the order: others wait for what it names.
            each_of = config.for_each.references if config.for_each else ()
            yield from self._of_block(config, Scope(hub.module, None, each_of, hub.name))

    def _of_call(self, hub: Hub) -> Iterator[Hop]:
        name, _, part = hub.name.partition(".")
        for child in self._instances.children(hub.module, name).every:
            yield Hop(inside(child, part, hub.rest))

    def _of_name(self, hub: Hub) -> Iterator[Hop]:
        kind, _, name = hub.name.partition(".")
        match kind:
            case "var":
                yield from self._of_variable(hub, name)
            case "local":
                scope = Scope(hub.module)
                written = self._written.local(scope.path, name)
                if written is not None:
                    yield from self._part(partial(read_source, written), hub.rest, scope)
            case _:
                yield from self._of_output(hub, name)
        yield from self._unlisted(hub)
        yield from self._begin(hub.module)

    def _unlisted(self, hub: Hub) -> Iterator[Hop]:
        """Conditions of a variable or output, which no plan lists."""
        scope = Scope(hub.module)
        name = hub.name.replace("var.", "variable.", 1)
        for path, expression in self._written.unlisted(scope.path, name, ("value",)):
            yield from self._following.follow(read_source(expression), scope, path)

    def _of_variable(self, hub: Hub, name: str) -> Iterator[Hop]:
        caller = self._instances.caller(hub.module)
        if caller is None:
            return
        call, outer = caller
        given = call.body.arguments.get(name)
        if given is not None:
            written = self._written.expression(outer.path, f"module.{call.name}", name)
            yield from self._part(partial(read, given.references, written), hub.rest, outer)
        for block in call.body.blocks.get(name, ()):
            # An object given as a block, as old modules of type `any` may have it.
            for _, expression in block.expressions():
                yield from self._following.follow(Reading(expression.references), outer)

    def _of_output(self, hub: Hub, name: str) -> Iterator[Hop]:
        scope = Scope(hub.module)
        module = self._instances.config(scope.path)
        output = module.outputs.get(name) if module is not None else None
        if output is None:
            return
        written = self._written.expression(scope.path, hub.name, "value")
        planned = output.expression.references
        yield from self._part(partial(read, planned, written), hub.rest, scope)
        yield from self._following.follow(_ordered(output.depends_on), scope)

    def _part(self, reading_of: Callable[[str], Reading], rest: str, scope: Scope) -> Iterator[Hop]:
        """The part of a value that is taken, exactly, and all the rest of what is waited for."""
        part = reading_of(rest)
        yield from self._following.follow(part, scope)
        if rest:
            whole = reading_of("")
            taken = frozenset(part.references)
            others = tuple(each for each in whole.references if each not in taken)
            yield from self._following.follow(replace(whole, references=others), scope)

    def _begin(self, module: ModuleInstance) -> Iterator[Hop]:
        if module:
            yield Hop(Hub(Part.BEGIN, module))

    def _of_begin(self, module: ModuleInstance) -> Iterator[Hop]:
        caller = self._instances.caller(module)
        if caller is None:
            return
        call, outer = caller
        scope = Scope(outer.module)
        for argument, expression in (("for_each", call.for_each), ("count", call.count)):
            if expression is not None:
                address = f"module.{call.name}"
                written = self._written.expression(scope.path, address, argument)
                yield from self._following.follow(
                    read(expression.references, written), outer, argument
                )
        yield from self._following.follow(_ordered(call.depends_on), scope, "depends_on")
        yield from self._begin(outer.module)

    def _of_end(self, module: ModuleInstance) -> Iterator[Hop]:
        config = self._instances.config(Scope(module).path)
        if config is None:
            return
        for name in config.resources:
            yield Hop(Hub(Part.BLOCK, module, name))
        for call in config.calls.values():
            for child in self._following.children(module, call).every:
                yield Hop(Hub(Part.END, child))
        caller = self._instances.caller(module)
        given = caller[0].body.arguments if caller is not None else ()
        written = self._written.module(config.path)
        names = (
            *(f"var.{name}" for name in given),
            *(f"local.{name}" for name in (written.locals if written is not None else ())),
            *(f"output.{name}" for name in config.outputs),
        )
        for name in names:
            yield Hop(Hub(Part.NAME, module, name))
        yield from self._begin(module)

    def _of_provider(self, hub: Hub) -> Iterator[Hop]:
        provider = self._plan.providers[hub.name]
        # A module that configures a provider of its own has no for_each, so no keys.
        module = tuple(ModuleStep(name) for name in provider.module_path)
        scope = Scope(module)
        written = self._written.block(provider.module_path, provider.address)
        planned = dict(provider.body.expressions())
        for path, expression in planned.items():
            source = written.attributes.get(path) if written is not None else None
            yield from self._following.follow(read(expression.references, source), scope, path)
        for path, each in self._written.unlisted(scope.path, provider.address, planned):
            yield from self._following.follow(read_source(each), scope, path)
        yield from self._begin(module)


def _names(hops: tuple[Hop, ...]) -> tuple[Hub, ...]:
    targets = (hop.target for hop in hops)
    return tuple(each for each in targets if isinstance(each, Hub) and each.part is Part.NAME)


def _ordered(references: tuple[Reference, ...]) -> Reading:
    """Entries of `depends_on`: each means the whole of what it names."""
    return Reading(references, picks=False)


def _agree(planned: Expression, written: SourceExpression | None) -> bool:
    """Source that has changed since the plan was made must not speak for it."""
    if written is None:
        return True
    told = references_of(written)
    return agreed(planned.references, told) == told
