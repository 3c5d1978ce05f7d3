"""One offline provider: a schema, what is known about its types, and a strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.planner.change import Completion, Versions, is_sdk_type
from policyscan.planner.consequences import recomputed, replaced_by
from policyscan.planner.ephemeral import opened
from policyscan.planner.schema import TypeHints
from policyscan.planner.strategy import Change
from policyscan.planner.upgrade import upgraded
from policyscan.planner.wire import is_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.change import Step
    from policyscan.planner.schema import Block, ProviderSchema
    from policyscan.planner.strategy import Strategy

Settle = Callable[["Configuration", "Block", TypeHints, Versions, dict[str, Any]], dict[str, Any]]


def as_planned(
    _configuration: Configuration,
    _block: Block,
    _hints: TypeHints,
    _versions: Versions,
    planned: dict[str, Any],
) -> dict[str, Any]:
    """The `settle` of a vendor that adds nothing to the SDK's plan."""
    return planned


DEFAULT_REGION = "us-east-1"
"""The region of a provider block that names none: what the environment would have said."""


class Configuration(Struct, frozen=True):
    """What one provider block says: each alias has its own.

    `region` and the values of `default_tags` may be unknown; `default_tags` is None when the
    whole map is. A tag whose key is ignored never reaches `tags_all`.
    """

    region: Any = DEFAULT_REGION
    default_tags: Mapping[str, Any] | None = None
    ignored_keys: tuple[str, ...] = ()
    ignored_prefixes: tuple[str, ...] = ()

    @property
    def known_region(self) -> str:
        """The region, or the usual one while it is unknown."""
        return DEFAULT_REGION if is_unknown(self.region) else str(self.region)


class Reader(Protocol):
    """Answers data sources."""

    def read(
        self, configuration: Configuration, type_name: str, block: Block, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The whole object of a data source. Raises PlannerError: it cannot be answered."""


class Provider(Struct, frozen=True):
    """Answers core's questions about one provider's types, whoever carries them.

    `settle` is the vendor's own part in a plan, after the SDK's: it gets the planned object and
    returns it with the vendor's rules applied.
    """

    schema: ProviderSchema
    hints: Mapping[str, TypeHints]
    strategy: Strategy
    reader: Reader
    settle: Settle

    def configure(self, config: dict[str, Any]) -> Configuration:
        """Read a provider block, in the shape of this provider's schema."""
        region = config.get("region") or DEFAULT_REGION
        default_tags = _first(config.get("default_tags")).get("tags") or {}
        ignored = _first(config.get("ignore_tags"))
        return Configuration(
            region=region,
            default_tags=None if is_unknown(default_tags) else default_tags,
            ignored_keys=_strings(ignored.get("keys")),
            ignored_prefixes=_strings(ignored.get("key_prefixes")),
        )

    def existing(self, resource_type: str, identifier: str) -> dict[str, Any]:
        """The object that an import finds. Raises PlannerError: nothing is known of it."""
        raise PlannerError(f"{resource_type} {identifier} cannot be imported offline")

    def plan(  # noqa: PLR0913 - as core asks
        self,
        configuration: Configuration,
        resource_type: str,
        *,
        config: dict[str, Any],
        proposed: dict[str, Any],
        prior: dict[str, Any] | None,
        identifier: str = "",  # noqa: ARG002 - for those that import
    ) -> tuple[dict[str, Any], list[tuple[Step, ...]]]:
        """The planned object and the paths that force replacement; `prior` None is a create.

        `identifier` is what `prior` was imported by, if it was.
        """
        block, hints = self.schema.resources[resource_type], self._hints(resource_type).of(config)
        versions = Versions(config, proposed, prior)
        completion = Completion(hints, is_sdk_type(block), self.strategy.compute(resource_type))
        planned = completion.block(block, versions)
        planned = self.settle(configuration, block, hints, versions, planned)
        if prior is None:
            return planned, []
        return recomputed(hints, prior, planned), replaced_by(block, hints, prior, planned)

    def upgrade(
        self, configuration: Configuration, resource_type: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The whole object of a state, which may hold less than the schema has."""
        block, hints = self.schema.resources[resource_type], self._hints(resource_type)
        return upgraded(block, hints, values, configuration.known_region)

    def apply(
        self,
        configuration: Configuration,
        resource_type: str,
        *,
        prior: dict[str, Any] | None,
        planned: dict[str, Any] | None,
    ) -> dict[str, Any] | None:
        """The state after apply. Raises PlannerError: the strategy does not apply."""
        region = planned.get("region") if planned else None
        change = Change(
            resource_type=resource_type,
            block=self.schema.resources[resource_type],
            hints=self._hints(resource_type).of(planned or {}),
            prior=prior,
            planned=planned,
            region=region if isinstance(region, str) else configuration.known_region,
        )
        return self.strategy.apply(change)

    def read(
        self, configuration: Configuration, type_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The object of a data source. Raises PlannerError: it cannot be answered."""
        block = self.schema.data_sources[type_name]
        return self.reader.read(configuration, type_name, block, config)

    def open(
        self, configuration: Configuration, type_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The object of an ephemeral resource: a stand-in, which no plan ever holds."""
        block = self.schema.ephemeral_resources[type_name]
        return opened(type_name, block, config, region=configuration.known_region)

    def _hints(self, resource_type: str) -> TypeHints:
        return self.hints.get(resource_type) or self.hints.get("*") or TypeHints(source="none")


def _first(blocks: Any) -> dict[str, Any]:
    """The one block of a list of at most one."""
    first = blocks[0] if isinstance(blocks, list) and blocks else {}
    return first if isinstance(first, dict) else {}


def _strings(values: Any) -> tuple[str, ...]:
    return tuple(values) if isinstance(values, list) else ()
