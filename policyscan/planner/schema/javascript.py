"""Reads the JavaScript that cdktn generates from a provider's schema, module by module.

Generated code keeps one shape, so regular expressions read it in full. What a class holds:

    // cidr_block - computed: true, optional: true, required: false
    _cidrBlock;
    get cidrBlock() {
        return this.getStringAttribute('cidr_block');
    }

Only arguments (what a user may set) have an entry in the function that writes HCL:

    cidr_block: {
        value: cdktn.stringToHclTerraform(this._cidrBlock),
        isBlock: false,
        type: "simple",
        storageClassType: "string",
    },
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CLASS = re.compile(r"^class (\w+) extends (?:\w+\.)?(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(r"^function (\w+ToHclTerraform)\(.*?^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(
    r"^    // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(.*?)"
    r"(?=^    // \w+ - computed:|^    // ====|\Z)",
    re.MULTILINE | re.DOTALL,
)
_GETTER = re.compile(r"^    get \w+\(\) \{\n\s+return (.*);$", re.MULTILINE)
_NESTED = re.compile(
    r"^    _\w+ = new (?:\w+\.)?(\w+)\(this, \"(\w+)\"(?:, (true|false))?\);$", re.MULTILINE
)
_ENTRY = re.compile(
    r'^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: \w+,\n\s+type: "(\w+)",$', re.MULTILINE
)
_ARGUMENT = re.compile(
    r"^(?:struct\.\w+ === undefined \? null : )?(.*)\((?:struct|this)\.[\w.]+\)$"
)
_WRITE_ONLY = re.compile(r"^this\.markWriteOnlyAttribute\((.*)\)$")
_RESOURCE_TYPE = re.compile(r"terraformResourceType: '(\w+)'")
_QUALIFIER = re.compile(r"\(0, \w+\.(\w+)\)|\b\w+_\d+\.(\w+)")


class Member(Struct, frozen=True):
    """One attribute or block of a class, with what the code says of its type.

    getter: the expression its getter returns, "" for none.
    nested: name of the class that holds it, "" for a value without one.
    is_set: whether that class stands for a set.
    """

    name: str
    computed: bool
    optional: bool
    required: bool
    getter: str
    nested: str
    is_set: bool


class Argument(Struct, frozen=True):
    """How one argument is written as HCL: the function that maps it, and "list", "set", ..."""

    mapper: str
    kind: str


class JsClass(Struct, frozen=True):
    """A generated class: its base class, members in order, and arguments by Terraform name."""

    base: str
    terraform_type: str
    members: tuple[Member, ...]
    arguments: Mapping[str, Argument]


class JsModule(Struct, frozen=True):
    """One folder of the package: its classes, and the arguments each HCL function writes."""

    classes: Mapping[str, JsClass]
    functions: Mapping[str, Mapping[str, Argument]]


def read_module(folder: Path) -> JsModule:
    """All classes and functions under `folder`, those split off into `index-structs` included."""
    parts = sorted(folder.rglob("*.js"))
    return parse_module("\n".join(part.read_text(encoding="utf-8") for part in parts))


def parse_module(source: str) -> JsModule:
    """The classes and functions of one module's source text."""
    # The source map repeats the whole module in one line, which would only be slow to search.
    source = re.sub(r"^//# sourceMappingURL=.*$", "", source, flags=re.MULTILINE)
    return JsModule(
        classes={name: _parse_class(base, body) for name, base, body in _CLASS.findall(source)},
        functions={match[1]: _parse_arguments(match[0]) for match in _FUNCTION.finditer(source)},
    )


def _parse_class(base: str, body: str) -> JsClass:
    terraform_type = _RESOURCE_TYPE.search(body)
    return JsClass(
        base=base,
        terraform_type=terraform_type[1] if terraform_type else "",
        members=tuple(_parse_member(match) for match in _MEMBER.finditer(body)),
        arguments=_parse_arguments(body),
    )


def _parse_member(match: re.Match[str]) -> Member:
    nested = _NESTED.search(match[5])
    getter = _GETTER.search(match[5])
    return Member(
        name=match[1],
        computed=match[2] == "true",
        optional=match[3] == "true",
        required=match[4] == "true",
        getter=getter[1] if getter else "",
        nested=nested[1] if nested else "",
        is_set=bool(nested and nested[3] == "true"),
    )


def _parse_arguments(body: str) -> dict[str, Argument]:
    return {
        name: Argument(mapper=_bare_mapper(value), kind=kind)
        for name, value, kind in _ENTRY.findall(body)
    }


def _bare_mapper(value: str) -> str:
    """`cdktn.listMapperHcl(index_1.fooToHclTerraform, true)(this._foo)` without module or value."""
    value = _WRITE_ONLY.sub(r"\1", value)
    argument = _ARGUMENT.match(_QUALIFIER.sub(lambda match: match[1] or match[2], value))
    return argument[1] if argument else value
