"""Attribute paths such as `load_balancer[0].container_port`, read from values and marks."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from policyscan.plan.address import steps

AttributePath = tuple[str | int, ...]


class Missing:
    """Nothing stands at a path: not the same as null."""


MISSING: Final = Missing()


@cache
def parse_path(text: str) -> AttributePath:
    """Example: `route[0].gateway_id` is ("route", 0, "gateway_id")."""
    return tuple(
        str(part) if isinstance(part, str) else part for part in steps(text) if part is not None
    )


@cache
def names_in(text: str) -> tuple[str, ...]:
    """A path as blocks are written, which have no numbers: `route[0].gateway_id` without the 0."""
    return tuple(part for part in parse_path(text) if isinstance(part, str))


def child(value: Any, part: str | int) -> Any:
    """The member of a list or map, or MISSING."""
    if isinstance(value, dict):
        return value.get(part if isinstance(part, str) else str(part), MISSING)
    if isinstance(value, list) and isinstance(part, int) and -len(value) <= part < len(value):
        return value[part]
    return MISSING


def mark_of(mark: Any, part: str | int) -> Any:
    """The mark tree of a member: what is marked as a whole is marked in every part."""
    if isinstance(mark, dict):
        return mark.get(part if isinstance(part, str) else str(part), False)
    inner = True if mark is True else child(mark, part)
    return False if inner is MISSING else inner


def has_true(mark: Any) -> bool:
    """Whether a mark tree (`after_unknown`, `after_sensitive`) marks anything in it."""
    if mark is True or not mark:
        return mark is True
    if isinstance(mark, dict):
        return any(map(has_true, mark.values()))
    return isinstance(mark, list) and any(map(has_true, mark))


def is_marked(mark: Any, path: AttributePath) -> bool:
    """Whether the mark tree covers the path: at it, above it, or anywhere below it."""
    for part in path:
        if mark is True:
            return True
        mark = child(mark, part)
    return has_true(mark)
