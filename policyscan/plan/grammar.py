"""The shape of a plan document: what must stand where for the readers to trust it.

Fields nobody reads are left out: Terraform may change them. Sources: jsonplan/plan.go, Plan;
jsonplan/resource.go; jsonstate/state.go; jsonconfig/config.go; jsonchecks/checks.go.
"""

from __future__ import annotations

from typing import Any

from policyscan.plan.shape import (
    Kind,
    Mismatch,
    anything,
    fields,
    list_of,
    map_of,
    mapping,
    marks,
    step,
    text,
    truth,
    words,
)

LONGEST_ADDRESS = 65_536
"""Characters. An address stands in every message about it; real ones have some hundred."""

OFFLINE = "policyscan_offline"
"""Stands in a plan made by `policyscan plan`, which Terraform never writes: what was made up."""

ACTIONS = ("no-op", "create", "read", "update", "delete", "forget", "open")
"""Sources: jsonplan/plan.go, actionString; OpenTofu adds `open`, for ephemeral resources."""


def _short(value: Any) -> None:
    text(value)
    if len(value) > LONGEST_ADDRESS:
        raise Mismatch(f"longer than {LONGEST_ADDRESS} characters")


TEXTS = list_of(_short)
_expression = fields(references=TEXTS)


def _block(value: Any) -> None:
    """Arguments by name: an expression, a nested block, or a list of nested blocks."""
    mapping(value)
    name = ""
    try:
        for name, member in value.items():  # noqa: B007 - the handler names it
            if type(member) is list:
                _blocks(member)
            elif member is not None:
                _block_or_expression(member)
    except Mismatch as mismatch:
        mismatch.path.append(name)
        raise


def _block_or_expression(value: Any) -> None:
    mapping(value)
    if "constant_value" in value:
        return
    references = value.get("references")
    if type(references) is list and not all(type(each) is dict for each in references):
        _expression(value)
    else:
        _block(value)


_blocks = list_of(_block_or_expression)

_identity: dict[str, Kind] = {"address": _short, "type": _short, "name": _short}
_placed: dict[str, Kind] = {
    "mode": words("managed", "data"),
    "module_address": _short,
    "index": step,
    "provider_name": text,
}

_actions = list_of(words(*ACTIONS), may_be_empty=False)
_change = fields(
    {"actions": _actions},
    before=mapping,
    after=mapping,
    after_unknown=marks,
    before_sensitive=marks,
    after_sensitive=marks,
    replace_paths=list_of(list_of(step)),
)
_resource_change = fields(
    {**_identity, "change": _change},
    **_placed,
    action_reason=text,
    previous_address=_short,
    deposed=_short,
)
_state_resource = fields(
    _identity,
    **_placed,
    values=mapping,
    sensitive_values=marks,
    depends_on=TEXTS,
    deposed_key=_short,
)


def _child_module(value: Any) -> None:
    _state_module(value)


_state_module = fields(
    address=_short, resources=list_of(_state_resource), child_modules=list_of(_child_module)
)
_state = fields(root_module=_state_module)

CONFIG_RESOURCE = fields(
    {"type": _short, "name": _short},
    mode=words("managed", "data", "ephemeral"),
    provider_config_key=text,
    expressions=_block,
    count_expression=_expression,
    for_each_expression=_expression,
    depends_on=TEXTS,
    provisioners=list_of(fields(type=text, expressions=_block)),
)
_output = fields(expression=_expression, depends_on=TEXTS, sensitive=truth)
_variable = fields(default=anything, sensitive=truth)


def _module_call(value: Any) -> None:
    CALL(value)


MODULE = fields(
    resources=list_of(CONFIG_RESOURCE),
    outputs=map_of(_output),
    variables=map_of(_variable),
    module_calls=map_of(_module_call),
)
CALL = fields(
    source=text,
    module=MODULE,
    expressions=_block,
    count_expression=_expression,
    for_each_expression=_expression,
    depends_on=TEXTS,
)
_check_address = fields({"to_display": _short})

PLAN = fields(
    **{
        OFFLINE: fields(
            stand_ins=TEXTS,
            imported=TEXTS,
            schema_only=TEXTS,
            notes=list_of(text),
            simulated=truth,
        )
    },
    terraform_version=text,
    variables=map_of(mapping),
    resource_changes=list_of(_resource_change),
    resource_drift=list_of(fields(address=_short, change=fields(actions=_actions))),
    output_changes=map_of(fields({"actions": _actions})),
    planned_values=_state,
    prior_state=fields(values=_state, root_module=_state_module),
    configuration=fields(root_module=MODULE, provider_config=map_of(mapping)),
    relevant_attributes=list_of(fields({"resource": _short}, attribute=list_of(step))),
    checks=list_of(
        fields(
            {"address": _check_address, "status": words("pass", "fail", "error", "unknown")},
        )
    ),
    complete=truth,
    errored=truth,
)
"""The whole document. A list or an object that is not there may be null."""
