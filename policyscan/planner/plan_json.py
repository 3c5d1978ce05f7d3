"""A plan's JSON with nothing in it that differs between two runs."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from policyscan.plan.grammar import OFFLINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

TIMESTAMP = "2000-01-01T00:00:00Z"
"""Stands for the moment of planning, which says nothing about the configuration."""
_WRITTEN_BY_USERS = frozenset({"constant_value", "default"})
_BUILTIN = "terraform.io/builtin/"
_STAND_IN_FOLDER = "/configuration"


def normal_form(content: bytes, top: str) -> bytes:
    """The same plan with sorted keys, a fixed time and no path of this machine.

    `top` is the folder the configuration was copied to; it can show through `abspath()`.
    """
    plan = json.loads(content.replace(top.encode(), _STAND_IN_FOLDER.encode()))
    if "timestamp" in plan:
        plan["timestamp"] = TIMESTAMP
    _sort_what_is_unordered(plan)
    return (json.dumps(plan, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def with_label(content: bytes, label: Mapping[str, Any]) -> bytes:
    """The same plan with what its makers say of it; the very same where they say nothing."""
    if not label:
        return content
    plan = json.loads(content) | {OFFLINE: label}
    return (json.dumps(plan, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _sort_what_is_unordered(plan: dict[str, Any]) -> None:
    """Sort, in place, each list that Terraform prints in the order of a hash table."""
    for name in ("relevant_attributes", "checks"):
        _sort(plan, name)
    for check in plan.get("checks", ()):
        _sort(check, "instances")
    for name in ("resource_changes", "resource_drift"):
        for resource in plan.get(name, ()):
            _sort(resource["change"], "replace_paths")
    for state in (plan.get("planned_values", {}), plan.get("prior_state", {}).get("values", {})):
        _sort_modules(state.get("root_module", {}))
    _sort_references(plan.get("configuration", {}))


def _sort(holder: dict[str, Any], name: str) -> None:
    if name in holder:
        holder[name] = sorted(holder[name], key=_canonical)


def _sort_modules(module: dict[str, Any]) -> None:
    children = module.get("child_modules", [])
    children.sort(key=lambda child: str(child["address"]))
    for child in children:
        _sort_modules(child)


def _sort_references(configuration: Any) -> None:
    """Sort `references` everywhere but inside the values a user wrote.

    Each reference stays before the shorter ones Terraform derives from it: `aws_vpc.a.id`,
    then `aws_vpc.a`.
    """
    if isinstance(configuration, list):
        for element in configuration:
            _sort_references(element)
    elif isinstance(configuration, dict):
        for name, inner in configuration.items():
            if name == "references" and all(isinstance(one, str) for one in inner):
                configuration[name] = [one for group in sorted(_groups(inner)) for one in group]
            elif name not in _WRITTEN_BY_USERS:
                _sort_references(inner)


def _groups(references: Iterable[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    for reference in references:
        if groups and groups[-1][-1].startswith((f"{reference}.", f"{reference}[")):
            groups[-1].append(reference)
        else:
            groups.append([reference])
    return groups


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def data_sources(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every data source the plan read, as `prior_state` has it, in the order of the plan."""
    state = plan.get("prior_state", {})
    yield from _data_sources_of(state.get("values", {}).get("root_module", {}))


def planned_types(plan: Mapping[str, Any]) -> set[tuple[str, str]]:
    """(provider, type) of every resource in the plan that a provider of its own stands behind."""
    return {
        (resource["provider_name"], resource["type"])
        for resource in plan.get("resource_changes", ())
        if resource["mode"] == "managed" and not resource["provider_name"].startswith(_BUILTIN)
    }


def _data_sources_of(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for resource in module.get("resources", ()):
        if resource["mode"] == "data":
            yield resource
    for child in module.get("child_modules", ()):
        yield from _data_sources_of(child)


def imported(plan: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of what a plan imports, in the order of the plan."""
    for resource in plan.get("resource_changes", ()):
        if "importing" in resource["change"]:
            yield resource["address"]


def pin_builtin_ids(state: Path) -> None:
    """Give `terraform_data`, which Terraform itself applies, ids that follow from the address."""
    if not state.exists():
        return
    content = state.read_text(encoding="utf-8")
    for resource in json.loads(content)["resources"]:
        if resource["type"] == "terraform_data":
            for instance in resource["instances"]:
                key = instance.get("index_key")
                seed = f"{resource.get('module')}.{resource['name']}[{key!r}]"
                pinned = str(uuid.uuid5(uuid.NAMESPACE_OID, seed))
                content = content.replace(instance["attributes"]["id"], pinned)
    state.write_text(content, encoding="utf-8")
