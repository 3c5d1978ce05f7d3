"""What is to be told of a plan: which of its data sources were made up, and what of the answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.planner.data_sources.fit import did_you_mean
from policyscan.planner.mentions import WHOLE, mentions
from policyscan.planner.plan_json import data_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policyscan.planner.data_sources import Known
    from policyscan.planner.data_sources.known import StandIn

_MOST_NAMED = 5
_DATA = re.compile(r"\bdata\.(?P<type>\w+)\.[\w-]+")


class Labels(Struct, frozen=True):
    """stand_ins: addresses of data sources of which something that is read was made up.

    notes: a line each, what a user may have overlooked about the answers.
    """

    stand_ins: tuple[str, ...]
    notes: tuple[str, ...]


def blamed(diagnostics: Iterable[Mapping[str, Any]], known: Known) -> tuple[str, ...]:
    """The data sources in expressions that failed whose answers were made up.

    Example: jsondecode(data.aws_ssm_parameter.it.value) fails of a text that is no JSON.
    """
    made_up = {each.type for each in known.stand_ins}
    # Sensitive values are not among those of a snippet, but stand in its code.
    texts = (
        text
        for each in diagnostics
        if (snippet := each.get("snippet"))
        for text in (
            snippet.get("code") or "",
            *(value.get("traversal", "") for value in snippet.get("values") or ()),
        )
    )
    found = (match for text in texts for match in _DATA.finditer(text))
    return tuple(sorted({each[0] for each in found if each["type"] in made_up}))


def labels(plan: Mapping[str, Any], known: Known, texts: Iterable[str]) -> Labels:
    """What is to be told; `plan` is its decoded JSON, `texts` are those of its configuration."""
    # Only where something is answered it matters what of it is read.
    read = mentions(texts) if known.answers else {}
    stand_ins: list[str] = []
    notes: dict[str, None] = {}
    types: set[str] = set()
    for source in data_sources(plan):
        types.add(source["type"])
        stand_in = known.stand_in(source["type"], source["values"])
        if stand_in is None:
            continue
        if stand_in.answer is None:
            stand_ins.append(source["address"])
        elif missed := _missed(stand_in, read.get((source["type"], source["name"]), frozenset())):
            stand_ins.append(source["address"])
            notes[
                f"{stand_in.answer.place}: gives no {', '.join(missed)} of {source['address']}, "
                "which the configuration reads: made up"
            ] = None
    return Labels(tuple(stand_ins), (*notes, *_unused(known, types)))


def _missed(stand_in: StandIn, read: frozenset[str]) -> tuple[str, ...]:
    """What is read of an answered data source that the answer does not give."""
    missed = sorted(stand_in.lacking if WHOLE in read else stand_in.lacking & read)
    more = len(missed) - _MOST_NAMED
    return (*missed[:_MOST_NAMED], f"{more} more") if more > 0 else tuple(missed)


def _unused(known: Known, types: set[str]) -> Iterator[str]:
    used = {each.place for each in known.used}
    for answer in known.answers:
        if answer.place in used:
            continue
        if answer.type in types:
            yield (
                f"{answer.place}: answers no {answer.type} of this configuration: none has the "
                "arguments of its match, or an earlier answer has answered"
            )
        else:
            hint = did_you_mean(answer.type, types)
            yield f"{answer.place}: no {answer.type} was read for this plan{hint}"
