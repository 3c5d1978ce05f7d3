"""Where an expression stands, and which instances the names in it can mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import takewhile

from msgspec import Struct

from policyscan.graph.candidates import Group
from policyscan.plan import Plan, Resource
from policyscan.plan.address import (
    InstanceKey,
    ModuleInstance,
    ModulePath,
    ModuleStep,
    Reference,
    module_text,
    parse_module,
)
from policyscan.plan.configuration import ConfigModule, Expression, ModuleCall


class Scope(Struct, frozen=True, cache_hash=True):
    """The module instance an expression is evaluated in, and what `each` and `count` mean there.

    `key` is the instance key of the block that holds the expression, `block` its address inside
    the module, and `each` the references of the `for_each` its keys come from.
    """

    module: ModuleInstance
    key: InstanceKey = None
    each: tuple[Reference, ...] = ()
    block: str = ""

    @property
    def path(self) -> ModulePath:
        """The module call names, without keys."""
        return tuple([step.name for step in self.module])


_NO_RESOURCE: Group[Resource] = Group(())
_NO_MODULE: Group[ModuleInstance] = Group(())


class Instances:
    """Every instance of a plan, found by where its block stands.

    Deposed objects are left out: no expression can mean one.
    """

    def __init__(self, plan: Plan) -> None:
        self._resources = plan.resources
        self._modules: Mapping[ModulePath, ConfigModule] = {
            module.path: module for module in plan.config_modules()
        }
        by_block: dict[tuple[ModuleInstance, str], list[Resource]] = {}
        modules: dict[ModulePath, dict[ModuleInstance, None]] = {}
        children: dict[tuple[ModuleInstance, str], dict[ModuleInstance, None]] = {}
        seen: set[ModuleInstance] = set()
        for resource in plan.resources:
            if resource.deposed:
                continue
            by_block.setdefault((resource.module, resource.config_address), []).append(resource)
            if resource.module in seen:
                continue
            seen.add(resource.module)
            for depth, step in enumerate(resource.module):
                inner = resource.module[: depth + 1]
                modules.setdefault(resource.module_path[: depth + 1], {})[inner] = None
                children.setdefault((resource.module[:depth], step.name), {})[inner] = None
        self._callers: dict[ModuleInstance, tuple[ModuleCall, Scope] | None] = {}
        self._by_block = {where: Group(_staying(found)) for where, found in by_block.items()}
        self._children = {where: Group(tuple(found)) for where, found in children.items()}
        self._module_instances = {path: tuple(found) for path, found in modules.items()}

    @cached_property
    def _by_path(self) -> Mapping[tuple[ModulePath, str], list[Resource]]:
        """By where a block stands, whatever the keys, also by where it stood."""
        found: dict[tuple[ModulePath, str], list[Resource]] = {}
        for resource in self._resources:
            if resource.deposed:
                continue
            where = (resource.module_path, resource.config_address)
            found.setdefault(where, []).append(resource)
            if resource.previous_address and (old := block_of(resource.previous_address)) != where:
                found.setdefault(old, []).append(resource)
        return found

    def of(self, module: ModuleInstance, config_address: str) -> Group[Resource]:
        """The instances of a block in one module instance that stay.

        Those being deleted when none stays.
        """
        return self._by_block.get((module, config_address), _NO_RESOURCE)

    def children(self, module: ModuleInstance, name: str) -> Group[ModuleInstance]:
        """The instances of a module call that hold any resource."""
        return self._children.get((module, name), _NO_MODULE)

    def at(self, text: str, near: ModuleInstance) -> tuple[str, ...]:
        """The instance of an address, or those of an address without keys, also by where it was.

        Of several module instances those that share the most keys with the one it is seen from.
        """
        found = self._by_path.get(block_of(text), ())
        if any(each.address == text for each in found):
            return (text,)
        closest = max((_shared(each.module, near) for each in found), default=0)
        return tuple(each.address for each in found if _shared(each.module, near) == closest)

    def modules(self, path: ModulePath, near: ModuleInstance) -> tuple[ModuleInstance, ...]:
        """The instances of a module, those that share the most keys with another one.

        Where none shows, as it holds no resource, one without keys below those that do.
        """
        for depth in range(len(path), 0, -1):
            if found := self._module_instances.get(path[:depth]):
                closest = max(_shared(each, near) for each in found)
                unseen = tuple(ModuleStep(name) for name in path[depth:])
                return tuple((*each, *unseen) for each in found if _shared(each, near) == closest)
        return (tuple(ModuleStep(name) for name in path),)

    def config(self, path: ModulePath) -> ConfigModule | None:
        """The configuration of a module, None when the plan does not hold it."""
        return self._modules.get(path)

    def call(self, scope: Scope, name: str) -> ModuleCall | None:
        """The module call of a name in the scope's module."""
        module = self.config(scope.path)
        return module.calls.get(name) if module else None

    def caller(self, module: ModuleInstance) -> tuple[ModuleCall, Scope] | None:
        """The call that made a module instance and the scope its arguments stand in."""
        if module not in self._callers:
            self._callers[module] = self._caller(module)
        return self._callers[module]

    def _caller(self, module: ModuleInstance) -> tuple[ModuleCall, Scope] | None:
        if not module:
            return None
        parent, step = module[:-1], module[-1]
        call = self.call(Scope(parent), step.name)
        if call is None:
            return None
        return call, Scope(parent, step.key, _each(call.for_each), f"module.{call.name}")


def _staying(found: list[Resource]) -> tuple[Resource, ...]:
    return tuple(each for each in found if not each.is_deleted) or tuple(found)


def scope_of(resource: Resource) -> Scope:
    """The scope of a resource's own arguments."""
    config = resource.config
    each = _each(config.for_each if config else None)
    return Scope(resource.module, resource.key, each, resource.config_address)


def node_of(resource: Resource) -> str:
    """The name of a node: the address, told apart for an object that is only waiting to go."""
    if resource.deposed:
        return f"{resource.address} (deposed {resource.deposed})"
    return resource.address


def block_of(address: str) -> tuple[ModulePath, str]:
    """Where the block of an address stands: `(("net",), "aws_vpc.v")`."""
    module = parse_module(address)
    tail = address.removeprefix(module_text(module)).removeprefix(".")
    return tuple(step.name for step in module), tail.split("[")[0]


def _shared(module: ModuleInstance, other: ModuleInstance) -> int:
    """How many steps two module instances have in common."""
    pairs = zip(module, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _each(for_each: Expression | None) -> tuple[Reference, ...]:
    return for_each.references if for_each else ()


def place(module: ModuleInstance) -> str:
    """How a message names a module instance."""
    return module_text(module) or "the root module"
