"""Restores the statements of AWS WAF, which hold each other and which the bindings cut short.

`aws_wafv2_web_acl_rule` keeps every kind of statement, once; its and, or and not are unrolled here
as the provider does. `aws_wafv2_web_acl` and `aws_wafv2_rule_group` keep none: theirs come from an
older schema, and what is new in them since from `aws_wafv2_web_acl_rule`.
"""

from __future__ import annotations

from typing import Any

_WHOLE = "aws_wafv2_web_acl_rule"
_CUT = ("aws_wafv2_rule_group", "aws_wafv2_web_acl")
_LOGICAL = ("and_statement", "not_statement", "or_statement")
_OUTERMOST = ("managed_rule_group_statement", "rate_based_statement")
_REFERENCE = "rule_group_reference_statement"
_LEVELS = 3
_NEWER = (
    ("managed_rule_group_statement", "managed_rule_group_configs", "managed_rule_group_configs"),
    ("rate_based_statement", "custom_keys", "custom_key"),
)
"""Kind of statement, its block in the framework's type, and the same in the two others."""


def restore_statements(resources: dict[str, Any], older: dict[str, Any]) -> None:
    """Complete, in place, the WAF statements of `resources`, a map of type to schema.

    `older` is such a map of an earlier version, from `terraform providers schema -json`.
    """
    if _WHOLE not in resources:
        return
    whole = resources[_WHOLE]["block"]["block_types"]["statement"]
    kinds = whole["block"]["block_types"]
    resources[_WHOLE]["block"]["block_types"]["statement"] = whole | _statement(kinds, _LEVELS)
    for name in _CUT:
        if name in older:
            rule = resources[name]["block"]["block_types"]["rule"]["block"]
            rule["attributes"].pop("statement")
            was = older[name]["block"]["block_types"]["rule"]["block"]["block_types"]
            rule["block_types"]["statement"] = _with_newer(was["statement"], kinds)


def _with_newer(statement: dict[str, Any], kinds: dict[str, Any]) -> dict[str, Any]:
    """The older statement, with the members that blocks of `_NEWER` have gained since."""
    older = statement["block"]["block_types"]
    gained = {}
    for kind, newer_name, name in _NEWER:
        if kind not in older:
            continue
        now = kinds[kind]["block"]["block_types"][newer_name]["block"]["block_types"]
        was = older[kind]["block"]["block_types"][name]
        block = was["block"] | {"block_types": now | was["block"]["block_types"]}
        gained[kind] = _with(older[kind], name, was | {"block": block})
    return statement | {"block": statement["block"] | {"block_types": older | gained}}


def _statement(kinds: dict[str, Any], levels: int) -> dict[str, Any]:
    """The `block` of a rule's own statement: every kind, the logical ones `levels` deep."""
    return {"block": {"block_types": kinds | _logical(kinds, levels)}}


def _inner(kinds: dict[str, Any], levels: int) -> dict[str, Any]:
    """The `block` of a statement inside another."""
    leaves = {
        name: kind
        for name, kind in kinds.items()
        if name not in (*_LOGICAL, *_OUTERMOST, _REFERENCE)
    }
    return {"block": {"block_types": leaves | _logical(kinds, levels)}}


def _logical(kinds: dict[str, Any], levels: int) -> dict[str, Any]:
    if levels == 1:
        return {}
    statement = {"min_items": 1, "nesting_mode": "list"} | _inner(kinds, levels - 1)
    return {name: _with(kinds[name], "statement", statement) for name in _LOGICAL}


def _with(kind: dict[str, Any], name: str, nested: dict[str, Any]) -> dict[str, Any]:
    block = kind["block"]
    return kind | {"block": block | {"block_types": block.get("block_types", {}) | {name: nested}}}
