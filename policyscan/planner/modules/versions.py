"""Which versions a constraint takes. Source: hashicorp/go-version, constraint.go."""

from __future__ import annotations

import re

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:-([\w.-]+))?(?:\+[\w.-]+)?")
_TERM = re.compile(r"\s*(=|!=|>=|<=|~>|>|<|)\s*(\S+)\s*")
_PLACES = 3

Order = tuple[tuple[int, ...], bool, str]
"""What versions are compared by: a pre-release comes before its release."""


def order(version: str) -> Order | None:
    """How a version compares; None where it is none. Example: "1.10.0" is after "1.9"."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    numbers = tuple(map(int, found[1].split(".")))
    return (*numbers, *(0,) * (_PLACES - len(numbers))), found[2] is None, found[2] or ""


def is_accepted(version: str, constraint: str) -> bool:
    """Whether a constraint such as `~> 5.0, != 5.1.0` takes a version; "" takes every one."""
    found = order(version)
    if found is None:
        return False
    return all(_holds(found, term) for term in constraint.split(",") if term.strip())


def _holds(version: Order, term: str) -> bool:
    parsed = _TERM.fullmatch(term)
    bound = order(parsed[2]) if parsed else None
    if parsed is None or bound is None:
        return False
    is_release = version[1]
    if parsed[1] in {"", "="}:
        return version == bound
    if parsed[1] == "!=":
        return version != bound
    # A pre-release is taken only beside one of the same release.
    if not is_release and (bound[1] or bound[0] != version[0]):
        return False
    match parsed[1]:
        case ">":
            return version > bound
        case ">=":
            return version >= bound
        case "<":
            return version < bound
        case "<=":
            return version <= bound
        case _:
            kept = parsed[2].partition("-")[0].count(".")
            return version >= bound and version[0][:kept] == bound[0][:kept]
