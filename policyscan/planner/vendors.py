"""The providers that can be planned with offline, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyscan.planner import aws
from policyscan.planner.data_sources import AwsReader
from policyscan.planner.installed import installed_schemas
from policyscan.planner.provider import Provider, as_planned
from policyscan.planner.schema import (
    PROVIDERS,
    Coverage,
    coverage,
    load_hints,
    load_schema,
    load_schema_file,
)
from policyscan.planner.utility import UtilityReader, settle_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from policyscan.planner.data_sources import Known
    from policyscan.planner.other_states import OtherStates
    from policyscan.planner.request import Request
    from policyscan.planner.schema import ProviderSchema, TypeHints
    from policyscan.planner.strategy import Strategy
    from policyscan.planner.terraform import AtWork

_AWS = "registry.terraform.io/hashicorp/aws"
_SETTLE = {_AWS: aws.settle, "registry.terraform.io/hashicorp/time": settle_time}
"""Provider address -> its own part in a plan, where it has one."""


class Vendor(Struct, frozen=True):
    """What is known of one provider, before a strategy makes a provider of it."""

    schema: ProviderSchema
    hints: Mapping[str, TypeHints]

    def provider(self, strategy: Strategy, known: Known, root_module: Path) -> Provider:
        """Build the provider for one run.

        `known` is what data sources may draw on; files are touched below `root_module` only.
        """
        address = self.schema.address
        return Provider(
            schema=self.schema,
            hints=self.hints,
            strategy=strategy,
            reader=AwsReader(known, self.hints)
            if address == _AWS
            else UtilityReader(root_module, known, self.hints),
            settle=_SETTLE.get(address, as_planned),
        )


def load_vendors(words: frozenset[str], given: Iterable[ProviderSchema] = ()) -> tuple[Vendor, ...]:
    """The offline providers that `words` of a configuration ask for, by address.

    words: among others, its types, and the names of its providers. A provider is left out when
    neither its name stands there, nor a name that begins with it.
    given: schemas that win over those kept here, the first of one address over the next.
    """
    vendors: dict[str, Vendor] = {}
    for schema in given:
        vendors.setdefault(schema.address, Vendor(schema, load_hints(schema.address)))
    asked = {word.partition("_")[0] for word in words}
    for address in PROVIDERS:
        if address not in vendors and address.rpartition("/")[2] in asked:
            hints = load_hints(address)
            vendors[address] = Vendor(load_schema(address, words, hints), hints)
    return tuple(vendors[address] for address in sorted(vendors))


def vendors_of(
    directory: Path, words: frozenset[str], request: Request, at_work: AtWork
) -> tuple[Vendor, ...]:
    """The providers of the root module in `directory`, by the best that is known of them.

    The schemas of the request win over the providers that are installed there, and those over what
    is kept here.
    Raises PlannerError: a file is not in that form, an installed provider does not answer.
    """
    given = [schema for file in request.schemas for schema in load_schema_file(file, words)]
    addresses = frozenset(each.address for each in given)
    installed = installed_schemas(
        directory, words, data_folder=request.data_folder, without=addresses, at_work=at_work
    )
    return load_vendors(words, (*given, *installed))


def schema_only(
    vendors: Iterable[Vendor | OtherStates], planned: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """Those types of `planned`, pairs of provider and type, of which only the schema is known."""
    hints = {_short(vendor.schema.address): vendor.hints for vendor in vendors}
    return tuple(
        sorted(
            name
            for provider, name in planned
            if coverage(hints.get(_short(provider), {}), name) is Coverage.SCHEMA_ONLY
        )
    )


def _short(provider: str) -> str:
    """An address without its registry: OpenTofu has one of its own."""
    return provider.partition("/")[2]
