"""The providers that can be planned with offline, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policyscan.planner import aws
from policyscan.planner.data_sources import AwsReader
from policyscan.planner.provider import Provider
from policyscan.planner.schema import PROVIDERS, Coverage, coverage, load_hints, load_schema
from policyscan.planner.utility import UtilityReader, settle_utility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from policyscan.planner.data_sources import Known
    from policyscan.planner.other_states import OtherStates
    from policyscan.planner.schema import ProviderSchema, TypeHints
    from policyscan.planner.strategy import Strategy

_AWS = "registry.terraform.io/hashicorp/aws"


@dataclass(frozen=True, slots=True)
class Vendor:
    """What is known of one provider, before a strategy makes a provider of it."""

    schema: ProviderSchema
    hints: Mapping[str, TypeHints]

    def provider(self, strategy: Strategy, known: Known, root_module: Path) -> Provider:
        """Build the provider for one run.

        `known` is what data sources may draw on; files are touched below `root_module` only.
        """
        is_aws = self.schema.address == _AWS
        return Provider(
            schema=self.schema,
            hints=self.hints,
            strategy=strategy,
            reader=AwsReader(known, self.hints) if is_aws else UtilityReader(root_module),
            settle=aws.settle if is_aws else settle_utility,
        )


def load_vendors(types: frozenset[str]) -> tuple[Vendor, ...]:
    """Every offline provider, with those of `types` it has."""
    hints = {address: load_hints(address) for address in sorted(PROVIDERS)}
    return tuple(
        Vendor(load_schema(address, types, hints[address]), hints[address]) for address in hints
    )


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
