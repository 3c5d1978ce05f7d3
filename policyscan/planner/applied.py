"""The strategy of a simulated apply: computed attributes settle on deterministic, valid values.

Ids, ARNs and names come from the templates of the hints, seeded by the resource's address. What
no template names becomes null, or an empty collection: never an invented string, or a route
would gain a network interface it never had. Inside a block the SDK's state holds no nulls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.planner.change import is_sdk_type, zero
from policyscan.planner.schema.template import render
from policyscan.planner.utility import GENERATORS
from policyscan.planner.wire import UNKNOWN, is_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyscan.planner.schema import Block, NestedBlock
    from policyscan.planner.strategy import Change


class Applied:
    """Plans unknown values, then applies them.

    `address_of` is told a resource type and returns the address core is applying: the protocol
    itself carries none.
    """

    def __init__(self, address_of: Callable[[str], str]) -> None:
        self._address_of = address_of

    def compute(self, resource_type: str) -> Callable[[str, Any], Any]:  # noqa: ARG002  # the seam
        """Leave everything unknown until it is applied."""
        return lambda _path, _kind: UNKNOWN

    def apply(self, change: Change) -> dict[str, Any] | None:
        """Settle every unknown. Raises PlannerError: core did not say what it applies."""
        address = self._address_of(change.resource_type)
        if change.planned is None:
            return None
        planned = dict(change.planned)
        if (generate := GENERATORS.get(change.resource_type)) is not None:
            planned.update(generate(planned, address))
        return _Settlement(change, planned, address).block(change.block, planned, "")


class _Settlement:
    """Replaces every unknown of one planned object."""

    def __init__(self, change: Change, planned: dict[str, Any], address: str) -> None:
        self._change = change
        self._planned = planned
        self._address = address
        self._is_sdk = is_sdk_type(change.block)

    def block(self, block: Block, planned: dict[str, Any], path: str) -> dict[str, Any]:
        settled = {
            name: self._attribute(planned.get(name), attribute.type, path + name)
            for name, attribute in block.attributes.items()
        }
        if path and self._is_sdk and path != "timeouts.":
            kinds = {
                name: each.type for name, each in block.attributes.items() if not each.write_only
            }
            settled = _without_nulls(settled, kinds)
        for name, nested in block.block_types.items():
            settled[name] = self._nested(nested, planned.get(name), f"{path}{name}.")
        return settled

    def _nested(self, nested: NestedBlock, planned: Any, path: str) -> Any:
        if is_unknown(planned):
            planned = [UNKNOWN] if self._is_filled_by_aws(nested.block, path) else []
        if planned is None or isinstance(planned, dict):
            return planned and self.block(nested.block, planned, path)
        return [
            self.block(nested.block, _all_unknown(nested.block) if is_unknown(each) else each, path)
            for each in planned
        ]

    def _is_filled_by_aws(self, block: Block, path: str) -> bool:
        """Whether the templates say what stands in a block nobody configured."""
        templates = self._change.hints.applied
        required = {path + name for name, inner in block.attributes.items() if inner.required}
        return required <= templates.keys() and any(known.startswith(path) for known in templates)

    def _attribute(self, value: Any, kind: Any, path: str) -> Any:
        if isinstance(value, list):
            settled = [self._attribute(each, None, path) for each in value]
            match kind:
                case ["list" | "set", ["object", members]] if self._is_sdk:
                    return [_without_nulls(each, members) for each in settled]
                case _:
                    return settled
        if isinstance(value, dict):
            return {
                key: self._attribute(inner, None, f"{path}.{key}") for key, inner in value.items()
            }
        if not is_unknown(value):
            return value
        return self._template(path, _empty(kind))

    def _template(self, path: str, otherwise: Any) -> Any:
        templates = self._change.hints.applied
        if path not in templates:
            return self._change.hints.defaults.get(path, otherwise)
        return render(
            templates[path],
            seed=self._address,
            attributes=self._planned,
            region=self._change.region,
            templates=templates,
        )


def _without_nulls(settled: dict[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """An object as the SDK's state holds it."""
    return {
        name: zero(kinds[name])
        if value is None and kinds.get(name, "dynamic") != "dynamic"
        else value
        for name, value in settled.items()
    }


def _all_unknown(block: Block) -> dict[str, Any]:
    return dict.fromkeys([*block.attributes, *block.block_types], UNKNOWN)


def _empty(kind: Any) -> Any:
    match kind:
        case ["list" | "set", _]:
            return []
        case ["map", _]:
            return {}
        case _:
            return None
