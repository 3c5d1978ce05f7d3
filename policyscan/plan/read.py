"""Turns a decoded plan document into a `Plan`; nothing else looks at raw plan JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from policyscan.plan.decode import decode, printable_name
from policyscan.plan.grammar import OFFLINE, PLAN
from policyscan.plan.model import Offline, Plan
from policyscan.plan.read_configuration import ConfigurationReader
from policyscan.plan.read_resources import is_refresh_only, read_resources
from policyscan.plan.shape import Shape
from policyscan.plan.value import ABSENT, Known, Value

LARGE = 2**18
"""Bytes from which reading in C is worth setting it up."""

NEWEST_FORMAT = (1, 2)
"""The newest plan format_version known here. Source: jsonplan/plan.go, FormatVersion."""


def read_plan(content: bytes, name: str, *, large: int = LARGE) -> Plan:
    """Read a plan from the bytes of its JSON; `name` is how messages call it.

    From `large` bytes on `planned_values` is passed over, whatever is wrong with it, where
    `resource_changes` says all of it and more.
    Raises PlanError: the bytes are no plan, or a part of it has an impossible shape.
    """
    document = _Document(name, _decoded(content, name, large))
    written = document.mapping("configuration")
    root = written.get("root_module", {})
    reader = ConfigurationReader(document.shape)
    configuration = reader.module(root, (), "configuration.root_module")
    version = str(document.root["format_version"])
    return Plan(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        format_version=version,
        terraform_version=str(document.root.get("terraform_version", "")),
        resources=read_resources(document.shape, document.root, configuration),
        configuration=configuration,
        variables=document.variables(root),
        providers=reader.providers(
            written.get("provider_config") or {}, "configuration.provider_config"
        ),
        relevant_attributes=document.relevant_attributes(),
        is_errored=document.root.get("errored") is True,
        is_complete=document.root.get("complete") is not False,
        secret_constants=tuple(_secret_constants(root)),
        is_refresh_only=is_refresh_only(document.root),
        failed_checks=document.failed_checks(),
        drifted=document.drifted(),
        changed_outputs=document.changed_outputs(),
        warnings=_version_warnings(version),
        offline=document.offline(),
    )


def _decoded(content: bytes, name: str, large: int) -> dict[str, Any]:
    """The document, of the kind `PLAN`."""
    if len(content) >= large:
        from policyscan.plan.sound import sound_document  # noqa: PLC0415 - many plans are small

        if (sound := sound_document(content)) is not None:
            return sound
    document = decode(content, name)
    Shape(printable_name(name)).require(document, PLAN)
    return document


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
