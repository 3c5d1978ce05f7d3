"""Answers to data sources: computed where AWS itself only computes, else from the simulated state.

What neither can say gets a stand-in, and every stand-in is told to the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.planner.data_sources.account import ACCOUNT_ANSWERS
from policyscan.planner.data_sources.answered import with_answers
from policyscan.planner.data_sources.answers import Answer
from policyscan.planner.data_sources.fit import complete, fitted
from policyscan.planner.data_sources.images import image, images_of
from policyscan.planner.data_sources.ip_ranges import read_ip_ranges
from policyscan.planner.data_sources.known import Known, simulated_resources
from policyscan.planner.data_sources.policy_document import policy_document
from policyscan.planner.data_sources.stand_in import stand_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.provider import Configuration
    from policyscan.planner.schema import Block, TypeHints

__all__ = [
    "Answer",
    "AwsReader",
    "Known",
    "complete",
    "fitted",
    "read_ip_ranges",
    "simulated_resources",
    "with_answers",
]


class AwsReader:
    """Reads the data sources of the AWS provider.

    `hints` are those of its resource types: a data source of the same name looks alike.
    """

    def __init__(self, known: Known, hints: Mapping[str, TypeHints]) -> None:
        self._known = known
        self._hints = hints

    def read(
        self, configuration: Configuration, type_name: str, block: Block, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The whole object of a data source. Raises PlannerError: its arguments are wrong."""
        region = block.attributes.get("region")
        if region is not None and region.type == "string" and config.get("region") is None:
            config = {**config, "region": configuration.known_region}
        if type_name == "aws_iam_policy_document":
            return policy_document(config)
        if (told := self._known.real_answer(type_name, config)) is not None:
            return complete(block, config, told)
        if (answer := ACCOUNT_ANSWERS.get(type_name)) is not None:
            return complete(block, config, answer(configuration, config))
        if type_name == "aws_ecr_image" and self._known.holds_repository(config):
            # Nobody pushed in a simulation, so the digest is made up like any stand-in.
            return self._made_up(type_name, complete(block, config, image(config)))
        if (resource := self._known.resource(type_name, config)) is not None:
            return complete(block, config, {**resource, **images_of(type_name, resource)})
        likely = stand_in(type_name, block, config, self._hints)
        return self._made_up(type_name, complete(block, config, likely))

    def _made_up(self, type_name: str, answer: dict[str, Any]) -> dict[str, Any]:
        self._known.remember_stand_in(type_name, answer)
        return answer
