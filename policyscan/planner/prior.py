"""What a plan says of the world it was made in, in the forms Terraform takes: state, variables."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.plan import Known
from policyscan.plan.address import module_text
from policyscan.plan.configuration import EMPTY_BLOCK
from policyscan.planner.data_sources import fitted
from policyscan.planner.wire import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.plan import Plan, Resource
    from policyscan.planner.schema import Block

_STATE_VERSION = 4
_BUILTIN = "terraform_data"
_DYNAMIC = ("input", "output", "triggers_replace")
"""Its attributes of any type, which a state holds with their types."""
_UNSET: tuple[Any, ...] = (None, "", [], {})
_LINEAGE = "00000000-0000-0000-0000-000000000000"


def variables_file(plan: Plan) -> bytes:
    """The plan's variables as the content of a `.tfvars.json` file, secrets among them."""
    values = {
        name: value.value if isinstance(value, Known) else None
        for name, value in sorted(plan.variables.items())
    }
    return json.dumps(values).encode()


def state_file(plan: Plan, blocks: Mapping[str, Block]) -> bytes:
    """The state the plan was made on, with what `blocks`, the schemas by type, know of it.

    Source: internal/states/statefile/version4.go.
    """
    resources: dict[tuple[str, str, str], dict[str, Any]] = {}
    for resource in plan.resources:
        if resource.mode != "managed" or resource.before is None:
            continue
        where = (module_text(resource.module), resource.type, resource.name)
        entry = resources.setdefault(where, _entry(resource))
        entry["instances"].append(_instance(resource, blocks.get(resource.type)))
    state = {
        "version": _STATE_VERSION,
        "terraform_version": plan.terraform_version or "1.0.0",
        "serial": 1,
        "lineage": _LINEAGE,
        "outputs": {},
        "resources": list(resources.values()),
    }
    return json.dumps(state).encode()


def _entry(resource: Resource) -> dict[str, Any]:
    # Configuration names the provider of what it still holds; this one serves what is left over.
    entry: dict[str, Any] = {
        "mode": "managed",
        "type": resource.type,
        "name": resource.name,
        "provider": f'provider["{resource.provider}"]',
        "instances": [],
    }
    if resource.module:
        entry["module"] = module_text(resource.module)
    return entry


def _instance(resource: Resource, block: Block | None) -> dict[str, Any]:
    attributes = dict(resource.before or {})
    if block is not None:
        attributes = _fitted(attributes, block)
    elif resource.type == _BUILTIN:
        attributes |= {
            name: {"value": attributes[name], "type": type_of(attributes[name])}
            for name in _DYNAMIC
            if attributes.get(name) is not None
        }
    found: dict[str, Any] = {"schema_version": 0, "attributes": attributes}
    if resource.deposed:
        found["deposed"] = resource.deposed
    elif resource.action_reason == "replace_because_tainted":
        found["status"] = "tainted"
    if resource.key is not None:
        found["index_key"] = resource.key
    return found


def _fitted(values: Mapping[str, Any], block: Block) -> dict[str, Any]:
    """What of an object a block can hold: another version of the provider made it."""
    kept = {name: fitted(values.get(name), each.type) for name, each in block.attributes.items()}
    for name, nested in block.block_types.items():
        match values.get(name):
            case list() as members:
                kept[name] = [_fitted(each, nested.block) for each in members if each is not None]
            case dict() as single:
                kept[name] = _fitted(single, nested.block)
    return kept


def identity(resource_type: str, prior: Mapping[str, Any]) -> tuple[str, str]:
    """What an existing object is told by: the protocol names no addresses."""
    return resource_type, str(prior.get("id") or prior.get("arn"))


def changing(plan: Plan) -> Mapping[tuple[str, str], frozenset[str]]:
    """Identity -> the attributes of an updated object that its provider will compute anew."""
    return {
        identity(resource.type, resource.before): frozenset(
            name for name, mark in sorted(resource.after_unknown.items()) if mark is True
        )
        for resource in plan.resources
        if resource.before is not None
        and resource.actions == ("update",)
        and isinstance(resource.after_unknown, dict)
    }


class Answer(Struct, frozen=True):
    """What a data source told the plan; `asked` are the arguments its block gives."""

    values: Mapping[str, Any]
    asked: frozenset[str]

    def is_to(self, config: Mapping[str, Any]) -> bool:
        """Whether these arguments would have got it: the same ones, with the same values."""
        return all(
            _same(asked, self.values.get(name))
            for name, asked in sorted(config.items())
            if asked not in _UNSET
        ) and all(
            config.get(name) not in _UNSET or self.values.get(name) in _UNSET for name in self.asked
        )


class Answers(Struct, frozen=True):
    """What the data sources of one type told the plan.

    `is_complete`: no other provider configuration still has to answer, so that an answer to the
    same arguments is the answer.
    """

    type: str
    told: tuple[Answer, ...] = ()
    is_complete: bool = True

    def to(self, config: Mapping[str, Any], region: Any) -> tuple[Mapping[str, Any], ...]:
        """The different answers that these arguments may get in a region."""
        fit = (each.values for each in self.told if each.is_to(config))
        different = {
            _canonical(each): each for each in fit if _place(each, self.type) in {region, ""}
        }
        return tuple(different[key] for key in sorted(different))


def answers(plan: Plan) -> Mapping[str, Answers]:
    """Type -> what the plan was told by its data sources."""
    told: dict[str, tuple[Answer, ...]] = {}
    asked_by: dict[str, set[str]] = {}
    waiting: dict[str, set[str]] = {}
    for resource in plan.resources:
        if resource.mode != "data":
            continue
        provider = resource.config.provider_key if resource.config else ""
        if resource.is_deferred or resource.after is None:
            waiting.setdefault(resource.type, set()).add(provider)
            continue
        asked_by.setdefault(resource.type, set()).add(provider)
        body = resource.config.body if resource.config else EMPTY_BLOCK
        answer = Answer(resource.after, frozenset({*body.arguments, *body.blocks}))
        told[resource.type] = (*told.get(resource.type, ()), answer)
    return {
        name: Answers(name, found, name not in waiting or len(asked_by[name] | waiting[name]) == 1)
        for name, found in told.items()
    }


def _place(values: Mapping[str, Any], type_name: str) -> str:
    """The region an answer is from, "" when it does not say."""
    is_named = type_name in {"aws_region", "aws_availability_zones"}
    return str(values.get("region") or (values.get("id") if is_named else "") or "")


def region(plan: Plan) -> str:
    """The region of what belongs to no provider block that names one, "" when nothing tells."""
    found = set()
    for resource in plan.resources:
        if resource.config is None or "region" in resource.config.body.arguments:
            continue
        provider = plan.providers.get(resource.config.provider_key)
        if provider is None or "region" not in provider.body.arguments:
            name = "name" if resource.config_address.startswith("data.aws_region.") else "region"
            values = resource.after or {}
            found.add(values.get("region") or values.get(name))
    known = {each for each in found if isinstance(each, str)}
    return known.pop() if len(known) == 1 else ""


def replace_flags(plan: Plan) -> Iterator[str]:
    """What `terraform plan` was told to replace."""
    for resource in plan.resources:
        if resource.action_reason == "replace_by_request":
            yield f"-replace={resource.address}"


def _same(asked: Any, told: Any) -> bool:
    if not asked and not told:
        return True
    if isinstance(asked, list) and isinstance(told, list):
        return len(asked) == len(told) and sorted(map(_canonical, asked)) == sorted(
            map(_canonical, told)
        )
    return _canonical(asked) == _canonical(told)


def _canonical(value: Any) -> str:
    """Text by which values can be compared: what is not set does not count."""
    if isinstance(value, dict):
        kept = {name: _canonical(inner) for name, inner in value.items() if inner not in (None, [])}
        return json.dumps(kept, default=repr, sort_keys=True)
    if isinstance(value, list):
        return json.dumps(sorted(map(_canonical, value)))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (
        re.sub(r"\s+", "", value).rstrip(".")
        if isinstance(value, str)
        else json.dumps(value, default=repr)
    )
