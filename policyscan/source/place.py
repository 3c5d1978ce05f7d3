"""Where the parts of a block are written, down to one element of a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from policyscan.plan.attributes import MISSING as UNPLANNED
from policyscan.plan.attributes import child, parse_path
from policyscan.source.model import MISSING, Splat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.source.model import Expression, Reference, Span


@dataclass(frozen=True, slots=True)
class Place:
    """A block, an argument, or a part of an argument that is written out.

    `span` is all of it, its name included. `head` is where to look for what it lacks: the opening
    line of a block, all of anything else. `inside` holds its own parts by name or number, in order
    of writing. `expression` is the value of what is no block. `is_repeated`: a `dynamic` block,
    which stands for any number of blocks.
    """

    span: Span
    head: Span
    inside: Mapping[str | int, Place] = field(default_factory=dict, compare=False, repr=False)
    expression: Expression | None = field(default=None, compare=False, repr=False)
    is_repeated: bool = False

    def find(self, path: str, planned: Any = UNPLANNED) -> Place:
        """The narrowest place on the way to an attribute; where the way ends, its head.

        `planned` is the value this place has in the plan. It tells which of several blocks or
        elements a number means, as Terraform puts the members of a set in an order of its own.
        Example: `network_configuration[0].subnets[1]`, `tags["Name"]`.
        """
        place = self
        for step in parse_path(path):
            planned = child(planned, step)
            part = place.inside.get(step) if isinstance(step, str) else place._member(step, planned)
            if part is None:
                return Place(place.head, place.head)
            place = part
        return place

    def referring(self, name: str, key: int | str | None) -> Place:
        """The innermost part that alone refers to an instance, such as `aws_subnet.a` and 0."""
        place = self
        while len(found := [part for part in place.inside.values() if part.names(name, key)]) == 1:
            place = found[0]
        return place

    def names(self, name: str, key: int | str | None) -> bool:
        """Whether it refers to an instance, or may."""
        if self.expression is None:
            return any(part.names(name, key) for part in self.inside.values())
        return any(_is_to(each, name, key) for each in self.expression.references)

    def _member(self, number: int, planned: Any) -> Place | None:
        members = [part for step, part in self.inside.items() if isinstance(step, int)]
        if not members:
            # JSON syntax writes a single block without the brackets of a list.
            return self if number == 0 and self.inside else None
        likeness = [part.likeness(planned) for part in members]
        most = max(likeness)
        likely = [part for part, like in zip(members, likeness, strict=True) if like == most]
        if len(likely) == 1:
            return likely[0]
        before = [part for part in members[: number + 1] if part.is_repeated]
        counted = before[0] if before else next(iter(members[number : number + 1]), None)
        return next((part for part in likely if part is counted), None)

    def likeness(self, planned: Any) -> int:
        """How many of its constants are those of a planned value; -1 when one of them is not."""
        if planned is UNPLANNED or planned is None:
            return 0
        literal = MISSING if self.expression is None else self.expression.literal
        # The provider may have put the members of a list in order, and more into a map.
        if isinstance(literal, str | int | float):
            return 1 if _text(literal) == _text(planned) else -1
        named = ((step, part) for step, part in self.inside.items() if isinstance(step, str))
        found = [part.likeness(child(planned, step)) for step, part in named]
        return -1 if -1 in found else sum(found)


def several(places: list[Place]) -> Place:
    """The blocks of one type, or all the `dynamic` blocks that make them too, by their numbers."""
    ordered = sorted(places, key=lambda one: (one.span.line, one.span.column))
    first, last = ordered[0].span, ordered[-1].span
    whole = replace(first, end_line=last.end_line, end_column=last.end_column)
    return Place(whole, whole, dict(enumerate(ordered)))


def _is_to(reference: Reference, name: str, key: int | str | None) -> bool:
    if reference.text != name and not reference.text.startswith(f"{name}."):
        return False
    is_plain = isinstance(reference.index, int | str) and reference.index is not Splat.ALL
    return not is_plain or reference.index == key


def _text(value: Any) -> str:
    """A constant as Terraform turns it into text, whichever of its types it is planned as."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
