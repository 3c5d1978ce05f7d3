"""The kinds of `grammar` for what a large plan has most of, as types that are checked in C.

They are no looser than those: what fits here fits there. Values and marks are checked elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from policyscan.plan.grammar import ACTIONS, LONGEST_ADDRESS

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


class StateModule(msgspec.Struct, kw_only=True):
    """What a module of a state says of itself."""

    address: _Short | None = None
