"""The kinds of `grammar` for what a large plan has most of, as types that are checked in C.

They are no looser than those: what fits here fits there. Values and marks are checked elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypedDict

import msgspec

from policyscan.plan.grammar import ACTIONS, LONGEST_ADDRESS
from policyscan.plan.parts import Part

_Short = Annotated[str, msgspec.Meta(max_length=LONGEST_ADDRESS)]
_Action = Literal[ACTIONS]  # type: ignore[valid-type]


class Placed(msgspec.Struct, kw_only=True):
    """Which instance a resource is, wherever it stands."""

    address: _Short
    type: _Short
    name: _Short
    mode: Literal["managed", "data"] | None = None
    module_address: _Short | None = None
    index: str | int | None = None
    provider_name: str | None = None


class Change(msgspec.Struct, kw_only=True):
    """What becomes of it."""

    actions: Annotated[list[_Action], msgspec.Meta(min_length=1)]
    replace_paths: list[list[str | int]] | None = None


class ResourceChange(Placed, kw_only=True):
    """A member of `resource_changes`."""

    change: Change
    action_reason: str | None = None
    previous_address: _Short | None = None
    deposed: _Short | None = None


class StateResource(Placed, kw_only=True):
    """A resource in a module of a state."""

    depends_on: list[_Short] | None = None
    deposed_key: _Short | None = None


class StateModule(TypedDict, total=False):
    """A module of a state, its resources still to be decoded."""

    address: _Short
    resources: list[dict[str, Part]]
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


decode_state: Final = msgspec.json.Decoder(State).decode
decode_configuration: Final = msgspec.json.Decoder(Configuration).decode
