"""What users say data sources find: the answers of `--data`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from policyscan.errors import ConfigError
from policyscan.planner.data_sources.fit import ANY, did_you_mean, misfit

if TYPE_CHECKING:
    from policyscan.planner.data_sources.ip_ranges import IpRanges
    from policyscan.planner.schema import Block

_WHAT = {"match": "argument", "values": "attribute to find"}


class Answer(Struct, frozen=True):
    """One answer: to data sources of a type whose arguments are as `match` says.

    match: argument -> what it must be. Of a map those keys count that are given, and of blocks
      those that are given; `filter` may be written as a map of its names to their values.
    values: attribute -> what the data source finds.
    place: `file:line` of the answer; `places` those of its keys, as `values.id`.
    ranges: what its values are chosen from, where it gives none.
    """

    type: str
    match: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    ranges: IpRanges | None = None

    def found(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a data source with these arguments finds, as far as it is given."""
        return self.values if self.ranges is None else self.ranges.found(config)

    def fits(self, config: Mapping[str, Any]) -> bool:
        """Whether it answers a data source with these arguments."""
        return all(_holds(config.get(name), wanted) for name, wanted in self.match.items())

    def flaws(self, block: Block) -> Iterator[str]:
        """What is wrong with it for a data source of this schema, a line each."""
        attributes = block.attributes
        asked = {name for name in attributes if attributes[name].required}
        asked |= {name for name in attributes if attributes[name].optional}
        found = {name for name in attributes if attributes[name].computed}
        kinds = {name: attributes[name].type for name in attributes}
        # What a block may hold is seen when it is compared.
        blocks = dict.fromkeys(block.block_types, ANY)
        yield from self._misfits("match", {name: kinds[name] for name in asked} | blocks)
        yield from self._misfits("values", {name: kinds[name] for name in found})

    def _misfits(self, key: str, kinds: Mapping[str, Any]) -> Iterator[str]:
        given = self.match if key == "match" else self.values
        for name, value in given.items():
            place = self.places[f"{key}.{name}"]
            if name not in kinds:
                hint = did_you_mean(str(name), kinds)
                yield f"{place}: {self.type} has no {_WHAT[key]} called {name!r}{hint}"
            elif wrong := misfit(value, kinds[name]):
                yield f"{place}: {name} of {self.type} {wrong}"


def refuse_flaws(answers: Iterable[Answer], types: Mapping[str, Block], likely: set[str]) -> None:
    """Raises ConfigError, a line each: an answer is to no type there is, or not in its shape.

    types: data source type -> its schema. likely: the types a mistaken one may stand for.
    """
    flaws: list[str] = []
    for answer in answers:
        if answer.type in types:
            flaws += answer.flaws(types[answer.type])
        else:
            hint = did_you_mean(answer.type, likely) or "; name one of a provider known offline"
            flaws.append(f"{answer.place}: no data source is of type {answer.type!r}{hint}")
    if flaws:
        raise ConfigError(*flaws)


def _holds(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(held, dict):
        return all(name in held and _holds(held[name], inner) for name, inner in wanted.items())
    if isinstance(wanted, dict) and isinstance(held, list):
        if all(isinstance(each, dict) and "values" in each for each in held):
            return all(
                any(each["name"] == name and _same(each["values"], values) for each in held)
                for name, values in wanted.items()
            )
        return any(_holds(each, wanted) for each in held)
    if isinstance(wanted, list) and isinstance(held, list):
        if any(isinstance(each, dict) for each in wanted):
            return all(any(_holds(one, each) for one in held) for each in wanted)
        return _same(held, wanted)
    return isinstance(held, bool) == isinstance(wanted, bool) and bool(held == wanted)


def _same(held: list[Any], wanted: Any) -> bool:
    """Whether they are the same values: the sets of arguments have no order."""
    values = wanted if isinstance(wanted, list) else [wanted]
    return sorted(map(str, held)) == sorted(map(str, values))
