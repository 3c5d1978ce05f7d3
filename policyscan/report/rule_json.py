"""Rules for programs: stable names, every parameter with its value and where that comes from."""

from __future__ import annotations

import json
from typing import Any

from policyscan.engine import Origin, PackRule, Settings
from policyscan.report.page import page_of
from policyscan.rule import Parameter, Rule

SCHEMA_VERSION = "1"


def render_rules_json(pack: tuple[PackRule, ...], settings: Settings, profile: str) -> str:
    """The rules that a scan with these settings would run."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "profile": profile,
        "fail_on": settings.fail_on,
        "fail_on_origin": _origin(settings.origin("fail_on")),
        "rules": [_rule(each.rule, settings) for each in pack],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule, settings: Settings) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "group": rule.group,
        "title": rule.title,
        "page": page_of(rule),
        "types": list(rule.types),
        "severity": str(settings.severity(rule)),
        "severity_default": str(rule.severity),
        "severity_origin": _origin(settings.origin(rule.id, "severity")),
        "parameters": [_parameter(rule, one, settings) for one in rule.parameters],
    }


def _parameter(rule: Rule, parameter: Parameter, settings: Settings) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "description": parameter.description,
        "value": settings.parameters(rule)[parameter.name],
        "default": parameter.default,
        "origin": _origin(settings.origin(rule.id, parameter.name)),
        "choices": list(parameter.choices) or None,
        "least": parameter.least,
        "most": parameter.most,
    }


def _origin(origin: Origin) -> dict[str, str | None]:
    return {"level": str(origin.level), "name": origin.name or None}
