"""Reads the `configuration` part of a plan document."""

from __future__ import annotations

from typing import Any

from policyscan.plan.address import ModulePath, Reference, longest, parse_module
from policyscan.plan.configuration import (
    EMPTY_BLOCK,
    Block,
    ConfigModule,
    ConfigOutput,
    ConfigProvider,
    ConfigResource,
    Expression,
    ModuleCall,
)
from policyscan.plan.shape import Shape
from policyscan.plan.value import ABSENT, Known

_EXPRESSION_KEYS = {"constant_value", "references"}


def read_module(shape: Shape, raw: Any, path: ModulePath, where: str) -> ConfigModule:
    """Read a module and those it calls. Raises PlanError: a part has an impossible shape."""
    shape.check(raw, dict, where)
    resources = (
        _config_resource(shape, each, f"{where}.resources")
        for each in shape.objects(raw.get("resources") or [], f"{where}.resources")
    )
    calls = shape.check(raw.get("module_calls") or {}, dict, f"{where}.module_calls")
    outputs = shape.check(raw.get("outputs") or {}, dict, f"{where}.outputs")
    variables = shape.check(raw.get("variables") or {}, dict, f"{where}.variables")
    return ConfigModule(
        path=path,
        resources={resource.address: resource for resource in resources},
        calls={
            name: _call(shape, name, call, path, f"{where}.module_calls.{name}")
            for name, call in sorted(calls.items())
        },
        outputs={
            name: ConfigOutput(
                _expression(output.get("expression")), _references(output.get("depends_on"))
            )
            for name, output in sorted(outputs.items())
        },
        defaults={
            name: variable["default"]
            for name, variable in sorted(variables.items())
            if isinstance(variable, dict) and "default" in variable
        },
    )


def read_providers(shape: Shape, raw: Any, where: str) -> dict[str, ConfigProvider]:
    """Read `provider_config`, by the keys that resources name as `provider_config_key`.

    Raises PlanError: a part has an impossible shape. Source: jsonconfig/config.go, providerConfig.
    """
    shape.check(raw, dict, where)
    found = {}
    for key, each in sorted(raw.items()):
        shape.check(each, dict, f"{where}.{key}")
        module = parse_module(str(each.get("module_address") or ""))
        found[key] = ConfigProvider(
            module_path=tuple(step.name for step in module),
            name=str(each.get("name") or ""),
            alias=str(each.get("alias") or ""),
            body=_block(each.get("expressions")),
        )
    return found


def _config_resource(shape: Shape, raw: dict[str, Any], where: str) -> ConfigResource:
    for field in ("type", "name"):
        shape.check(raw.get(field), str, f"{where}[].{field}")
    mode = str(raw.get("mode") or "managed")
    prefix = "data." if mode == "data" else ""
    return ConfigResource(
        address=f"{prefix}{raw['type']}.{raw['name']}",
        mode=mode,
        type=raw["type"],
        name=raw["name"],
        provider_key=str(raw.get("provider_config_key") or ""),
        body=_block(raw.get("expressions")),
        count=_optional(raw.get("count_expression")),
        for_each=_optional(raw.get("for_each_expression")),
        depends_on=_references(raw.get("depends_on")),
        provisioners=tuple(
            (str(each.get("type")), _block(each.get("expressions")))
            for each in raw.get("provisioners") or ()
            if isinstance(each, dict)
        ),
    )


def _call(shape: Shape, name: str, raw: Any, path: ModulePath, where: str) -> ModuleCall:
    shape.check(raw, dict, where)
    return ModuleCall(
        name=name,
        source=str(raw.get("source") or ""),
        module=read_module(shape, raw.get("module") or {}, (*path, name), f"{where}.module"),
        body=_block(raw.get("expressions")),
        count=_optional(raw.get("count_expression")),
        for_each=_optional(raw.get("for_each_expression")),
        depends_on=_references(raw.get("depends_on")),
    )


def _optional(raw: Any) -> Expression | None:
    return None if raw is None else _expression(raw)


def _expression(raw: Any) -> Expression:
    if not isinstance(raw, dict):
        return Expression()
    constant = Known(raw["constant_value"]) if "constant_value" in raw else ABSENT
    return Expression(constant, _references(raw.get("references")))


def _references(raw: Any) -> tuple[Reference, ...]:
    return longest(tuple(str(each) for each in raw)) if isinstance(raw, list) else ()


def _is_expression(raw: Any) -> bool:
    if not isinstance(raw, dict) or not raw.keys() <= _EXPRESSION_KEYS:
        return False
    references = raw.get("references", [])
    return isinstance(references, list) and all(isinstance(each, str) for each in references)


def _block(raw: Any) -> Block:
    if not isinstance(raw, dict):
        return EMPTY_BLOCK
    arguments: dict[str, Expression] = {}
    blocks: dict[str, tuple[Block, ...]] = {}
    for name, value in sorted(raw.items()):
        if _is_expression(value):
            arguments[name] = _expression(value)
        elif isinstance(value, dict):
            blocks[name] = (_block(value),)
        elif isinstance(value, list):
            blocks[name] = tuple(_block(each) for each in value)
    return Block(arguments, blocks)
