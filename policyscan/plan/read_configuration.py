"""Reads the `configuration` part of a plan document."""

from __future__ import annotations

from types import NoneType
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

_Json = dict[str, Any]

_EXPRESSION_KEYS = {"constant_value", "references"}
_NONE = object()
_SIMPLE = {object, NoneType, bool, int, str}
"""Types of constants of which equal ones are the same; `_NONE` is where none is written."""


class ConfigurationReader:
    """Reads the configuration of one plan; what is written alike is read once, and one object.

    `shape` names the document in what is said of it.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._expressions: dict[tuple[Any, ...], Expression] = {}
        self._references: dict[tuple[str, ...], tuple[Reference, ...]] = {}
        self._resources: dict[int, ConfigResource] = {}
        self._texts: dict[str, str] = {}

    def module(self, raw: Any, path: ModulePath, where: str) -> ConfigModule:
        """Read a module and those it calls. Raises PlanError: a part has an impossible shape."""
        check = self._shape.check
        check(raw, dict, where)
        resources = [
            self._config_resource(each, f"{where}.resources")
            for each in self._shape.objects(raw.get("resources") or [], f"{where}.resources")
        ]
        calls = check(raw.get("module_calls") or {}, dict, f"{where}.module_calls")
        outputs = check(raw.get("outputs") or {}, dict, f"{where}.outputs")
        variables = check(raw.get("variables") or {}, dict, f"{where}.variables")
        return ConfigModule(
            path=path,
            resources={resource.address: resource for resource in resources},
            calls={
                name: self._call(name, call, path, f"{where}.module_calls.{name}")
                for name, call in sorted(calls.items())
            },
            outputs={
                name: ConfigOutput(
                    self._expression(output.get("expression")),
                    self._targets(output.get("depends_on")),
                )
                for name, output in sorted(outputs.items())
            },
            defaults={
                name: variable["default"]
                for name, variable in sorted(variables.items())
                if isinstance(variable, dict) and "default" in variable
            },
        )

    def providers(self, raw: Any, where: str) -> dict[str, ConfigProvider]:
        """Read `provider_config`, by the keys that resources name as `provider_config_key`.

        Raises PlanError: a part has an impossible shape.
        Source: jsonconfig/config.go, providerConfig.
        """
        self._shape.check(raw, dict, where)
        found = {}
        for key, each in sorted(raw.items()):
            self._shape.check(each, dict, f"{where}.{key}")
            module = parse_module(str(each.get("module_address") or ""))
            found[key] = ConfigProvider(
                module_path=tuple(step.name for step in module),
                name=str(each.get("name") or ""),
                alias=str(each.get("alias") or ""),
                body=self._block(each.get("expressions")),
            )
        return found

    def _config_resource(self, raw: _Json, where: str) -> ConfigResource:
        # Known by what it is in the document, which holds it for as long as this reads.
        if (known := self._resources.get(id(raw))) is not None:
            return known
        for field in ("type", "name"):
            self._shape.check(raw.get(field), str, f"{where}[].{field}")
        mode = str(raw.get("mode") or "managed")
        prefix = "data." if mode == "data" else ""
        resource = ConfigResource(
            address=f"{prefix}{raw['type']}.{raw['name']}",
            mode=self._text(mode),
            type=self._text(raw["type"]),
            name=raw["name"],
            provider_key=self._text(str(raw.get("provider_config_key") or "")),
            body=self._block(raw.get("expressions")),
            count=self._optional(raw.get("count_expression")),
            for_each=self._optional(raw.get("for_each_expression")),
            depends_on=self._targets(raw.get("depends_on")),
            provisioners=tuple(
                (str(each.get("type")), self._block(each.get("expressions")))
                for each in raw.get("provisioners") or ()
                if isinstance(each, dict)
            ),
        )
        return self._resources.setdefault(id(raw), resource)

    def _call(self, name: str, raw: Any, path: ModulePath, where: str) -> ModuleCall:
        self._shape.check(raw, dict, where)
        return ModuleCall(
            name=name,
            source=str(raw.get("source") or ""),
            module=self.module(raw.get("module") or {}, (*path, name), f"{where}.module"),
            body=self._block(raw.get("expressions")),
            count=self._optional(raw.get("count_expression")),
            for_each=self._optional(raw.get("for_each_expression")),
            depends_on=self._targets(raw.get("depends_on")),
        )

    def _block(self, raw: Any) -> Block:
        if not isinstance(raw, dict) or not raw:
            return EMPTY_BLOCK
        arguments: dict[str, Expression] = {}
        blocks: dict[str, tuple[Block, ...]] = {}
        for name, value in sorted(raw.items()):
            if isinstance(value, list):
                blocks[name] = tuple([self._block(each) for each in value])
            elif isinstance(value, dict):
                if (expression := self._argument(value)) is not None:
                    arguments[name] = expression
                else:
                    blocks[name] = (self._block(value),)
        return Block(arguments, blocks)

    def _optional(self, raw: Any) -> Expression | None:
        return None if raw is None else self._expression(raw)

    def _expression(self, raw: Any) -> Expression:
        """An expression where one has to stand, whatever else is written there."""
        if not isinstance(raw, dict):
            return Expression()
        listed = raw.get("references")
        texts = tuple(map(str, listed)) if isinstance(listed, list) else ()
        return self._new(texts, raw.get("constant_value", ABSENT))

    def _argument(self, raw: _Json) -> Expression | None:
        """The expression of an argument, None where this is a block."""
        if not raw.keys() <= _EXPRESSION_KEYS:
            return None
        listed = raw.get("references", [])
        if type(listed) is not list or (listed and {*map(type, listed)} != {str}):
            return None
        constant = raw.get("constant_value", _NONE)
        if type(constant) not in _SIMPLE:
            return self._new(tuple(listed), constant)
        key = (type(constant), constant, *listed)
        known = self._expressions.get(key)
        if known is None:
            written = ABSENT if constant is _NONE else constant
            known = self._expressions[key] = self._new(tuple(listed), written)
        return known

    def _new(self, texts: tuple[str, ...], constant: Any) -> Expression:
        known = constant if constant is ABSENT else Known(constant)
        return Expression(known, self._longest(texts))

    def _targets(self, raw: Any) -> tuple[Reference, ...]:
        return self._longest(tuple(map(str, raw))) if isinstance(raw, list) else ()

    def _longest(self, texts: tuple[str, ...]) -> tuple[Reference, ...]:
        if not texts:
            return ()
        if (known := self._references.get(texts)) is not None:
            return known
        return self._references.setdefault(texts, longest(texts))

    def _text(self, text: str) -> str:
        return self._texts.setdefault(text, text)
