"""The schemas the offline provider serves, and the facts about types that no schema says.

A provider's schema lies beside this file in the format of `terraform providers schema -json`, or
in a file that someone made so; its hints lie under `hints/`. A large schema is a zip of documents,
one a service. All is read when asked for; nothing is kept between calls.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from policyscan.errors import PlannerError
from policyscan.planner.schema.document import GROUPS, read_document, read_services, service_of
from policyscan.planner.schema.hints import DATA_SOURCE, Coverage, TypeHints, load_hints
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
    "Coverage",
    "NestedAttributes",
    "NestedBlock",
    "ProviderSchema",
    "TypeHints",
    "coverage",
    "is_schema_only",
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


def coverage(hints: Mapping[str, TypeHints], type_name: str) -> Coverage:
    """How far what is known of a resource type reaches; `hints` are those of its provider."""
    return hints[type_name].coverage if type_name in hints else Coverage.SCHEMA_ONLY


def is_schema_only(provider: str, type_name: str) -> bool:
    """Whether no more is known of a resource type than its schema says.

    Example: is_schema_only("registry.terraform.io/hashicorp/aws", "aws_vpc") is False.
    """
    return coverage(load_hints(provider), type_name) is Coverage.SCHEMA_ONLY


def load_schema(
    provider: str,
    types: frozenset[str] | None = None,
    hints: Mapping[str, TypeHints] | None = None,
) -> ProviderSchema:
    """Load the schema of `provider`, with those of `types` it has, whatever they are types of.

    types: None for all of them, which takes seconds of time for AWS.
    hints: what `load_hints` gives, if it is at hand.
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
    (schema,) = (read_services if is_zip else read_document)(content, types)
    known = load_hints(provider) if hints is None else hints
    return _marked(msgspec.structs.replace(schema, address=provider), known)


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
    """The schema with what the hints know to be sensitive or write-only marked so."""

    def marked(blocks: Mapping[str, Block], prefix: str = "") -> dict[str, Block]:
        return {
            name: _with_flags(block, hints[prefix + name]) if prefix + name in hints else block
            for name, block in blocks.items()
        }

    return msgspec.structs.replace(
        schema,
        resources=marked(schema.resources),
        data_sources=marked(schema.data_sources, DATA_SOURCE),
    )


def _with_flags(block: Block, row: TypeHints) -> Block:
    for flag in ("sensitive", "write_only"):
        block = _flagged(block, getattr(row, flag), flag)
    return block


def _flagged(block: Block, paths: tuple[str, ...], flag: str) -> Block:
    """The block with a flag set on the attributes at dotted `paths`, where it has them."""
    attributes, block_types = dict(block.attributes), dict(block.block_types)
    for path in paths:
        name, _, inner = path.partition(".")
        if inner and name in block_types:
            nested = block_types[name]
            body = _flagged(nested.block, (inner,), flag)
            block_types[name] = msgspec.structs.replace(nested, block=body)
        elif not inner and name in attributes:
            attributes[name] = msgspec.structs.replace(attributes[name], **{flag: True})
    return Block(attributes, block_types)
