"""The kinds of `grammar` for what a large plan has most of, as types that are checked in C.

They are no looser than those: what fits here fits there. Values and marks are checked elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Required, TypedDict

import msgspec

from policyscan.plan.grammar import ACTIONS, LONGEST_ADDRESS
from policyscan.plan.parts import Part

_Short = Annotated[str, msgspec.Meta(max_length=LONGEST_ADDRESS)]
_Action = Literal[ACTIONS]  # type: ignore[valid-type]


class Placed(TypedDict, total=False):
    """Which instance a resource is, wherever it stands."""

    address: Required[_Short]
    type: Required[_Short]
    name: Required[_Short]
    mode: Literal["managed", "data"] | None
    module_address: _Short | None
    index: str | int | None
    provider_name: str | None


class Change(TypedDict, total=False):
    """What becomes of it."""

    actions: Required[Annotated[list[_Action], msgspec.Meta(min_length=1)]]
    before: Part
    after: Part
    after_unknown: Part
    before_sensitive: Part
    after_sensitive: Part
    replace_paths: list[list[str | int]] | None
    importing: Part
    generated_config: Part
    before_identity: Part
    after_identity: Part


class ResourceChange(Placed, total=False):
    """A member of `resource_changes`."""

    change: Required[Change]
    action_reason: str | None
    previous_address: _Short | None
    deposed: _Short | None


class StateResource(Placed, total=False):
    """A resource in a module of a state."""

    values: Part
    sensitive_values: Part
    depends_on: Part
    deposed_key: _Short | None
    schema_version: Part
    tainted: Part
    identity: Part
    identity_schema_version: Part


class StateModule(TypedDict, total=False):
    """A module of a state, its resources still to be decoded."""

    address: _Short
    resources: list[StateResource]
    child_modules: list[StateModule]


class State(TypedDict, total=False):
    """`prior_state`, of which old versions wrote the values without anything around them."""

    format_version: Part
    terraform_version: Part
    values: State
    outputs: Part
    root_module: StateModule
    checks: Part


class ConfigModule(TypedDict, total=False):
    """A module of the configuration, its blocks still to be decoded."""

    address: Part
    outputs: Part
    resources: list[Part]
    module_calls: dict[str, Call]
    variables: Part


class Call(TypedDict, total=False):
    """A call of a module."""

    source: Part
    expressions: Part
    count_expression: Part
    for_each_expression: Part
    module: ConfigModule
    version_constraint: Part
    depends_on: Part


class Configuration(TypedDict, total=False):
    """`configuration`."""

    provider_config: Part
    root_module: ConfigModule


decode_change: Final = msgspec.json.Decoder(ResourceChange).decode
decode_state: Final = msgspec.json.Decoder(State).decode
decode_configuration: Final = msgspec.json.Decoder(Configuration).decode
