"""Recovers a provider's schema from its npm package of cdktn bindings.

    npm pack @cdktn/provider-aws@25.7.0 && tar xzf cdktn-provider-aws-25.7.0.tgz
    python -m policyscan.planner.schema.extract package -o policyscan/planner/schema/aws.json.gz

Where npm has none, the Python package of the same bindings holds it, under `_jsii`. The output
has the format of `terraform providers schema -json` plus `provenance`. The bindings do not carry:
sensitive, deprecated, schema versions, block limits above one, and blocks their generator gave up
on; the last are typed "dynamic" and listed as `provenance.holes`. Nor do they say whether one
object is a block or an attribute: it is a block where it cannot be computed, unless the provider
speaks protocol 6 (`--nested`), whose attributes may hold attributes, or is named by `--attribute`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyscan.planner.schema.bodies import ALL_SAID, Bodies, Unsaid
from policyscan.planner.schema.javascript import read_module
from policyscan.planner.schema.waf import restore_statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.planner.schema.javascript import JsClass, JsModule

_GROUPS = {
    "TerraformDataSource": "data_source_schemas",
    "TerraformEphemeralResource": "ephemeral_resource_schemas",
    "TerraformResource": "resource_schemas",
}


def extract(package: Path, unsaid: Unsaid = ALL_SAID) -> dict[str, Any]:
    """The schema document of the unpacked npm package at `package`.

    Raises OSError: not such a package. Raises PlannerError: code in a shape not known here.
    """
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    provider: dict[str, Any] = {"resource_schemas": {}, "data_source_schemas": {}}
    for folder in sorted(path for path in (package / "lib").iterdir() if path.is_dir()):
        module = read_module(folder)
        for js_class in module.classes.values():
            _add(provider, module, js_class, unsaid)
    restore_statements(provider["resource_schemas"])
    metadata = (package / "lib" / "provider" / "index.js").read_text(encoding="utf-8")
    source = re.findall(r"terraformProviderSource: '([\w/]+)'", metadata)[0]
    address = source if "/" in source else f"hashicorp/{source}"
    return {
        "format_version": "1.0",
        "provenance": {
            "holes": _dynamic_paths(provider),
            "licence": manifest["license"],
            "package": manifest["name"],
            "package_version": manifest["version"],
            "provider_version": re.findall(r"providerVersion: '([\d.]+)'", metadata)[0],
        },
        "provider_schemas": {f"registry.terraform.io/{address}": provider},
    }


def encode(document: dict[str, Any], *, compressed: bool) -> bytes:
    """The document as JSON with sorted keys: compact and gzipped, or indented for readers."""
    if compressed:
        text = json.dumps(document, separators=(",", ":"), sort_keys=True)
        return gzip.compress(text.encode(), compresslevel=9, mtime=0)
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


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
    parser.add_argument("-o", "--output", type=Path, required=True, help="*.json or *.json.gz")
    parser.add_argument("--nested", action="store_true", help="the provider speaks protocol 6")
    parser.add_argument("--attribute", action="append", default=[], help="TYPE.PATH of an object")
    arguments = parser.parse_args()
    unsaid = Unsaid(arguments.nested, frozenset(arguments.attribute))
    document = extract(arguments.package, unsaid)
    content = encode(document, compressed=arguments.output.suffix == ".gz")
    arguments.output.write_bytes(content)


if __name__ == "__main__":
    main()
