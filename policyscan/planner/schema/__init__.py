"""The schemas the offline provider serves, and the facts about types that no schema says.

A provider's schema lies beside this file in the format of `terraform providers schema -json`;
its hints lie under `hints/`. A large one is a zip of such documents, one a service. All is read
when asked for; nothing is kept between calls.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping  # msgspec resolves annotations at run time
from importlib.resources import files
from typing import Any, Literal

import msgspec

from policyscan.errors import PlannerError
from policyscan.planner.schema.hints import DATA_SOURCE, Coverage, TypeHints, load_hints

__all__ = [
    "PROVIDERS",
    "Attribute",
    "Block",
    "Coverage",
    "NestedBlock",
    "ProviderSchema",
    "TypeHints",
    "coverage",
    "is_schema_only",
    "load_hints",
    "load_schema",
]

PROVIDERS: Mapping[str, str] = {
    "registry.terraform.io/hashicorp/archive": "archive.json",
    "registry.terraform.io/hashicorp/aws": "aws.zip",
    "registry.terraform.io/hashicorp/local": "local.json",
    "registry.terraform.io/hashicorp/null": "null.json",
    "registry.terraform.io/hashicorp/random": "random.json",
    "registry.terraform.io/hashicorp/time": "time.json",
    "registry.terraform.io/hashicorp/tls": "tls.json",
}
"""Provider address -> the file beside this one that holds its schema."""
GROUPS = ("resource_schemas", "data_source_schemas")
"""Where a schema document keeps types."""


class Attribute(msgspec.Struct, frozen=True):
    """One argument or exported value of a block.

    `type` is cty's JSON form: "string", ["list", "string"], ["object", {"name": type}].
    """

    type: Any
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False


class NestedBlock(msgspec.Struct, frozen=True, rename={"nesting": "nesting_mode"}):
    """A block type inside another block; `max_items` 0 means any number."""

    nesting: Literal["single", "list", "set", "map"]
    block: Block
    min_items: int = 0
    max_items: int = 0


class Block(msgspec.Struct, frozen=True):
    """A body: its attributes and the block types it may hold, by name."""

    attributes: Mapping[str, Attribute] = {}
    block_types: Mapping[str, NestedBlock] = {}


class ProviderSchema(msgspec.Struct, frozen=True):
    """What one provider serves, cut down to the types asked for."""

    address: str
    version: str
    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]


_COMMON = "provider.json"
"""The member of a zipped schema that holds what is no type's."""


class _TypeSchema(msgspec.Struct, frozen=True):
    block: Block


class _Provenance(msgspec.Struct, frozen=True):
    provider_version: str


class _StoredProvider(msgspec.Struct, frozen=True):
    provider: _TypeSchema
    resource_schemas: dict[str, msgspec.Raw] = {}
    data_source_schemas: dict[str, msgspec.Raw] = {}


class _Stored(msgspec.Struct, frozen=True):
    provenance: _Provenance
    provider_schemas: dict[str, _StoredProvider]


class _Types(msgspec.Struct, frozen=True):
    resource_schemas: dict[str, msgspec.Raw] = {}
    data_source_schemas: dict[str, msgspec.Raw] = {}


class _Part(msgspec.Struct, frozen=True):
    provider_schemas: dict[str, _Types]


def coverage(hints: Mapping[str, TypeHints], type_name: str) -> Coverage:
    """How far what is known of a resource type reaches; `hints` are those of its provider."""
    return hints[type_name].coverage if type_name in hints else Coverage.SCHEMA_ONLY


def is_schema_only(provider: str, type_name: str) -> bool:
    """Whether no more is known of a resource type than its schema says.

    Example: is_schema_only("registry.terraform.io/hashicorp/aws", "aws_vpc") is False.
    """
    return coverage(load_hints(provider), type_name) is Coverage.SCHEMA_ONLY


def service_of(type_name: str) -> str:
    """The part of a zipped schema that holds a type. Example: "lb" for aws_lb_listener."""
    return type_name.split("_")[1]


def load_schema(
    provider: str,
    types: frozenset[str] | None = None,
    hints: Mapping[str, TypeHints] | None = None,
) -> ProviderSchema:
    """Load the schema of `provider`, with those of `types` it has, as resource or data source.

    types: None for all of them, which takes seconds of time for AWS.
    hints: what `load_hints` gives, if it is at hand.
    A type the provider lacks is simply left out: Terraform core then names it to the user.
    Raises PlannerError: no schema is kept for `provider`.
    Example: load_schema("registry.terraform.io/hashicorp/aws", frozenset({"aws_vpc"})).
    """
    stored = _read(provider, types)
    hints = load_hints(provider) if hints is None else hints
    schemas = stored.provider_schemas[provider]
    return ProviderSchema(
        address=provider,
        version=stored.provenance.provider_version,
        provider=schemas.provider.block,
        resources=_build(schemas.resource_schemas, types, hints, prefix=""),
        data_sources=_build(schemas.data_source_schemas, types, hints, prefix=DATA_SOURCE),
    )


def _read(provider: str, types: frozenset[str] | None) -> _Stored:
    if provider not in PROVIDERS:
        raise PlannerError(
            f"provider {provider}: no offline schema is kept for it; "
            f"plan with the real provider, or use one of {', '.join(PROVIDERS)}"
        )
    content = files(__name__).joinpath(PROVIDERS[provider]).read_bytes()
    if not PROVIDERS[provider].endswith(".zip"):
        return msgspec.json.decode(content, type=_Stored)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stored = msgspec.json.decode(archive.read(_COMMON), type=_Stored)
        services = set(archive.namelist()) - {_COMMON}
        if types is not None:
            services &= {f"{service_of(name)}.json" for name in types if "_" in name}
        for service in sorted(services):
            part = msgspec.json.decode(archive.read(service), type=_Part)
            held = part.provider_schemas[provider]
            stored.provider_schemas[provider].resource_schemas.update(held.resource_schemas)
            stored.provider_schemas[provider].data_source_schemas.update(held.data_source_schemas)
    return stored


def _build(
    schemas: Mapping[str, msgspec.Raw],
    types: frozenset[str] | None,
    hints: Mapping[str, TypeHints],
    *,
    prefix: str,
) -> dict[str, Block]:
    decoder = msgspec.json.Decoder(_TypeSchema)
    blocks = {}
    for name in sorted(schemas.keys() if types is None else types & schemas.keys()):
        row = hints.get(prefix + name)
        block = decoder.decode(schemas[name]).block
        for flag in ("sensitive", "write_only") if row else ():
            block = _marked(block, getattr(row, flag), flag)
        blocks[name] = block
    return blocks


def _marked(block: Block, paths: tuple[str, ...], flag: str) -> Block:
    """The block with a flag set on the attributes at dotted `paths`."""
    attributes, block_types = dict(block.attributes), dict(block.block_types)
    for path in paths:
        name, _, inner = path.partition(".")
        if inner:
            nested = block_types[name]
            body = _marked(nested.block, (inner,), flag)
            block_types[name] = msgspec.structs.replace(nested, block=body)
        else:
            attributes[name] = msgspec.structs.replace(attributes[name], **{flag: True})
    return Block(attributes, block_types)
