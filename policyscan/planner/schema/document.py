"""Reads the JSON of `terraform providers schema -json`, type by type: most are never asked for."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping  # msgspec resolves annotations at run time

import msgspec

from policyscan.planner.schema.model import Block, ProviderSchema

GROUPS = ("resource_schemas", "data_source_schemas", "ephemeral_resource_schemas")
"""Where a schema document keeps types."""
COMMON = "provider.json"
"""The part of a zipped schema that holds what is no type's."""
_ADDRESS = re.compile(r"[\w.-]+(?::\d+)?/[\w-]+/[\w-]+")


class _TypeSchema(msgspec.Struct, frozen=True):
    block: Block = Block()


class _Provenance(msgspec.Struct, frozen=True):
    provider_version: str = ""


class _Provider(msgspec.Struct, frozen=True):
    provider: _TypeSchema = _TypeSchema()
    resource_schemas: dict[str, msgspec.Raw] = {}
    data_source_schemas: dict[str, msgspec.Raw] = {}
    ephemeral_resource_schemas: dict[str, msgspec.Raw] = {}


class _Document(msgspec.Struct, frozen=True):
    provider_schemas: dict[str, _Provider]
    provenance: _Provenance = _Provenance()


class _WholeProvider(msgspec.Struct, frozen=True, omit_defaults=True):
    provider: _TypeSchema = _TypeSchema()
    resource_schemas: dict[str, _TypeSchema] = {}
    data_source_schemas: dict[str, _TypeSchema] = {}
    ephemeral_resource_schemas: dict[str, _TypeSchema] = {}


class _WholeDocument(msgspec.Struct, frozen=True):
    provider_schemas: dict[str, _WholeProvider]
    provenance: _Provenance = _Provenance()


def read_document(content: bytes, types: frozenset[str] | None) -> tuple[ProviderSchema, ...]:
    """The providers in a document, by address, each with those of `types` it has, None for all.

    Raises msgspec.MsgspecError: it is not in that form.
    """
    document = msgspec.json.decode(content, type=_Document)
    if wrong := [each for each in document.provider_schemas if not _ADDRESS.fullmatch(each)]:
        raise msgspec.ValidationError(f"{wrong[0]!r} is no address like HOST/NAMESPACE/NAME")
    return tuple(
        ProviderSchema(
            address=address,
            version=document.provenance.provider_version,
            provider=stored.provider.block,
            resources=_blocks(stored.resource_schemas, types),
            data_sources=_blocks(stored.data_source_schemas, types),
            ephemeral_resources=_blocks(stored.ephemeral_resource_schemas, types),
        )
        for address, stored in sorted(document.provider_schemas.items())
    )


def service_of(type_name: str) -> str:
    """The part of a zipped schema that holds a type. Example: "lb" for aws_lb_listener."""
    return type_name.split("_")[1]


def read_services(content: bytes, types: frozenset[str] | None) -> tuple[ProviderSchema, ...]:
    """The one provider of a zipped schema, likewise: what is no type's is in a part of its own."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        services = set(archive.namelist()) - {COMMON}
        if types is not None:
            services &= {f"{service_of(name)}.json" for name in types if "_" in name}
        names = (COMMON, *sorted(services))
        parts = [part for name in names for part in read_document(archive.read(name), types)]
    groups = ("resources", "data_sources", "ephemeral_resources")
    joined = {
        group: {name: block for part in parts for name, block in getattr(part, group).items()}
        for group in groups
    }
    return (msgspec.structs.replace(parts[0], **joined),)


def single_documents(content: bytes, versions: Mapping[str, str]) -> dict[str, bytes]:
    """Address -> a document with that provider alone, and nothing in it that is not read here.

    versions: the version of each provider that is asked for.
    Raises msgspec.MsgspecError: `content` is not in that form, or lacks one of them.
    """
    document = msgspec.json.decode(content, type=_WholeDocument)
    if lacking := sorted(versions.keys() - document.provider_schemas.keys()):
        raise msgspec.ValidationError(f"there is no provider {lacking[0]}")
    return {
        address: msgspec.json.encode(
            _WholeDocument({address: document.provider_schemas[address]}, _Provenance(version))
        )
        for address, version in versions.items()
    }


def _blocks(schemas: Mapping[str, msgspec.Raw], types: frozenset[str] | None) -> dict[str, Block]:
    decoder = msgspec.json.Decoder(_TypeSchema)
    blocks = {}
    for name in sorted(schemas.keys() if types is None else types & schemas.keys()):
        try:
            blocks[name] = decoder.decode(schemas[name]).block
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(f"{name}: {error}") from error
    return blocks
