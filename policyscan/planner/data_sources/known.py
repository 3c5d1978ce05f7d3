"""What data sources may draw on: the resources of the simulated state, and users' answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from policyscan.planner.data_sources.answers import Answer

Resource = tuple[str, dict[str, Any]]

_UNSET: tuple[Any, ...] = (None, "", [], {})
_NOT_IDENTIFYING = frozenset({"region", "most_recent", "with_decryption"})


class StandIn(Struct, frozen=True):
    """The object of a data source, in which something was made up.

    answer: what a user gave, where it is not the whole; `lacking` are the attributes made up then.
    """

    type: str
    values: Mapping[str, Any]
    answer: Answer | None = None
    lacking: frozenset[str] = frozenset()


class Known(Struct, frozen=True):
    """The resources of one state, the answers of a user, and what was given so far.

    told: what the data sources of a real state were told when it was made.
    """

    resources: tuple[Resource, ...] = ()
    told: tuple[Resource, ...] = ()
    answers: tuple[Answer, ...] = ()
    stand_ins: list[StandIn] = field(default_factory=list)
    used: list[Answer] = field(default_factory=list)

    def resource(self, type_name: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """The resource of the data source's type that every scalar argument fits, if any."""
        asked = {
            name: value
            for name, value in config.items()
            if isinstance(value, str | int) and name not in _NOT_IDENTIFYING
        }
        for found, attributes in self.resources if asked else ():
            if found == type_name and all(
                attributes.get(name) == value for name, value in asked.items()
            ):
                return attributes
        return None

    def real_answer(self, type_name: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the same arguments were really told, if they were asked."""
        asked = {name: value for name, value in config.items() if value not in _UNSET}
        for found, values in self.told:
            if found == type_name and all(
                _is_asked(value, values.get(name))
                for name, value in asked.items()
                if name != "region" or name in values
            ):
                return values
        return None

    def holds_repository(self, config: Mapping[str, Any]) -> bool:
        """Whether the ECR repository an image is asked of was applied: its pipeline pushed."""
        name = config.get("repository_name")
        return any(
            found == "aws_ecr_repository" and attributes.get("name") == name
            for found, attributes in self.resources
        )

    def answer(self, type_name: str, config: Mapping[str, Any]) -> Answer | None:
        """The first of the user's answers that fits, which counts as used from now on."""
        for answer in self.answers:
            if answer.type == type_name and answer.fits(config):
                self.used.append(answer)
                return answer
        return None

    def remember_stand_in(
        self,
        type_name: str,
        values: Mapping[str, Any],
        answer: Answer | None = None,
        lacking: frozenset[str] = frozenset(),
    ) -> None:
        """Note that `values` were made up: those that are `lacking` in an answer, else all."""
        self.stand_ins.append(StandIn(type_name, values, answer, lacking))

    def stand_in(self, type_name: str, values: Mapping[str, Any]) -> StandIn | None:
        """What was made up in these values of a data source, as plan JSON prints them."""
        told = _comparable(values)
        return next(
            (
                each
                for each in self.stand_ins
                if each.type == type_name and _comparable(each.values) == told
            ),
            None,
        )

    def is_outdated_by(self, resources: Iterable[Resource]) -> bool:
        """Whether one of these might have answered what a stand-in was given for."""
        made_up = {each.type for each in self.stand_ins}
        return bool(made_up & {found for found, _ in resources})


def _is_asked(asked: Any, told: Any) -> bool:
    """Whether an argument is that of an answer, whose blocks hold more, in another order."""
    if isinstance(asked, list) and isinstance(told, list):
        return len(asked) == len(told) and all(
            any(_is_asked(each, other) for other in told) for each in asked
        )
    if isinstance(asked, dict) and isinstance(told, dict):
        return all(_is_asked(value, told.get(name)) for name, value in asked.items())
    return bool(asked == told) or (asked in _UNSET and told in _UNSET)


def simulated_resources(state: Path) -> Iterator[Resource]:
    """The managed resources of a local state file; none when there is no file yet."""
    if not state.exists():
        return
    for resource in json.loads(state.read_bytes())["resources"]:
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance["attributes"]


def _comparable(value: Any) -> Any:
    """A value in the form it has however it is printed: sets have no order, nothing is null."""
    if isinstance(value, dict | list | tuple) and not value:
        return None
    if isinstance(value, dict):
        held = {name: _comparable(inner) for name, inner in value.items()}
        return {name: held[name] for name in sorted(held) if held[name] is not None} or None
    if isinstance(value, list | tuple):
        if isinstance(value[0], bytes):
            # A value of any type comes with its type, which plan JSON leaves out.
            return _comparable(value[1])
        return sorted((_comparable(each) for each in value), key=_printed)
    return value


def _printed(value: Any) -> str:
    return json.dumps(value, default=repr)
