"""Turns a decoded plan document into a `Plan`; nothing else looks at raw plan JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policyscan.plan.address import parse_module
from policyscan.plan.configuration import ConfigModule, ConfigResource
from policyscan.plan.decode import decode, printable_name
from policyscan.plan.model import Plan, Resource
from policyscan.plan.read_configuration import read_module
from policyscan.plan.shape import Shape
from policyscan.plan.value import ABSENT, Known, Value

NEWEST_FORMAT = (1, 2)
"""The newest plan format_version known here. Source: jsonplan/plan.go, FormatVersion."""


def read_plan(content: bytes, name: str) -> Plan:
    """Read a plan from the bytes of its JSON; `name` is how messages call it.

    Raises PlanError: the bytes are no plan, or a part of it has an impossible shape.
    """
    document = _Document(name, decode(content, name))
    root = document.mapping("configuration").get("root_module", {})
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
        relevant_attributes=document.relevant_attributes(),
        is_errored=document.root.get("errored") is True,
        is_complete=document.root.get("complete") is not False,
        failed_checks=document.failed_checks(),
        warnings=_version_warnings(version),
    )


def _version_warnings(version: str) -> tuple[str, ...]:
    major, _, minor = version.partition(".")
    if (int(major), int(minor or 0)) <= NEWEST_FORMAT:
        return ()
    newest = ".".join(str(part) for part in NEWEST_FORMAT)
    return (f"format_version {version} is newer than {newest}: what it adds is not read",)


class _Document:
    """The raw plan with the checks of its shape, so that errors name the JSON path."""

    def __init__(self, name: str, root: dict[str, Any]) -> None:
        self.shape = Shape(printable_name(name))
        self.root = root

    def mapping(self, key: str) -> dict[str, Any]:
        mapping: dict[str, Any] = self.shape.check(self.root.get(key) or {}, dict, key)
        return mapping

    # -- resources ---------------------------------------------------------------------------

    def resources(self, configuration: ConfigModule) -> tuple[Resource, ...]:
        blocks = {
            (module.path, resource.address): resource
            for module in configuration.walk()
            for resource in module.resources.values()
        }
        found: dict[tuple[str, str], Resource] = {}
        if "resource_changes" in self.root:
            raw = self.shape.objects(self.root["resource_changes"] or [], "resource_changes")
            for index, change in enumerate(raw):
                resource = self._changed(change, f"resource_changes[{index}]")
                found[resource.address, resource.deposed] = resource
        else:
            for values, where in self._state_resources("planned_values"):
                resource = self._standing(values, where, ("create",), before=False)
                found[resource.address, ""] = resource
        for values, where in self._state_resources("prior_state"):
            prior = self._standing(values, where, ("read",), before=True)
            known = found.get((prior.address, ""))
            if known is None:
                actions = ("read",) if prior.mode == "data" else ("no-op",)
                found[prior.address, ""] = replace(prior, actions=actions)
            elif prior.depends_on:
                found[prior.address, ""] = replace(known, depends_on=prior.depends_on)
        return tuple(
            _with_config(resource, blocks.get((resource.module_path, resource.config_address)))
            for _, resource in sorted(found.items())
        )

    def _changed(self, raw: dict[str, Any], where: str) -> Resource:
        change = self.shape.check(raw.get("change"), dict, f"{where}.change")
        actions = self.shape.check(change.get("actions"), list, f"{where}.change.actions")
        for side in ("before", "after"):
            if change.get(side) is not None:
                self.shape.check(change[side], dict, f"{where}.change.{side}")
        return replace(
            self._identity(raw, where),
            actions=tuple(str(action) for action in actions),
            before=change.get("before"),
            after=change.get("after"),
            after_unknown=change.get("after_unknown", False),
            before_sensitive=change.get("before_sensitive", False),
            after_sensitive=change.get("after_sensitive", False),
            replace_paths=tuple(tuple(path) for path in change.get("replace_paths") or ()),
            action_reason=str(raw.get("action_reason") or ""),
            previous_address=str(raw.get("previous_address") or ""),
            deposed=str(raw.get("deposed") or ""),
        )

    def _standing(
        self, raw: dict[str, Any], where: str, actions: tuple[str, ...], *, before: bool
    ) -> Resource:
        values = self.shape.check(raw.get("values") or {}, dict, f"{where}.values")
        sensitive = raw.get("sensitive_values", False)
        return replace(
            self._identity(raw, where),
            actions=actions,
            before=values if before else None,
            after=values,
            before_sensitive=sensitive,
            after_sensitive=sensitive,
            depends_on=tuple(str(each) for each in raw.get("depends_on") or ()),
        )

    def _identity(self, raw: dict[str, Any], where: str) -> Resource:
        for field in ("address", "type", "name"):
            self.shape.check(raw.get(field), str, f"{where}.{field}")
        address = raw["address"]
        mode = str(raw.get("mode") or ("data" if address.startswith("data.") else "managed"))
        tail = f"{'data.' if mode == 'data' else ''}{raw['type']}.{raw['name']}"
        module = raw.get("module_address")
        if module is None:
            start = _tail_start(address, tail)
            module = address[: start - 1] if start else ""
        return Resource(
            address=address,
            module=parse_module(module),
            mode=mode,
            type=raw["type"],
            name=raw["name"],
            key=raw.get("index"),
            provider=str(raw.get("provider_name") or ""),
            actions=(),
            before=None,
            after=None,
        )

    def _state_resources(self, key: str) -> Iterator[tuple[dict[str, Any], str]]:
        state = self.mapping(key)
        state = state.get("values", state) if key == "prior_state" else state
        yield from self._module_resources(state.get("root_module") or {}, key)

    def _module_resources(
        self, module: dict[str, Any], where: str
    ) -> Iterator[tuple[dict[str, Any], str]]:
        for raw in self.shape.objects(module.get("resources") or [], f"{where}.resources"):
            yield raw, f"{where}.resources"
        for child in self.shape.objects(
            module.get("child_modules") or [], f"{where}.child_modules"
        ):
            yield from self._module_resources(child, f"{where}.child_modules")

    # -- the rest ----------------------------------------------------------------------------

    def variables(self, root: Mapping[str, Any]) -> dict[str, Value]:
        declared = root.get("variables") or {}
        found: dict[str, Value] = {}
        for name, raw in sorted(self.mapping("variables").items()):
            value = raw.get("value") if isinstance(raw, dict) else None
            marks = declared.get(name)
            is_sensitive = isinstance(marks, dict) and marks.get("sensitive") is True
            found[name] = ABSENT if value is None else Known(value, is_sensitive=is_sensitive)
        return found

    def relevant_attributes(self) -> tuple[tuple[str, str], ...]:
        raw = self.root.get("relevant_attributes") or []
        found = set()
        for each in self.shape.objects(raw, "relevant_attributes"):
            attribute = ""
            for part in each.get("attribute") or ():
                attribute += f"[{part}]" if isinstance(part, int) else f".{part}"
            found.add((str(each.get("resource")), attribute.removeprefix(".")))
        return tuple(sorted(found))

    def failed_checks(self) -> tuple[str, ...]:
        found = []
        for each in self.shape.objects(self.root.get("checks") or [], "checks"):
            address = each.get("address")
            if each.get("status") in {"fail", "error"} and isinstance(address, dict):
                found.append(str(address.get("to_display")))
        return tuple(sorted(found))


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
