"""Recovers a provider's schema from its npm package of cdktn bindings.

    npm pack @cdktn/provider-aws@25.7.0 && tar xzf cdktn-provider-aws-25.7.0.tgz
    python -m policyscan.planner.schema.extract package --older schema-5.100.json \
        -o policyscan/planner/schema/aws.zip

Where npm has none, the Python package of the same bindings holds it, under `_jsii`. The output
has the format of `terraform providers schema -json` plus `provenance`. The bindings do not carry:
sensitive, deprecated, schema versions, block limits above one, and blocks their generator gave up
on. What an older version of the provider had of these is taken from there: `--older` is what
`terraform providers schema -json` prints with it. Blocks that remain unknown are typed "dynamic"
and listed as `provenance.holes`. Nor do the bindings say whether one object is a block or an
attribute: it is a block where it cannot be computed, unless the provider speaks protocol 6
(`--nested`), whose attributes may hold attributes, or is named by `--attribute`. Of the providers
kept here, helm was read with `--nested`, kubernetes with `--attribute
kubernetes_manifest.wait_for`.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyscan.planner.schema import GROUPS, service_of
from policyscan.planner.schema.bodies import ALL_SAID, Bodies, Unsaid
from policyscan.planner.schema.javascript import read_module
from policyscan.planner.schema.older import complete

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.planner.schema.javascript import JsClass, JsModule

_GROUPS = {
    "TerraformDataSource": "data_source_schemas",
    "TerraformEphemeralResource": "ephemeral_resource_schemas",
    "TerraformResource": "resource_schemas",
}


def extract(package: Path, older: Path | None = None, unsaid: Unsaid = ALL_SAID) -> dict[str, Any]:
    """The schema document of the unpacked npm package at `package`.

    older: a document of an earlier version of the provider, as Terraform prints it.
    Raises OSError: not such a package. Raises PlannerError: code in a shape not known here.
    """
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    provider: dict[str, Any] = {"resource_schemas": {}, "data_source_schemas": {}}
    for folder in sorted(path for path in (package / "lib").iterdir() if path.is_dir()):
        module = read_module(folder)
        for js_class in module.classes.values():
            _add(provider, module, js_class, unsaid)
    metadata = (package / "lib" / "provider" / "index.js").read_text(encoding="utf-8")
    source = re.findall(r"terraformProviderSource: '([\w/]+)'", metadata)[0]
    address = f"registry.terraform.io/{source if '/' in source else f'hashicorp/{source}'}"
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
        for name, schema in provider.get(group, {}).items():
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


def _add(provider: dict[str, Any], module: JsModule, js_class: JsClass, unsaid: Unsaid) -> None:
    if js_class.base == "TerraformProvider":
        body = Bodies(module, unsaid).configuration(js_class.arguments)
        provider["provider"] = {"block": body}
    elif js_class.base in _GROUPS:
        name = js_class.terraform_type
        body = Bodies(module, unsaid).block(js_class, js_class.arguments, name)
        provider.setdefault(_GROUPS[js_class.base], {})[name] = {"block": body}


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
        if '"dynamic"' in json.dumps(attribute.get("type")):
            yield name
    for name, nested in body.get("block_types", {}).items():
        yield from (f"{name}.{path}" for path in _dynamic_in(nested["block"]))


def main() -> None:
    """Write the schema of the package named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="the unpacked npm package")
    parser.add_argument("-o", "--output", type=Path, required=True, help="*.json or *.zip")
    parser.add_argument("--older", type=Path, help="schema-VERSION.json of an earlier one")
    parser.add_argument("--nested", action="store_true", help="the provider speaks protocol 6")
    parser.add_argument("--attribute", action="append", default=[], help="TYPE.PATH of an object")
    arguments = parser.parse_args()
    unsaid = Unsaid(arguments.nested, frozenset(arguments.attribute))
    document = extract(arguments.package, arguments.older, unsaid)
    by_service = arguments.output.suffix == ".zip"
    arguments.output.write_bytes((encode_by_service if by_service else encode)(document))


if __name__ == "__main__":
    main()
