"""Data sources of any provider that a user has answers for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.planner.data_sources.fit import ANY, complete
from policyscan.planner.data_sources.stand_in import stand_in
from policyscan.planner.wire import with_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.data_sources.answers import Answer
    from policyscan.planner.data_sources.known import Known
    from policyscan.planner.provider import Configuration, Provider, Reader
    from policyscan.planner.schema import Block, TypeHints


def with_answers(provider: Provider, known: Known) -> Provider:
    """The same provider; what `known` has answers for, it finds as they say."""
    if not known.answers:
        return provider
    return replace(provider, reader=AnsweredReader(provider.reader, provider.hints, known))


class AnsweredReader(Struct, frozen=True):
    """Reads what users answer, and has `own` read the rest.

    What an answer leaves out is made up, and remembered as such.
    """

    own: Reader
    hints: Mapping[str, TypeHints]
    known: Known

    def read(
        self, configuration: Configuration, type_name: str, block: Block, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The whole object of a data source. Raises PlannerError: it cannot be read."""
        asked = config
        region = block.attributes.get("region")
        if region is not None and region.type == "string" and config.get("region") is None:
            asked = {**config, "region": configuration.known_region}
        answer = self.known.answer(type_name, _plain(block, asked))
        if answer is None:
            return self.own.read(configuration, type_name, block, config)
        return self._answered(answer, block, asked)

    def _answered(self, answer: Answer, block: Block, config: dict[str, Any]) -> dict[str, Any]:
        values = answer.found(config)
        lacking = frozenset(
            name
            for name, attribute in block.attributes.items()
            if attribute.computed and name not in values and config.get(name) is None
        )
        told = {**config, **values}
        made_up = stand_in(answer.type, block, told, self.hints) if lacking else {}
        found = complete(block, config, {**made_up, **values})
        for name, attribute in block.attributes.items():
            if attribute.type == ANY and config.get(name) is None and name in values:
                found[name] = with_type(values[name])
        if lacking:
            self.known.remember_stand_in(answer.type, found, answer, lacking)
        return found


def _plain(block: Block, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without what core says of the types of those that may have any."""
    return {
        name: value[1]
        if name in block.attributes and block.attributes[name].type == ANY and value
        else value
        for name, value in config.items()
    }
