"""Schema blocks in Terraform's JSON form, made of the classes that cdktn generates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.planner.schema.javascript import Argument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.schema.javascript import JsClass, JsModule, Member

_GETTER_TYPES = (
    ("getStringMapAttribute(", ["map", "string"]),
    ("getNumberMapAttribute(", ["map", "number"]),
    ("getBooleanMapAttribute(", ["map", "bool"]),
    ("tolist(this.getListAttribute(", ["set", "string"]),
    ("tolist(this.getNumberListAttribute(", ["set", "number"]),
    ("getListAttribute(", ["list", "string"]),
    ("getNumberListAttribute(", ["list", "number"]),
    ("getStringAttribute(", "string"),
    ("getNumberAttribute(", "number"),
    ("getBooleanAttribute(", "bool"),
)
_PLAIN_CLASS = re.compile(r"(String|Number|Boolean)(Map|List)(Map|List)?")
_PRIMITIVES = {"String": "string", "Number": "number", "Boolean": "bool"}
_SCALAR_MAPPERS = {
    "cdktn.stringToHclTerraform": "string",
    "cdktn.numberToHclTerraform": "number",
    "cdktn.booleanToHclTerraform": "bool",
    "cdktn.anyToHclTerraform": "dynamic",
}
_COLLECTION_MAPPER = re.compile(
    r"^cdktn\.(?P<nesting>list|hash)MapperHcl\((?P<inner>.*?)(?:, (?P<is_block>true|false))?\)$"
)
_WRITE_ONLY_SUFFIX = "_wo"
"""Providers of HashiCorp end the name of every write-only argument so; each is sensitive."""


class Unsaid(Struct, frozen=True):
    """What the bindings of a provider do not say of single objects.

    nested: whether they are attributes that hold attributes, which takes protocol 6.
    attributes: dotted paths of those which are attributes though they look like blocks.
    """

    nested: bool = False
    attributes: frozenset[str] = frozenset()


ALL_SAID = Unsaid()


class Bodies(Struct, frozen=True):
    """Makes schema blocks of the classes of one module."""

    module: JsModule
    unsaid: Unsaid

    def block(
        self,
        js_class: JsClass,
        arguments: Mapping[str, Argument],
        path: str,
        inside: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """The schema block that `js_class` stands for, in Terraform's JSON form.

        arguments: what the function that writes the class as HCL takes, by Terraform name.
        path: the dotted path of the block, which begins with the type.
        inside: the classes around it, outermost first, so that one inside itself is left out.
        """
        attributes: dict[str, Any] = {}
        block_types: dict[str, Any] = {}
        for member in js_class.members:
            argument = arguments.get(member.name)
            within = f"{path}.{member.name}"
            if member.nested in inside:
                continue
            if argument and member.nested and self._is_block(member, argument, within):
                block_types[member.name] = self._nested_block(member, argument, within, inside)
            elif argument and self.unsaid.nested and self._is_object(member):
                attributes[member.name] = self._nested_attribute(member, argument, within, inside)
            else:
                kind = _type(self.module, member, argument)
                attributes[member.name] = {"type": kind} | _flags(member)
        return _body(attributes, block_types)

    def _is_block(self, member: Member, argument: Argument, path: str) -> bool:
        if argument.kind == "struct":
            return member.name == "timeouts" or not (
                member.computed or self.unsaid.nested or path in self.unsaid.attributes
            )
        collection = _COLLECTION_MAPPER.match(argument.mapper)
        return collection is None or collection["is_block"] == "true"

    def _is_object(self, member: Member) -> bool:
        return member.nested in self.module.classes

    def _nested_block(
        self, member: Member, argument: Argument, path: str, inside: tuple[str, ...]
    ) -> dict[str, Any]:
        element, arguments = _element(self.module, member, argument)
        inside = (*inside, member.nested)
        nested: dict[str, Any] = {"block": self.block(element, arguments, path, inside)}
        if argument.kind == "struct":
            return nested | {"nesting_mode": "single"}
        nested["nesting_mode"] = "set" if member.is_set else "list"
        if self.module.classes[member.nested].base == "ComplexObject":
            nested["max_items"] = 1
        if member.required:
            nested["min_items"] = 1
        return nested

    def _nested_attribute(
        self, member: Member, argument: Argument, path: str, inside: tuple[str, ...]
    ) -> dict[str, Any]:
        element, arguments = _element(self.module, member, argument)
        body = self.block(element, arguments, path, (*inside, member.nested))
        nesting = {"ComplexObject": "single", "ComplexMap": "map"}.get(
            self.module.classes[member.nested].base, "set" if member.is_set else "list"
        )
        return {"nested_type": body | {"nesting_mode": nesting}} | _flags(member)

    def configuration(self, arguments: Mapping[str, Argument]) -> dict[str, Any]:
        """The block of the provider itself, of which the bindings keep optional arguments alone."""
        attributes: dict[str, Any] = {}
        block_types: dict[str, Any] = {}
        for name, argument in arguments.items():
            if name == "alias":  # Terraform's own argument, no part of the schema
                continue
            function = _function(argument)
            if function not in self.module.functions:
                attributes[name] = {"optional": True, "type": _mapped_type(argument)}
                continue
            body = self.configuration(self.module.functions[function])
            is_single = function == argument.mapper
            if self.unsaid.nested:
                body["nesting_mode"] = "single" if is_single else argument.kind
                attributes[name] = {"nested_type": body, "optional": True}
                continue
            nesting = "set" if argument.kind == "set" else "list"
            block_types[name] = {"block": body, "nesting_mode": nesting}
            if is_single:
                block_types[name]["max_items"] = 1
        return _body(attributes, block_types)


def _body(attributes: dict[str, Any], block_types: dict[str, Any]) -> dict[str, Any]:
    both = {"attributes": attributes, "block_types": block_types}
    return {name: members for name, members in both.items() if members}


def _flags(member: Member) -> dict[str, bool]:
    is_write_only = member.name.endswith(_WRITE_ONLY_SUFFIX) and not member.computed
    flags = {
        "computed": member.computed,
        "optional": member.optional,
        "required": member.required,
        "sensitive": is_write_only,
        "write_only": is_write_only,
    }
    return {name: True for name, is_set in flags.items() if is_set}


def _type(module: JsModule, member: Member, argument: Argument | None) -> Any:
    if plain := _PLAIN_CLASS.fullmatch(member.nested):
        return _plain_type(plain, is_set=member.is_set)
    if member.nested:
        return _nested_type(module, member, argument)
    for call, cty_type in _GETTER_TYPES:
        if call in member.getter:
            return cty_type
    return _mapped_type(argument) if argument else "dynamic"


def _plain_type(plain: re.Match[str], *, is_set: bool) -> Any:
    """The type a class of the bindings' own stands for. Example: a StringListMap."""
    kind: Any = _PRIMITIVES[plain[1]]
    *inner, outermost = [each for each in plain.groups()[1:] if each]
    for each in inner:
        kind = [each.lower(), kind]
    return ["set" if is_set else outermost.lower(), kind]


def _nested_type(module: JsModule, member: Member, argument: Argument | None) -> Any:
    element, arguments = _element(module, member, argument)
    attributes = {
        inner.name: _type(module, inner, arguments.get(inner.name)) for inner in element.members
    }
    match module.classes[member.nested].base:
        case "ComplexObject":
            return ["object", attributes]
        case "ComplexMap":
            return ["map", ["object", attributes]]
        case _:
            return ["set" if member.is_set else "list", ["object", attributes]]


def _element(
    module: JsModule, member: Member, argument: Argument | None
) -> tuple[JsClass, Mapping[str, Argument]]:
    """The class of one object inside `member`, and the arguments that object takes."""
    name = re.sub(r"(List|Map)$", "OutputReference", member.nested)
    return module.classes[name], module.functions[_function(argument)] if argument else {}


def _function(argument: Argument) -> str:
    collection = _COLLECTION_MAPPER.match(argument.mapper)
    return collection["inner"] if collection else argument.mapper


def _mapped_type(argument: Argument) -> Any:
    """The type of a value whose getter tells too little, from the functions that map it."""
    if argument.mapper in _SCALAR_MAPPERS:
        return _SCALAR_MAPPERS[argument.mapper]
    collection = _COLLECTION_MAPPER.match(argument.mapper)
    if collection is None:
        raise PlannerError(f"{argument.mapper}: a mapper of unknown shape; teach it to extract.py")
    # A set shows itself at the outermost level alone.
    nesting = "map" if collection["nesting"] == "hash" else argument.kind
    element = _mapped_type(Argument(collection["inner"], "list"))
    # What may be anything at all is offered to users as a map of anything.
    return "dynamic" if (nesting, element) == ("map", "dynamic") else [nesting, element]
