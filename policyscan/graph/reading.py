"""How one expression is read before it is followed: its references, and what is taken of them.

A plan lists the references of an expression and nothing else: not that a condition chooses
between two, nor that an index takes one of three. The source tells; without it, what may be so
counts as so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import force_setattr

from policyscan.plan.address import (
    Index,
    InstanceKey,
    Reference,
    Subject,
    key_text,
    parse_reference,
    steps,
)

if TYPE_CHECKING:
    from policyscan.source.model import Expression
    from policyscan.source.model import Reference as SourceReference

_SAME_KEY = {"each.key", "count.index"}
_OWN_KEY = frozenset({Subject.EACH, Subject.COUNT})

_GATHERS = (
    "base64encode|compact|concat|distinct|flatten|format|formatlist|join|jsonencode|keys|merge|"
    "setunion|sort|templatefile|tolist|tomap|toset|tostring|values|yamlencode|zipmap"
)
"""Functions that pass on all they are given; any other may leave something out."""

_PICKS = re.compile(rf"\?|\bif\b|\b(?!(?:{_GATHERS})\()[a-z]\w*\(|[)\]]\[(?!\*)")

_LOOP = re.compile(r"\bfor\s+(?:(\w+)\s*,\s*)?(\w+)\s+in\s+([^:]+?)\s*:")
_INDEX = re.compile(r"\[([^\]]*)\]")

_MAKES_MAP = re.compile(r"\{\s*for\s+(\w+)(?:\s*,\s*\w+)?\s+in\b[^:]+:\s*(.+?)\s*=>", re.DOTALL)


class Reading(Struct, frozen=True, cache_hash=True):
    """What an expression refers to.

    `rest` is the path that is taken out of its value: `["a"].url` of a local in
    `local.urls["a"].url`. `picks`: it chooses between its references, by a condition, a filter,
    an index or a function; None when only the plan is at hand, which does not tell. `loops` are
    the iterators of its `for` expressions, each with what it runs over. `text`: the constant it
    is, if it is one. `has_key`: the instance's own key stands in it, `each.key` or `count.index`.
    `varies`: it may come to something else in each instance of its block.
    """

    references: tuple[Reference, ...]
    rest: str = ""
    picks: bool | None = None
    loops: tuple[tuple[str, str], ...] = ()
    text: str | None = None
    has_key: bool = False
    varies: bool = False

    def __post_init__(self) -> None:
        # Told once: asking all references again for each of them would be quadratic.
        has_key = any(each.subject in _OWN_KEY for each in self.references)
        force_setattr(self, "has_key", has_key)
        force_setattr(self, "varies", has_key or any(map(_varies, self.references)))

    def runs_over(self, reference: Reference, keys: str) -> bool:
        """Whether the index of a reference is an iterator of just these keys, as written."""
        index = _INDEX.search(reference.text)
        return index is not None and any(
            re.search(rf"(?<![\w.]){re.escape(domain)}(?![\w.\[])", keys)
            for iterator, domain in self.loops
            if iterator == index[1]
        )


def _varies(reference: Reference) -> bool:
    """Whether an instance's own key may stand in it, in plain sight or behind a local."""
    text = reference.text
    return reference.subject is Subject.LOCAL or "each." in text or "count." in text


def read(planned: tuple[Reference, ...], written: Expression | None, rest: str = "") -> Reading:
    """The reading of the source where it names what the plan names, else the plan's own."""
    if written is None or agreed(planned, references_of(written)) is planned:
        return Reading(planned, rest)
    return read_source(written, rest)


def read_source(written: Expression, rest: str = "") -> Reading:
    """The reading of an expression, entered as far as the path leads into object constructors."""
    while (key := first_step(rest)) is not None and _is_object(written):
        members = written.members(key) if isinstance(key, str) else ()
        if len(members) != 1:
            break
        written, rest = members[0], without_first_step(rest)
    picks = _PICKS.search(written.text) is not None
    if rest and (made := _MAKES_MAP.match(written.text)) and made[1] != made[2]:
        # Other keys than those it runs over: the one taken need not name the same instance.
        picks = True
    if picks and rest.startswith("[") and written.conditional is None:
        # What an index meant before a filter or a function it does not mean after it; the arms of
        # a conditional take its place as they are.
        rest = ""
    loops = tuple(
        (iterator, match[3])
        for match in _LOOP.finditer(written.text)
        for iterator in match.group(1, 2)
        if iterator
    )
    text = written.literal if isinstance(written.literal, str) else None
    return Reading(references_of(written), rest, picks, loops, text)


def _is_object(written: Expression) -> bool:
    return written.text.startswith("{") and written.shape == "collection"


def first_step(path: str) -> InstanceKey:
    """The first name or index of a path, None when there is none."""
    return next(iter(steps(path)), None)


def without_first_step(path: str) -> str:
    """A path without its first name or index. Example: `["a"].url` becomes `url`."""
    key = first_step(path)
    head = key_text(key) if path.startswith("[") else str(key)
    return path[len(head) :].removeprefix(".")


def agreed(planned: tuple[Reference, ...], written: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """The source's references when they name what the plan's do, else the plan's.

    Source that has changed since the plan was made must not speak for it.
    """
    roots = {(each.subject, each.name) for each in planned}
    return written if {(each.subject, each.name) for each in written} == roots else planned


def references_of(expression: Expression) -> tuple[Reference, ...]:
    """The references of a source expression the way the plan's are told."""
    return tuple(planned_reference(each) for each in expression.references)


def planned_reference(reference: SourceReference) -> Reference:
    """A source reference the way the plan's are told: subject, index, attribute."""
    subject = parse_reference(reference.text)
    if reference.index is None:
        dot = "" if reference.attribute.startswith("[") or not reference.attribute else "."
        return parse_reference(f"{reference.text}{dot}{reference.attribute}")
    attribute = reference.attribute
    output = ""
    if subject.subject is Subject.MODULE:
        output = attribute.split(".")[0].split("[")[0]
        attribute = attribute[len(output) :].removeprefix(".")
    return Reference(
        str(reference), subject.subject, subject.name, _key(reference), output, attribute
    )


def _key(reference: SourceReference) -> int | str | Index:
    from policyscan.source.model import Splat  # noqa: PLC0415 - only where source was read already

    match reference.index:
        case Splat():
            return Index.SPLAT
        case int() | str() as key:
            return key
        case dynamic:
            is_same = dynamic is not None and dynamic.text in _SAME_KEY
            return Index.SAME if is_same else Index.DYNAMIC
