"""What a name may be: its length and its characters, as far as a plan tells the name."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from policyscan.graph import ResourceGraph
from policyscan.plan import Taken, Template, number_of
from policyscan.rule.tables import load_table

_FIXED = {"account_id": 12, "uuid": 36}
"""Attributes whose values are all of one length."""
_COUNTED = {
    ("random_id", "hex"): ("byte_length", 2),
    ("random_id", "b64_url"): ("byte_length", 1),
    ("random_string", "result"): ("length", 1),
    ("random_string", "id"): ("length", 1),
}
"""By type and attribute what says how long a value will be, and how much of it each unit takes."""
_REMEMBERED = 4096
"""How many answers are kept; names are made of the same few characters."""


class NameLimits(Struct, frozen=True):
    """What AWS allows of one name: a row of the table of that name.

    `checked`: whether the provider checks it while planning. `spelt` are the characters in words.
    """

    attribute: str
    least: int
    most: int
    pattern: str
    checked: str
    spelt: str

    @property
    def asked(self) -> str:
        """What a name may be, as the end of a sentence."""
        spelt = self.spelt or self.pattern
        return f"{self.least} to {self.most} characters" + (f" ({spelt})" if spelt else "")

    def problem(self, name: str) -> str:
        """What is wrong with a whole name, "" when nothing is."""
        if len(name) < self.least:
            return f"is too short: it may have {self.asked}"
        problem = self.problem_so_far(len(name), name)
        if problem or re.search(self.pattern, name):
            return problem
        return f"is not of the form AWS asks for: {self.asked}"

    def problem_so_far(self, length: int, text: str) -> str:
        """What is wrong with a name, whatever is still to come of it, "" when nothing is."""
        if length > self.most:
            return f"is too long, {length} characters at least: it may have {self.asked}"
        # A character that may not even stand amid letters is one that no name may have.
        if _may_have(self.pattern, "a"):
            for each in text:
                if not _may_have(self.pattern, each):
                    return f"may not have {each!r} in it"
        return ""

    def nearest(self, name: str) -> str:
        """A legal name that is near to this one, "" where none is."""
        near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: self.most].strip("-")
        return "" if self.problem(near) else near


@lru_cache(maxsize=_REMEMBERED)
def _may_have(pattern: str, character: str) -> bool:
    return re.search(pattern, f"a{character}a") is not None


def name_limits() -> dict[str, list[NameLimits]]:
    """The limits of names by the type of resource."""
    found: dict[str, list[NameLimits]] = {}
    for row in load_table("name_limits")["rows"]:
        if row["most"]:
            given = {key: row[key] for key in ("attribute", "least", "most", "pattern", "checked")}
            limits = NameLimits(**given, spelt=row.get("spelt", ""))
            found.setdefault(row["type"], []).append(limits)
    return found


def least_length(name: Template, graph: ResourceGraph) -> int:
    """How long a name will be at least, by what will fill it in."""
    return sum(_least(part, graph) for part in name.parts)


def _least(part: str | Taken, graph: ResourceGraph) -> int:
    if isinstance(part, str):
        return len(part)
    if not part.is_whole:
        return 0
    if part.attribute in _FIXED:
        return _FIXED[part.attribute]
    source = graph.resource(part.address)
    counted = _COUNTED.get((source.type, part.attribute)) if source is not None else None
    if source is None or counted is None:
        return 0
    attribute, per = counted
    return int(number_of(source.value(attribute)) or 0) * per
