"""Where an expression stands, and which instances the names in it can mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policyscan.plan import Plan, Resource
from policyscan.plan.address import InstanceKey, ModuleInstance, ModulePath, Reference, module_text
from policyscan.plan.configuration import ConfigModule, Expression, ModuleCall


@dataclass(frozen=True, slots=True)
class Scope:
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
        return tuple(step.name for step in self.module)


class Instances:
    """Every instance of a plan, found by where its block stands.

    Deposed objects are left out: no expression can mean one.
    """

    def __init__(self, plan: Plan) -> None:
        self._modules: Mapping[ModulePath, ConfigModule] = {
            module.path: module for module in plan.config_modules()
        }
        by_block: dict[tuple[ModuleInstance, str], list[Resource]] = {}
        children: dict[tuple[ModuleInstance, str], dict[ModuleInstance, None]] = {}
        for resource in plan.resources:
            if resource.deposed:
                continue
            by_block.setdefault((resource.module, resource.config_address), []).append(resource)
            for depth, step in enumerate(resource.module):
                seen = children.setdefault((resource.module[:depth], step.name), {})
                seen[resource.module[: depth + 1]] = None
        self._by_block = {where: tuple(found) for where, found in by_block.items()}
        self._children = {where: tuple(found) for where, found in children.items()}
        self._in_module: dict[ModuleInstance, tuple[Resource, ...]] = {}

    def of(self, module: ModuleInstance, config_address: str) -> tuple[Resource, ...]:
        """The instances of a block in one module instance, those being deleted last."""
        return self._by_block.get((module, config_address), ())

    def children(self, module: ModuleInstance, name: str) -> tuple[ModuleInstance, ...]:
        """The instances of a module call that hold any resource."""
        return self._children.get((module, name), ())

    def inside(self, module: ModuleInstance) -> Iterable[Resource]:
        """Every resource of a module instance and of the modules below it."""
        if module not in self._in_module:
            size = len(module)
            self._in_module[module] = tuple(
                resource
                for (where, _), found in self._by_block.items()
                if where[:size] == module
                for resource in found
            )
        return self._in_module[module]

    def config(self, path: ModulePath) -> ConfigModule | None:
        """The configuration of a module, None when the plan does not hold it."""
        return self._modules.get(path)

    def call(self, scope: Scope, name: str) -> ModuleCall | None:
        """The module call of a name in the scope's module."""
        module = self.config(scope.path)
        return module.calls.get(name) if module else None

    def caller(self, module: ModuleInstance) -> tuple[ModuleCall, Scope] | None:
        """The call that made a module instance and the scope its arguments stand in."""
        if not module:
            return None
        parent, step = module[:-1], module[-1]
        call = self.call(Scope(parent), step.name)
        if call is None:
            return None
        return call, Scope(parent, step.key, _each(call.for_each), f"module.{call.name}")


def scope_of(resource: Resource) -> Scope:
    """The scope of a resource's own arguments."""
    config = resource.config
    each = _each(config.for_each if config else None)
    return Scope(resource.module, resource.key, each, resource.config_address)


def _each(for_each: Expression | None) -> tuple[Reference, ...]:
    return for_each.references if for_each else ()


def place(module: ModuleInstance) -> str:
    """How a message names a module instance."""
    return module_text(module) or "the root module"
