"""The schemas the offline provider serves, and the facts about types that no schema says.

A provider's schema lies beside this file in the format of `terraform providers schema -json`, or
in a file that someone made so; its hints lie under `hints/`. A large schema is a zip of documents,
one a service. All is read when asked for; nothing is kept between calls.
"""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from policyscan.errors import PlannerError
from policyscan.planner.schema.document import GROUPS, read_document
from policyscan.planner.schema.hints import DATA_SOURCE, TypeHints, load_hints
from policyscan.planner.schema.model import (
    Attribute,
    Block,
    NestedAttributes,
    NestedBlock,
    ProviderSchema,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "GROUPS",
    "PROVIDERS",
    "Attribute",
    "Block",
    "NestedAttributes",
    "NestedBlock",
    "ProviderSchema",
    "TypeHints",
    "known_address",
    "load_hints",
    "load_schema",
    "load_schema_file",
    "mark_known",
    "service_of",
]

_HOST, _OPENTOFU = "registry.terraform.io", "registry.opentofu.org"
_HASHICORP = f"{_HOST}/hashicorp"

PROVIDERS: Mapping[str, str] = {
    f"{_HOST}/datadog/datadog": "datadog.zip",
    f"{_HASHICORP}/archive": "archive.json",
    f"{_HASHICORP}/aws": "aws.zip",
    f"{_HASHICORP}/external": "external.json",
    f"{_HASHICORP}/github": "github.zip",
    f"{_HASHICORP}/helm": "helm.json",
    f"{_HASHICORP}/http": "http.json",
    f"{_HASHICORP}/kubernetes": "kubernetes.zip",
    f"{_HASHICORP}/local": "local.json",
    f"{_HASHICORP}/null": "null.json",
    f"{_HASHICORP}/random": "random.json",
    f"{_HASHICORP}/template": "template.json",
    f"{_HASHICORP}/time": "time.json",
    f"{_HASHICORP}/tls": "tls.json",
    f"{_HOST}/integrations/github": "github.zip",
    f"{_HOST}/kreuzwerker/docker": "docker.zip",
}
"""Provider address, in lower case -> the file beside this one that holds its schema."""


def load_schema(provider: str, types: frozenset[str]) -> ProviderSchema:
    """Load the schema of `provider`, with those of `types` it has, whatever they are types of.

    A type the provider lacks is simply left out: Terraform core then names it to the user.
    Raises PlannerError: no schema is kept for `provider`.
    Example: load_schema("registry.terraform.io/hashicorp/aws", frozenset({"aws_vpc"})).
    """
    if provider not in PROVIDERS:
        raise PlannerError(
            f"provider {provider}: no offline schema is kept for it; "
            f"plan with the real provider, or use one of {', '.join(PROVIDERS)}"
        )
    content = files(__name__).joinpath(PROVIDERS[provider]).read_bytes()
    is_zip = PROVIDERS[provider].endswith(".zip")
    (schema,) = _of_services(content, types) if is_zip else read_document(content, types)
    return _marked(msgspec.structs.replace(schema, address=provider), load_hints(provider))


def service_of(type_name: str) -> str:
    """The part of a zipped schema that holds a type. Example: "lb" for aws_lb_listener."""
    return type_name.split("_")[1]


def _of_services(content: bytes, types: frozenset[str]) -> tuple[ProviderSchema, ...]:
    """The one provider of a zipped schema."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        services = {f"{service_of(name)}.json" for name in types if "_" in name}
        names = sorted(services & set(archive.namelist()))
        parts = [part for name in names for part in read_document(archive.read(name), types)]
        (whole,) = read_document(archive.read("provider.json"), types)
    return (
        msgspec.structs.replace(
            whole,
            resources={name: part.resources[name] for part in parts for name in part.resources},
            data_sources={
                name: part.data_sources[name] for part in parts for name in part.data_sources
            },
            ephemeral_resources={
                name: part.ephemeral_resources[name]
                for part in parts
                for name in part.ephemeral_resources
            },
        ),
    )


def load_schema_file(file: Path, types: frozenset[str]) -> tuple[ProviderSchema, ...]:
    """Load what `terraform providers schema -json` printed, cut down to `types` likewise.

    Raises PlannerError: it cannot be read, or is not in that form.
    """
    try:
        schemas = read_document(file.read_bytes(), types)
    except OSError as error:
        raise PlannerError(f"{file}: {error.strerror}; name a provider schema file") from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PlannerError(
            f"{file}: not a provider schema: {error}; "
            "write it with `terraform providers schema -json` where the provider is initialised"
        ) from error
    return tuple(map(mark_known, schemas))


def mark_known(schema: ProviderSchema) -> ProviderSchema:
    """A provider's own schema under the address it is known by here, with what hints add."""
    address = known_address(schema.address)
    return _marked(msgspec.structs.replace(schema, address=address), load_hints(address))


def known_address(address: str) -> str:
    """The address under which a provider is known here: both public registries have the same."""
    host, _, source = address.lower().partition("/")
    return f"{_HOST if host == _OPENTOFU else host}/{source}"


def _marked(schema: ProviderSchema, hints: Mapping[str, TypeHints]) -> ProviderSchema:
    """The schema with what the hints know to be sensitive marked so."""

    def marked(blocks: Mapping[str, Block], prefix: str = "") -> dict[str, Block]:
        return {
            name: _mark_sensitive(block, hints[prefix + name].sensitive)
            if prefix + name in hints
            else block
            for name, block in blocks.items()
        }

    return msgspec.structs.replace(
        schema,
        resources=marked(schema.resources),
        data_sources=marked(schema.data_sources, DATA_SOURCE),
    )


def _mark_sensitive(block: Block, paths: tuple[str, ...]) -> Block:
    """The block with the attributes at dotted `paths` sensitive, where it has them."""
    attributes, block_types = dict(block.attributes), dict(block.block_types)
    for path in paths:
        name, _, inner = path.partition(".")
        if inner and name in block_types:
            nested = block_types[name]
            body = _mark_sensitive(nested.block, (inner,))
            block_types[name] = msgspec.structs.replace(nested, block=body)
        elif not inner and name in attributes:
            attributes[name] = msgspec.structs.replace(attributes[name], sensitive=True)
    return Block(attributes, block_types)
