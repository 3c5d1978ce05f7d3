"""Recovers a provider's schema from its npm package of cdktn bindings.

    npm pack @cdktn/provider-aws@25.7.0 && tar xzf cdktn-provider-aws-25.7.0.tgz
    python -m policyscan.planner.schema.extract package --older schema-5.100.json \
        -o policyscan/planner/schema/aws.zip

The output has the format of `terraform providers schema -json` plus `provenance`. The bindings
do not carry: sensitive, deprecated, schema versions, block limits above one, and blocks their
generator gave up on. What an older version of the provider had of these is taken from there:
`--older` is what `terraform providers schema -json` prints with it. Blocks that remain unknown
are typed "dynamic" and listed as `provenance.holes`.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError
from policyscan.planner.schema import GROUPS, service_of
from policyscan.planner.schema.javascript import Argument, JsClass, JsModule, Member, read_module
from policyscan.planner.schema.older import complete

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
_NESTED_MAP_TYPES = {
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}
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


def extract(package: Path, older: Path | None = None) -> dict[str, Any]:
    """The schema document of the unpacked npm package at `package`.

    older: a document of an earlier version of the provider, as Terraform prints it.
    Raises OSError: not such a package. Raises PlannerError: code in a shape not known here.
    """
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    provider: dict[str, Any] = {"resource_schemas": {}, "data_source_schemas": {}}
    for folder in sorted(path for path in (package / "lib").iterdir() if path.is_dir()):
        module = read_module(folder)
        for js_class in module.classes.values():
            _add(provider, module, js_class)
    metadata = (package / "lib" / "provider" / "index.js").read_text(encoding="utf-8")
    source = re.findall(r"terraformProviderSource: '([\w/]+)'", metadata)[0]
    address = f"registry.terraform.io/{source}"
    if older is not None:
        complete(provider, json.loads(older.read_bytes())["provider_schemas"][address])
    return {
        "format_version": "1.0",
        "provenance": {
            "holes": _dynamic_paths(provider),
            "licence": manifest["license"],
            **({"older": older.stem} if older else {}),
            "package": manifest["name"],
            "package_version": manifest["version"],
            "provider_version": re.findall(r"providerVersion: '([\d.]+)'", metadata)[0],
        },
        "provider_schemas": {address: provider},
    }


def encode(document: dict[str, Any]) -> bytes:
    """The document as JSON for readers: indented, keys sorted."""
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


def encode_by_service(document: dict[str, Any]) -> bytes:
    """The document as a zip of documents, one a service, so that a reader opens few of them.

    `service_of` says which holds a type; what is no type's stands in `provider.json`.
    """
    ((address, provider),) = document["provider_schemas"].items()
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    for group in GROUPS:
        for name, schema in provider[group].items():
            parts.setdefault(service_of(name), {}).setdefault(group, {})[name] = schema
    rest = {name: value for name, value in provider.items() if name not in GROUPS}
    members = {part: {"provider_schemas": {address: parts[part]}} for part in sorted(parts)}
    members = {"provider": document | {"provider_schemas": {address: rest}}} | members
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for part, member in members.items():
            text = json.dumps(member, separators=(",", ":"), sort_keys=True)
            archive.writestr(zipfile.ZipInfo(f"{part}.json"), text, zipfile.ZIP_DEFLATED, 9)
    return content.getvalue()


def _add(provider: dict[str, Any], module: JsModule, js_class: JsClass) -> None:
    if js_class.base == "TerraformProvider":
        provider["provider"] = {"block": _provider_block(module, js_class.arguments)}
    elif js_class.base == "TerraformResource":
        provider["resource_schemas"][js_class.terraform_type] = {
            "block": block(module, js_class, js_class.arguments)
        }
    elif js_class.base == "TerraformDataSource":
        provider["data_source_schemas"][js_class.terraform_type] = {
            "block": block(module, js_class, js_class.arguments)
        }


def block(
    module: JsModule,
    js_class: JsClass,
    arguments: Mapping[str, Argument],
    inside: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The schema block that `js_class` stands for, in Terraform's JSON form.

    arguments: what the function that writes the class as HCL takes, by Terraform name.
    inside: the classes around it, outermost first, so that one inside itself is left out.
    """
    attributes: dict[str, Any] = {}
    block_types: dict[str, Any] = {}
    for member in js_class.members:
        argument = arguments.get(member.name)
        if member.nested in inside:
            continue
        if argument and member.nested and _is_block(member, argument):
            block_types[member.name] = _nested_block(module, member, argument, inside)
        else:
            attributes[member.name] = _attribute(member, _type(module, member, argument))
    return _body(attributes, block_types)


def _body(attributes: dict[str, Any], block_types: dict[str, Any]) -> dict[str, Any]:
    both = {"attributes": attributes, "block_types": block_types}
    return {name: members for name, members in both.items() if members}


def _is_block(member: Member, argument: Argument) -> bool:
    if argument.kind == "struct":
        # Protocol 5 providers have one block without a list around it; the rest are objects.
        return member.name == "timeouts"
    collection = _COLLECTION_MAPPER.match(argument.mapper)
    return collection is None or collection["is_block"] == "true"


def _nested_block(
    module: JsModule, member: Member, argument: Argument, inside: tuple[str, ...]
) -> dict[str, Any]:
    element, arguments = _element(module, member, argument)
    nested: dict[str, Any] = {"block": block(module, element, arguments, (*inside, member.nested))}
    if argument.kind == "struct":
        return nested | {"nesting_mode": "single"}
    nested["nesting_mode"] = "set" if member.is_set else "list"
    if module.classes[member.nested].base == "ComplexObject":
        nested["max_items"] = 1
    if member.required:
        nested["min_items"] = 1
    return nested


def _attribute(member: Member, cty_type: Any) -> dict[str, Any]:
    is_write_only = member.name.endswith(_WRITE_ONLY_SUFFIX) and not member.computed
    flags = {
        "computed": member.computed,
        "optional": member.optional,
        "required": member.required,
        "sensitive": is_write_only,
        "write_only": is_write_only,
    }
    return {"type": cty_type} | {name: True for name, is_set in flags.items() if is_set}


def _type(module: JsModule, member: Member, argument: Argument | None) -> Any:
    if member.nested in _NESTED_MAP_TYPES:
        return _NESTED_MAP_TYPES[member.nested]
    if member.nested:
        return _nested_type(module, member, argument)
    for call, cty_type in _GETTER_TYPES:
        if call in member.getter:
            return cty_type
    return _mapped_type(argument) if argument else "dynamic"


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
    return [nesting, _mapped_type(Argument(collection["inner"], "list"))]


def _provider_block(module: JsModule, arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """A provider's configuration, of which the bindings keep the arguments alone, all optional."""
    attributes: dict[str, Any] = {}
    block_types: dict[str, Any] = {}
    for name, argument in arguments.items():
        if name == "alias":  # Terraform's own argument, no part of the schema
            continue
        function = _function(argument)
        if function not in module.functions:
            attributes[name] = {"optional": True, "type": _mapped_type(argument)}
            continue
        block_types[name] = {
            "block": _provider_block(module, module.functions[function]),
            "nesting_mode": "set" if argument.kind == "set" else "list",
        }
        if function == argument.mapper:
            block_types[name]["max_items"] = 1
    return _body(attributes, block_types)


def _dynamic_paths(provider: Mapping[str, Any]) -> list[str]:
    """Paths typed "dynamic", which is how the bindings show a block they could not follow."""
    return sorted(
        f"{prefix}{name}.{path}"
        for prefix, group in (("", "resource_schemas"), ("data.", "data_source_schemas"))
        for name, schema in provider[group].items()
        for path in _dynamic_in(schema["block"])
    )


def _dynamic_in(body: Mapping[str, Any]) -> Iterator[str]:
    for name, attribute in body.get("attributes", {}).items():
        if '"dynamic"' in json.dumps(attribute["type"]):
            yield name
    for name, nested in body.get("block_types", {}).items():
        yield from (f"{name}.{path}" for path in _dynamic_in(nested["block"]))


def main() -> None:
    """Write the schema of the package named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="the unpacked npm package")
    parser.add_argument("--older", type=Path, help="schema-VERSION.json of an earlier one")
    parser.add_argument("-o", "--output", type=Path, required=True, help="*.json or *.zip")
    arguments = parser.parse_args()
    document = extract(arguments.package, arguments.older)
    by_service = arguments.output.suffix == ".zip"
    arguments.output.write_bytes((encode_by_service if by_service else encode)(document))


if __name__ == "__main__":
    main()
