"""Restores the statements of AWS WAF, which hold each other and which the bindings cut short.

`aws_wafv2_web_acl_rule` keeps every kind of statement, once; `aws_wafv2_web_acl` and
`aws_wafv2_rule_group` keep none. The provider unrolls three levels of and, or and not, and lets
only a rule's own statement be rate based or refer to a rule group.
"""

from __future__ import annotations

from typing import Any

_WHOLE = "aws_wafv2_web_acl_rule"
_CUT = ("aws_wafv2_rule_group", "aws_wafv2_web_acl")
_LOGICAL = ("and_statement", "not_statement", "or_statement")
_OUTERMOST = ("managed_rule_group_statement", "rate_based_statement")
_REFERENCE = "rule_group_reference_statement"
_LEVELS = 3


def restore_statements(resources: dict[str, Any]) -> None:
    """Complete, in place, the WAF statements of `resources`, a map of type to schema."""
    if _WHOLE not in resources:
        return
    whole = resources[_WHOLE]["block"]["block_types"]["statement"]
    kinds = whole["block"]["block_types"]
    resources[_WHOLE]["block"]["block_types"]["statement"] = whole | _statement(kinds, _LEVELS)
    kinds = _as_older(kinds)
    for name in _CUT:
        rule = resources[name]["block"]["block_types"]["rule"]["block"]
        rule["attributes"].pop("statement")
        rule["block_types"]["statement"] = {
            "max_items": 1,
            "min_items": 1,
            "nesting_mode": "list",
        } | _outermost(kinds)


def _outermost(kinds: dict[str, Any]) -> dict[str, Any]:
    scope_down = {"max_items": 1, "nesting_mode": "list"} | _inner(kinds, _LEVELS - 1)
    holders = {name: _with(kinds[name], "scope_down_statement", scope_down) for name in _OUTERMOST}
    return _statement(kinds | holders, _LEVELS)


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


def _as_older(kinds: dict[str, Any]) -> dict[str, Any]:
    """The same kinds as the two older resources know them. Source: wafv2/schemas.go of 6.x."""
    older = {name: kind | {"block": _with_sets(kind["block"])} for name, kind in kinds.items()}
    rate = older["rate_based_statement"]["block"]
    rate["attributes"] = rate["attributes"] | {
        "aggregate_key_type": {"optional": True, "type": "string"}
    }
    rate["block_types"]["custom_key"] = rate["block_types"].pop("custom_keys")
    return older


def _with_sets(block: dict[str, Any]) -> dict[str, Any]:
    """A copy in which text transformations are a set."""
    nested = {
        name: kind | {"block": _with_sets(kind["block"])}
        for name, kind in block.get("block_types", {}).items()
    }
    if "text_transformation" in nested:
        nested["text_transformation"] |= {"nesting_mode": "set", "min_items": 1}
    return block | ({"block_types": nested} if nested else {})
