"""Which types of resources an expression can lead to, whatever instances there are.

Told by the configuration alone, so once for all instances of a block: who looks for a few types
need not follow what can never lead to one of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from policyscan.graph.resolve import DEEPEST, HANDED_ON
from policyscan.graph.scope import Instances
from policyscan.graph.written import Written
from policyscan.plan import Plan, Resource
from policyscan.plan.address import ModulePath, Reference, Subject
from policyscan.plan.attributes import names_in
from policyscan.plan.configuration import ConfigModule, ConfigResource, Expression

Types = frozenset[str] | None
"""The types an expression can lead to, None when it may lead to any."""

_NONE: Types = frozenset()


class Kinds:
    """The types behind the names of one configuration, each name looked into once."""

    def __init__(self, plan: Plan, instances: Instances, written: Written) -> None:
        self._is_replayed = plan.is_replayed
        self._instances = instances
        self._has_source = written.is_at_hand
        self._depth = 0
        self._names: dict[tuple[ModulePath, Subject, str], Types] = {}
        self._blocks: dict[tuple[ModulePath, str], tuple[tuple[str, Types], ...]] = {}

    def arguments(self, resource: Resource, types: Container[str]) -> Iterator[str]:
        """The arguments of a resource that can lead to one of some types."""
        key = (resource.module_path, resource.config_address)
        if key not in self._blocks:
            config = resource.config
            self._blocks[key] = tuple(self._of_block(config, key[0])) if config is not None else ()
        for path, found in self._blocks[key]:
            if found is None or any(each in types for each in found):
                yield path

    def _of_block(self, config: ConfigResource, path: ModulePath) -> Iterator[tuple[str, Types]]:
        if self._is_replayed:
            # What a replay tells of a text may be the id of anything.
            yield from ((argument, None) for argument, _ in config.body.expressions())
            return
        # Blocks of one name are not told apart, as `Resource.expressions` says.
        alike: dict[tuple[str, ...], list[Reference]] = {}
        for argument, expression in config.body.expressions():
            if expression.references:
                alike.setdefault(names_in(argument), []).extend(expression.references)
        found = {
            names: self._of(references, path, config.for_each)
            for names, references in alike.items()
        }
        if any(types != _NONE for types in found.values()):
            for argument, _ in config.body.expressions():
                yield argument, found.get(names_in(argument), _NONE)

    def _of(
        self, references: Iterable[Reference], path: ModulePath, for_each: Expression | None = None
    ) -> Types:
        """What references that stand in one block of a module can lead to."""
        every: set[str] = set()
        for each in references:
            if each.subject is Subject.EACH and each.name != "key":
                found = self._of(for_each.references, path) if for_each is not None else _NONE
            else:
                found = self._of_name(each, path)
            if found is None:
                return None
            every |= found
        return frozenset(every)

    def _of_name(self, reference: Reference, path: ModulePath) -> Types:
        key = (path, reference.subject, reference.name)
        if key not in self._names:
            # What leads to itself, or through more names than are followed, may be anything.
            self._names[key] = None
            module = self._instances.config(path)
            if self._depth < DEEPEST:
                self._depth += 1
                self._names[key] = self._behind(reference, module) if module is not None else _NONE
                self._depth -= 1
        return self._names[key]

    def _behind(self, reference: Reference, module: ConfigModule) -> Types:
        name, path = reference.name, module.path
        match reference.subject:
            case Subject.RESOURCE:
                kind = name.removeprefix("data.").partition(".")[0]
                # What is handed on is behind it too.
                return None if kind == HANDED_ON[0] else frozenset((kind,))
            case Subject.MODULE if (call := module.calls.get(name)) is not None:
                outputs = call.module.outputs.values()
                told = (each for output in outputs for each in output.expression.references)
                return self._of(told, call.module.path)
            case Subject.VARIABLE if path and (outer := self._instances.config(path[:-1])):
                call = outer.calls.get(path[-1])
                given = call.body.arguments.get(name) if call is not None else None
                if call is None or given is None:
                    return _NONE
                return self._of(given.references, outer.path, call.for_each)
            case Subject.LOCAL:
                # Only the source tells what stands in one.
                return None if self._has_source else _NONE
            case _:
                return _NONE
