"""Reads the resources of a plan document: what is planned, and what only the state knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from policyscan.plan.address import InstanceKey, ModuleInstance, ModulePath, key_text, parse_module
from policyscan.plan.attributes import has_true
from policyscan.plan.configuration import ConfigModule, ConfigResource
from policyscan.plan.model import Resource
from policyscan.plan.shape import Shape
from policyscan.plan.value import Known

_Json = dict[str, Any]
_Fields = dict[str, Any]
"""The arguments of a `Resource`, until all that is told of it is found."""


def read_resources(
    shape: Shape, document: _Json, configuration: ConfigModule
) -> tuple[Resource, ...]:
    """Every instance that is planned or stands in the state, sorted by address.

    Raises PlanError: two have one address, or an address is not that of its parts.
    """
    reader = _Reader(shape, configuration)
    found: dict[tuple[str, str], _Fields] = {}
    for fields, where in reader.planned(document):
        instance = fields["address"], fields["deposed"]
        if instance in found:
            raise shape.error(where, "there twice: an earlier entry has its address")
        found[instance] = fields
    for prior, _ in reader.standing(document, "prior_state"):
        instance = prior["address"], prior["deposed"]
        if (known := found.get(instance)) is not None:
            _remember(known, prior)
        else:
            actions = ("read",) if prior["mode"] == "data" else ("no-op",)
            found[instance] = prior | {"actions": actions}
    return tuple(_resource(found.pop(instance)) for instance in sorted(found))


def is_refresh_only(document: _Json) -> bool:
    """Whether the state holds resources that are not planned: other modes plan every one.

    Source: internal/terraform/context_plan.go, refreshOnlyPlan.
    """
    is_planned = document.get("resource_changes") or any(_standing(document, "planned_values"))
    return not is_planned and any(
        raw.get("mode") != "data" for raw, _, _ in _standing(document, "prior_state")
    )


class _Module(NamedTuple):
    """An instance of a module, and the blocks of its resources by their address in it."""

    instance: ModuleInstance
    path: ModulePath
    blocks: Mapping[str, ConfigResource]


class _Reader:
    """Takes resources as they are written apart; texts that many have are kept once."""

    def __init__(self, shape: Shape, configuration: ConfigModule) -> None:
        self._shape = shape
        self._blocks = {module.path: module.resources for module in configuration.walk()}
        self._modules: dict[str, _Module] = {}
        self._texts: dict[Any, Any] = {}
        self._marks: dict[int, Any] = {}

    def planned(self, document: _Json) -> Iterator[tuple[_Fields, str]]:
        """Every instance that is planned, with where it stands in the document."""
        changes = document.get("resource_changes") or ()
        for index, raw in enumerate(changes):
            where = f"resource_changes[{index}]"
            yield self._changed(raw, where), where
        if changes:
            return
        for fields, where in self.standing(document, "planned_values"):
            yield {**fields, "actions": ("create",), "before": None}, where

    def standing(self, document: _Json, key: str) -> Iterator[tuple[_Fields, str]]:
        """Every instance in a state, as it stands there."""
        for raw, where, module in _standing(document, key):
            values = raw.get("values") or {}
            marks = self._sensitive(raw.get("sensitive_values", False))
            yield (
                {
                    **self._identity(raw, _full_address(raw, module), where),
                    "before": values,
                    "after": values,
                    "before_sensitive": marks,
                    "after_sensitive": marks,
                    "deposed": raw.get("deposed_key") or "",
                    "depends_on": tuple(raw.get("depends_on") or ()),
                },
                where,
            )

    def _changed(self, raw: _Json, where: str) -> _Fields:
        change = raw["change"]
        get = change.get
        paths = get("replace_paths")
        return {
            **self._identity(raw, raw["address"], where),
            "actions": self._once(tuple(change["actions"])),
            "before": get("before"),
            "after": get("after"),
            "after_unknown": get("after_unknown", False),
            "before_sensitive": self._sensitive(get("before_sensitive", False)),
            "after_sensitive": self._sensitive(get("after_sensitive", False)),
            "replace_paths": tuple(tuple(path) for path in paths) if paths else (),
            "action_reason": raw.get("action_reason") or "",
            "previous_address": raw.get("previous_address") or "",
            "deposed": raw.get("deposed") or "",
        }

    def _identity(self, raw: _Json, address: str, where: str) -> _Fields:
        mode = raw.get("mode") or ("data" if address.startswith("data.") else "managed")
        tail = f"{'data.' if mode == 'data' else ''}{raw['type']}.{raw['name']}"
        module = raw.get("module_address")
        if module is None:
            start = _tail_start(address, tail)
            module = address[: start - 1] if start else ""
        key = raw.get("index")
        if not _is_at(address, f"{module}.{tail}" if module else tail, key):
            raise self._shape.error(f"{where}.address", "another than its type, name and index say")
        instance, path, blocks = self._modules.get(module) or self._module(module)
        return {
            "address": address,
            "module": instance,
            "module_path": path,
            "mode": self._once(mode),
            "type": self._once(raw["type"]),
            "name": self._once(raw["name"]),
            "key": key,
            "provider": self._once(raw.get("provider_name") or ""),
            "config": blocks.get(tail),
        }

    def _module(self, address: str) -> _Module:
        instance = parse_module(address)
        path = tuple(step.name for step in instance)
        found = _Module(instance, path, self._blocks.get(path, {}))
        return self._modules.setdefault(address, found)

    def _sensitive(self, marks: Any) -> Any:
        """A tree of marks, False where it marks nothing: nearly all of them, and asked of often."""
        # Known by what it is in the document, which holds it for as long as this reads.
        if (known := self._marks.get(id(marks))) is None:
            known = self._marks[id(marks)] = has_true(marks) and marks
        return known

    def _once(self, value: Any) -> Any:
        return self._texts.setdefault(value, value)


def _remember(known: _Fields, prior: _Fields) -> None:
    """Take over what the state alone tells of a planned resource.

    A data source that apply will read has no `before` in its change: the state has its last answer.
    """
    known["depends_on"] = prior["depends_on"]
    if known["mode"] == "data" and known["before"] is None:
        known["before"], known["before_sensitive"] = prior["before"], prior["before_sensitive"]


def _resource(fields: _Fields) -> Resource:
    resource = Resource(**fields)
    if resource.config is None or resource.after_unknown is not False:
        return resource
    if not resource.is_created or resource.after is None:
        return resource
    # Plans without marks, such as `planned_values` alone: what has references may be unknown.
    unknown = {
        name: True
        for name, expression in resource.config.body.arguments.items()
        if resource.after.get(name) is None
        and expression.references
        and expression.constant != Known(None)
    }
    return Resource(**{**fields, "after_unknown": unknown})


def _standing(document: _Json, key: str) -> Iterator[tuple[_Json, str, str]]:
    """Every resource of a state, where it stands, and the address of its module."""
    state = document.get(key) or {}
    if key == "prior_state" and state.get("values"):
        state, key = state["values"], "prior_state.values"
    yield from _in_module(state.get("root_module") or {}, f"{key}.root_module")


def _in_module(module: _Json, where: str) -> Iterator[tuple[_Json, str, str]]:
    for index, raw in enumerate(module.get("resources") or ()):
        yield raw, f"{where}.resources[{index}]", module.get("address") or ""
    for index, child in enumerate(module.get("child_modules") or ()):
        yield from _in_module(child, f"{where}.child_modules[{index}]")


def _full_address(raw: _Json, module: str) -> str:
    """The address of a resource in a state, where Terraform 0.12 left out module and key."""
    address: str = raw["address"]
    if module and not address.startswith(f"{module}."):
        address = f"{module}.{address}"
    key = raw.get("index")
    return address if key is None or address.endswith("]") else address + key_text(key)


def _is_at(address: str, block: str, key: InstanceKey) -> bool:
    """Whether an address is that of an instance of a block."""
    match key:
        case None:
            return address == block
        case int():
            return address == block + key_text(key)
        case _:
            return address.startswith(f'{block}["') and address.endswith('"]')


def _tail_start(address: str, tail: str) -> int:
    """Where the resource part of an address begins, for plans without module_address."""
    plain = address.split("[", maxsplit=1)[0] if address.startswith(tail) else address
    return 0 if plain == tail else max(address.rfind(f".{tail}") + 1, 0)
