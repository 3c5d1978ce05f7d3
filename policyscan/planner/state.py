"""A state that was pulled from where it is kept, in the form that the offline providers take.

The real provider of any version made it. Nothing of it is kept but what a plan rests on, and it
lies in the private folder alone.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError
from policyscan.planner.data_sources import fitted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from policyscan.planner.schema import Block

_VERSION = 4
_PULL = "`terraform state pull > FILE` prints one"
_LEGACY = re.compile(r"^((?:module\..+\.)?)provider\.([\w-]+)((?:\.[\w-]+)?)$")
_NO_NAMESPACE = "registry.terraform.io/-/"
_KEPT = ("index_key", "status", "deposed", "dependencies", "create_before_destroy")
_BUILTIN = "terraform.io/builtin/"


def read_state(file: Path) -> dict[str, Any]:
    """A state of version 4, as `terraform state pull` prints it.

    Raises PlannerError: the file is no such state; a plan, text, encrypted, of another version.
    Source: internal/states/statefile/version4.go.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PlannerError(f"--state {file}: cannot be read: {error.strerror}") from None
    if not content.strip():
        raise PlannerError(f"--state {file}: is empty; {_PULL}, and nothing where there is none")
    try:
        state = json.loads(content)
    except (ValueError, RecursionError):
        raise PlannerError(f"--state {file}: not JSON, so not a state; {_PULL}") from None
    if problem := _problem(state):
        raise PlannerError(f"--state {file}: {problem}")
    return dict(state)


def _problem(state: Any) -> str:
    if not isinstance(state, dict):
        return f"not a state; {_PULL}"
    if "encrypted_data" in state:
        return "encrypted by OpenTofu; `tofu state pull > FILE` prints it decrypted"
    if "format_version" in state:
        what = "a plan" if "planned_values" in state else "a state for reading"
        return f"{what}, as `show -json` prints it, not the state itself; {_PULL}"
    version = state.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        return f"not a state: it has no `version`; {_PULL}"
    if version < _VERSION:
        return (
            f"a state of version {version}, as Terraform 0.11 and older wrote; any newer one "
            "makes it version 4 at its next apply"
        )
    if version > _VERSION:
        return f"a state of version {version}, and only version 4 is known; plan with Terraform"
    return _flaw(state.get("resources"))


def _flaw(resources: Any) -> str:
    """What is wrong in the part that is changed here; Terraform itself reads the rest."""
    if not isinstance(resources, list):
        return "a state without the list `resources`: it is damaged"
    for place, resource in enumerate(resources):
        where = f"resources[{place}]"
        if not isinstance(resource, dict) or not all(
            isinstance(resource.get(key), str) for key in ("mode", "type", "name", "provider")
        ):
            return f"{where} lacks its mode, type, name or provider: the state is damaged"
        instances = resource.get("instances")
        if not isinstance(instances, list) or not all(isinstance(i, dict) for i in instances):
            return f"{where}.instances: not a list of objects: the state is damaged"
        if any("attributes_flat" in each for each in instances):
            return (
                f"{where}: {resource['type']}.{resource['name']} is as Terraform 0.11 wrote it; "
                "`terraform apply -refresh-only` with a newer one rewrites it"
            )
        if not all(isinstance(each.get("attributes"), dict | None) for each in instances):
            return f"{where}.instances: attributes that are no object: the state is damaged"
    return ""


def fitting(
    state: Mapping[str, Any], resources: Mapping[str, Block], data_sources: Mapping[str, Block]
) -> bytes:
    """The same state for providers that serve these schemas, by type, in version 0.

    What a schema lacks is dropped, and what a state lacks stays out: `Provider.upgrade` fills it
    in. A type that is not served is left out.
    """
    blocks = {"managed": resources, "data": data_sources}
    kept = {
        "version": _VERSION,
        # Whoever wrote it: the form of version 4 is the same.
        "terraform_version": "1.0.0",
        "serial": 1,
        "lineage": str(state.get("lineage") or "none"),
        "outputs": state.get("outputs") or {},
        "resources": [
            _fitting(each, block)
            for each in state["resources"]
            if (block := blocks.get(each["mode"], {}).get(each["type"])) or _is_builtin(each)
        ],
    }
    return json.dumps(kept).encode()


def not_served(state: Mapping[str, Any], resources: Mapping[str, Block]) -> tuple[str, ...]:
    """The types of resources in a state that `fitting` leaves out."""
    found = {
        each["type"]
        for each in state["resources"]
        if each["mode"] == "managed" and each["type"] not in resources and not _is_builtin(each)
    }
    return tuple(sorted(found))


def _is_builtin(resource: Mapping[str, Any]) -> bool:
    return f'"{_BUILTIN}' in resource["provider"]


def _fitting(resource: Mapping[str, Any], block: Block | None) -> dict[str, Any]:
    found = dict(resource) | {"provider": _provider(resource["provider"])}
    if block is None:
        return found
    return found | {"instances": [_instance(each, block) for each in resource["instances"]]}


def _instance(instance: Mapping[str, Any], block: Block) -> dict[str, Any]:
    kept = {name: instance[name] for name in _KEPT if name in instance}
    return kept | {
        "schema_version": 0,
        "attributes": fitted_to(instance.get("attributes") or {}, block),
        "sensitive_attributes": _sensitive(instance.get("sensitive_attributes") or [], block),
    }


def _sensitive(marked: list[Any], block: Block) -> list[Any]:
    """What is marked, and what the schema marks: else it would seem to have changed by itself."""
    by_schema = [
        [{"type": "get_attr", "value": name}]
        for name, attribute in block.attributes.items()
        if attribute.sensitive
    ]
    return marked + [path for path in by_schema if path not in marked]


def fitted_to(values: Mapping[str, Any], block: Block) -> dict[str, Any]:
    """What of an object a block can hold, in the block's types; nothing is added."""
    kept = {
        name: fitted(values[name], attribute.type)
        for name, attribute in block.attributes.items()
        if name in values
    }
    for name, nested in block.block_types.items():
        inside = values.get(name)
        members = inside if isinstance(inside, list) else [inside]
        fit = [fitted_to(each, nested.block) for each in members if isinstance(each, dict)]
        if nested.nesting in {"list", "set"}:
            kept[name] = fit
        elif fit:
            kept[name] = fit[0]
    return kept


def _provider(address: str) -> str:
    """A provider's address as Terraform 0.13 and later write it."""
    if legacy := _LEGACY.match(address):
        module, name, alias = legacy.groups()
        return f'{module}provider["registry.terraform.io/hashicorp/{name}"]{alias}'
    return address.replace(_NO_NAMESPACE, "registry.terraform.io/hashicorp/")


def told(state: Mapping[str, Any]) -> tuple[tuple[str, dict[str, Any]], ...]:
    """(type, values) of the data sources in a state: what they were really told."""
    return tuple(
        (resource["type"], instance["attributes"])
        for resource in state["resources"]
        if resource["mode"] == "data"
        for instance in resource["instances"]
        if instance.get("attributes")
    )


def write_private(file: Path, content: bytes) -> None:
    """Write a file that may hold secrets where nobody else can read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(content)
