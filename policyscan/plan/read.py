"""Turns a decoded plan document into a `Plan`; nothing else looks at raw plan JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from policyscan.plan.address import InstanceKey, key_text, parse_module
from policyscan.plan.before import remembering
from policyscan.plan.configuration import ConfigModule, ConfigResource
from policyscan.plan.decode import decode, printable_name
from policyscan.plan.grammar import OFFLINE, PLAN
from policyscan.plan.model import Offline, Plan, Resource
from policyscan.plan.read_configuration import read_module, read_providers
from policyscan.plan.shape import Shape
from policyscan.plan.value import ABSENT, Known, Value

NEWEST_FORMAT = (1, 2)
"""The newest plan format_version known here. Source: jsonplan/plan.go, FormatVersion."""


def read_plan(content: bytes, name: str) -> Plan:
    """Read a plan from the bytes of its JSON; `name` is how messages call it.

    Raises PlanError: the bytes are no plan, or a part of it has an impossible shape.
    """
    document = _Document(name, decode(content, name))
    document.shape.require(document.root, PLAN)
    written = document.mapping("configuration")
    root = written.get("root_module", {})
    configuration = read_module(document.shape, root, (), "configuration.root_module")
    version = str(document.root["format_version"])
    return Plan(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        format_version=version,
        terraform_version=str(document.root.get("terraform_version", "")),
        resources=document.resources(configuration),
        configuration=configuration,
        variables=document.variables(root),
        providers=read_providers(
            document.shape, written.get("provider_config") or {}, "configuration.provider_config"
        ),
        relevant_attributes=document.relevant_attributes(),
        is_errored=document.root.get("errored") is True,
        is_complete=document.root.get("complete") is not False,
        secret_constants=tuple(_secret_constants(root)),
        is_refresh_only=document.is_refresh_only(),
        failed_checks=document.failed_checks(),
        drifted=document.drifted(),
        changed_outputs=document.changed_outputs(),
        warnings=_version_warnings(version),
        offline=document.offline(),
    )


def _version_warnings(version: str) -> tuple[str, ...]:
    major, _, minor = version.partition(".")
    if (int(major), int(minor or 0)) <= NEWEST_FORMAT:
        return ()
    newest = ".".join(str(part) for part in NEWEST_FORMAT)
    return (f"format_version {version} is newer than {newest}: what it adds is not read",)


class _Document:
    """The raw plan, once its shape was found right."""

    def __init__(self, name: str, root: dict[str, Any]) -> None:
        self.shape = Shape(printable_name(name))
        self.root = root

    def mapping(self, key: str) -> dict[str, Any]:
        mapping: dict[str, Any] = self.root.get(key) or {}
        return mapping

    # -- resources ---------------------------------------------------------------------------

    def resources(self, configuration: ConfigModule) -> tuple[Resource, ...]:
        blocks = {
            (module.path, resource.address): resource
            for module in configuration.walk()
            for resource in module.resources.values()
        }
        found: dict[tuple[str, str], Resource] = {}
        for resource, where in self._planned():
            if (resource.address, resource.deposed) in found:
                raise self.shape.error(where, "there twice: an earlier entry has its address")
            found[resource.address, resource.deposed] = resource
        for values, where, module in self._state_resources("prior_state"):
            prior = self._standing(values, where, module, ("read",), before=True)
            known = found.get((prior.address, prior.deposed))
            if known is None:
                actions = ("read",) if prior.mode == "data" else ("no-op",)
                found[prior.address, prior.deposed] = replace(prior, actions=actions)
            else:
                found[prior.address, prior.deposed] = remembering(known, prior)
        return tuple(
            _with_config(resource, blocks.get((resource.module_path, resource.config_address)))
            for _, resource in sorted(found.items())
        )

    def _planned(self) -> Iterator[tuple[Resource, str]]:
        """Every instance that is planned, with where it stands in the document."""
        changes = self.root.get("resource_changes") or ()
        for index, change in enumerate(changes):
            where = f"resource_changes[{index}]"
            yield self._changed(change, where), where
        if changes:
            return
        for values, where, module in self._state_resources("planned_values"):
            yield self._standing(values, where, module, ("create",), before=False), where

    def _changed(self, raw: dict[str, Any], where: str) -> Resource:
        change = raw["change"]
        return replace(
            self._identity(raw, raw["address"], where),
            actions=tuple(change["actions"]),
            before=change.get("before"),
            after=change.get("after"),
            after_unknown=change.get("after_unknown", False),
            before_sensitive=change.get("before_sensitive", False),
            after_sensitive=change.get("after_sensitive", False),
            replace_paths=tuple(tuple(path) for path in change.get("replace_paths") or ()),
            action_reason=raw.get("action_reason") or "",
            previous_address=raw.get("previous_address") or "",
            deposed=raw.get("deposed") or "",
        )

    def _standing(
        self,
        raw: dict[str, Any],
        where: str,
        module: str,
        actions: tuple[str, ...],
        *,
        before: bool,
    ) -> Resource:
        values = raw.get("values") or {}
        sensitive = raw.get("sensitive_values", False)
        return replace(
            self._identity(raw, _full_address(raw, module), where),
            actions=actions,
            before=values if before else None,
            after=values,
            before_sensitive=sensitive,
            after_sensitive=sensitive,
            deposed=raw.get("deposed_key") or "",
            depends_on=tuple(raw.get("depends_on") or ()),
        )

    def _identity(self, raw: dict[str, Any], address: str, where: str) -> Resource:
        mode = raw.get("mode") or ("data" if address.startswith("data.") else "managed")
        tail = f"{'data.' if mode == 'data' else ''}{raw['type']}.{raw['name']}"
        module = raw.get("module_address")
        if module is None:
            start = _tail_start(address, tail)
            module = address[: start - 1] if start else ""
        if not _is_at(address, f"{module}.{tail}" if module else tail, raw.get("index")):
            raise self.shape.error(f"{where}.address", "another than its type, name and index say")
        return Resource(
            address=address,
            module=parse_module(module),
            mode=mode,
            type=raw["type"],
            name=raw["name"],
            key=raw.get("index"),
            provider=raw.get("provider_name") or "",
            actions=(),
            before=None,
            after=None,
        )

    def _state_resources(self, key: str) -> Iterator[tuple[dict[str, Any], str, str]]:
        """Every resource of a state, where it stands, and the address of its module."""
        state = self.mapping(key)
        if key == "prior_state" and state.get("values"):
            state, key = state["values"], "prior_state.values"
        yield from _module_resources(state.get("root_module") or {}, f"{key}.root_module")

    # -- the rest ----------------------------------------------------------------------------

    def variables(self, root: Mapping[str, Any]) -> dict[str, Value]:
        declared = root.get("variables") or {}
        found: dict[str, Value] = {}
        for name, raw in sorted(self.mapping("variables").items()):
            value = raw.get("value")
            is_sensitive = declared.get(name, {}).get("sensitive") is True
            found[name] = ABSENT if value is None else Known(value, is_sensitive=is_sensitive)
        return found

    def relevant_attributes(self) -> tuple[tuple[str, str], ...]:
        found = set()
        for each in self.root.get("relevant_attributes") or ():
            attribute = ""
            for part in each.get("attribute") or ():
                attribute += f"[{part}]" if isinstance(part, int) else f".{part}"
            found.add((each["resource"], attribute.removeprefix(".")))
        return tuple(sorted(found))

    def is_refresh_only(self) -> bool:
        """Whether the state holds resources that are not planned: other modes plan every one.

        Source: internal/terraform/context_plan.go, refreshOnlyPlan.
        """
        standing = (raw.get("mode") != "data" for raw, _, _ in self._state_resources("prior_state"))
        return next(self._planned(), None) is None and any(standing)

    def drifted(self) -> tuple[str, ...]:
        changes = self.root.get("resource_drift") or ()
        # A moved resource stands there too, with nothing to do.
        found = {c.get("address") for c in changes if _actions(c) != ["no-op"]}
        return tuple(sorted(address for address in found if address))

    def changed_outputs(self) -> tuple[str, ...]:
        outputs = self.mapping("output_changes")
        return tuple(n for n in sorted(outputs) if outputs[n]["actions"] != ["no-op"])

    def offline(self) -> Offline:
        label = self.mapping(OFFLINE)
        stand_ins, imported, schema_only, notes = (
            tuple(sorted(label.get(key) or ()))
            for key in ("stand_ins", "imported", "schema_only", "notes")
        )
        is_simulated = bool(label.get("simulated"))
        return Offline(stand_ins, imported, schema_only, notes, is_simulated)

    def failed_checks(self) -> tuple[str, ...]:
        return tuple(
            sorted(
                each["address"]["to_display"]
                for each in self.root.get("checks") or ()
                if each["status"] in {"fail", "error"}
            )
        )


def _secret_constants(module: dict[str, Any]) -> Iterator[Any]:
    """What a module and those it calls write out for sensitive variables and outputs."""
    for variable in (module.get("variables") or {}).values():
        if variable.get("sensitive") and "default" in variable:
            yield variable["default"]
    for output in (module.get("outputs") or {}).values():
        if output.get("sensitive"):
            yield (output.get("expression") or {}).get("constant_value")
    for call in (module.get("module_calls") or {}).values():
        called = call.get("module") or {}
        given = call.get("expressions") or {}
        for name, variable in (called.get("variables") or {}).items():
            if variable.get("sensitive") and isinstance(given.get(name), dict):
                yield given[name].get("constant_value")
        yield from _secret_constants(called)


def _actions(change: dict[str, Any]) -> list[str]:
    actions: list[str] = (change.get("change") or {}).get("actions") or []
    return actions


def _module_resources(
    module: dict[str, Any], where: str
) -> Iterator[tuple[dict[str, Any], str, str]]:
    for index, raw in enumerate(module.get("resources") or ()):
        yield raw, f"{where}.resources[{index}]", module.get("address") or ""
    for index, child in enumerate(module.get("child_modules") or ()):
        yield from _module_resources(child, f"{where}.child_modules[{index}]")


def _full_address(raw: dict[str, Any], module: str) -> str:
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


def _with_config(resource: Resource, config: ConfigResource | None) -> Resource:
    if config is None:
        return resource
    if resource.after_unknown is False and resource.is_created and resource.after is not None:
        missing = {name: True for name in config.body.arguments if resource.after.get(name) is None}
        constant = {
            name
            for name, expression in config.body.arguments.items()
            if expression.constant == Known(None) or not expression.references
        }
        unknown = {name: True for name in missing if name not in constant}
        return replace(resource, config=config, after_unknown=unknown)
    return replace(resource, config=config)
