"""The operators of attribute conditions: how a planned value compares with a policy's.

A value that is not set is None, as is null. Source: Checkov's documentation, "YAML Custom
Policies", and what Checkov 3.3.30 answers, which tests/policies compares.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

from msgspec import Struct

Comparison = Callable[[Any, Any], bool]


class Takes(Enum):
    """What a policy has to give as `value`."""

    NOTHING = "no value"
    ANYTHING = "a value"
    TEXT = "a text"
    PATTERN = "a regular expression"
    NUMBER = "a whole number"
    LIST = "a list of values"
    NETWORKS = "a network such as 10.0.0.0/8, or a list of them"
    RANGE = "a whole number, a range such as 1000-2000, or a list of them"


class Partly(Enum):
    """What a value of which only parts are known tells.

    PRESENCE: that something is there. SHAPE: all that is asked for. GROWS: what the known parts
    alone satisfy stays so; SHRINKS: what they alone break stays broken. ALIKE: what has another
    shape or another known part is another value.
    """

    NOTHING = "nothing"
    PRESENCE = "presence"
    SHAPE = "shape"
    GROWS = "grows"
    SHRINKS = "shrinks"
    ALIKE = "alike"


class Operator(Struct, frozen=True):
    """An operator; `is_negated` turns the comparison round.

    `asks_all`: of several values one path finds, all must satisfy it, not just one.
    """

    name: str
    compare: Comparison
    takes: Takes
    partly: Partly = Partly.NOTHING
    is_negated: bool = False
    asks_all: bool = False

    def holds(self, actual: Any, expected: Any) -> bool:
        """Whether a known value satisfies it."""
        return self.compare(actual, expected) is not self.is_negated


def _equals(actual: Any, expected: Any) -> bool:
    if isinstance(actual, bool) or isinstance(expected, bool):
        return str(actual).lower() == str(expected).lower()
    if type(actual) is type(expected) and isinstance(actual, list | dict):
        return bool(actual == expected)
    return str(actual) == str(expected)


def _equals_ignore_case(actual: Any, expected: Any) -> bool:
    return str(actual).lower() == str(expected).lower()


def _matches(actual: Any, expected: Any) -> bool:
    return actual is not None and re.match(str(expected), str(actual)) is not None


def _exists(actual: Any, _: Any) -> bool:
    return actual is not None


def _any(actual: Any, expected: Any) -> bool:
    found = actual if isinstance(actual, list) else [actual]
    return any(_equals(one, wanted) for one in found for wanted in _listed(expected))


def _contains(actual: Any, expected: Any) -> bool:
    return all(_contains_one(_decoded(actual), wanted) for wanted in _listed(expected))


def _contains_one(actual: Any, wanted: Any) -> bool:
    match actual:
        case dict():
            return wanted in [*actual] or any(
                _contains_one(inner, wanted)
                for inner in actual.values()
                if isinstance(inner, str | list)
            )
        case list():
            return wanted in actual
        case str():
            return str(wanted) in actual
        case _:
            return False


def _decoded(actual: Any) -> Any:
    """A list or map that is written as a text, perhaps with the wrong quotes."""
    if isinstance(actual, str):
        try:
            return json.loads(actual.replace("'", '"'))
        except (ValueError, RecursionError):
            return actual
    return actual


def _within(actual: Any, expected: Any) -> bool:
    if isinstance(expected, str):
        return isinstance(actual, str) and actual in expected
    return actual in expected


def _starts(actual: Any, expected: Any) -> bool:
    return isinstance(actual, str) and actual.startswith(str(expected))


def _ends(actual: Any, expected: Any) -> bool:
    return isinstance(actual, str) and actual.endswith(str(expected))


def _ordered(compare: Callable[[Any, Any], bool]) -> Comparison:
    """Numbers by their size where both are some, else texts letter by letter."""

    def ordered(actual: Any, expected: Any) -> bool:
        if actual is None:
            return False
        numbers = _number(actual), _number(expected)
        if None not in numbers:
            return compare(*numbers)
        return compare(str(actual), str(expected))

    return ordered


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_subset(actual: Any, expected: Any) -> bool:
    found = list(actual) if isinstance(actual, list | dict) else [actual]
    return all(one in _listed(expected) for one in found)


def _is_empty(actual: Any, _: Any) -> bool:
    return actual is None or (isinstance(actual, str | list | dict) and not actual)


def _length(compare: Callable[[int, int], bool]) -> Comparison:
    """By characters or members; a single block or a map counts as one."""

    def length(actual: Any, expected: Any) -> bool:
        match actual:
            case dict():
                return compare(1, int(expected))
            case str() | list():
                return compare(len(actual), int(expected))
            case _:
                return False

    return length


def _words(compare: Callable[[int, int], bool]) -> Comparison:
    def words(actual: Any, expected: Any) -> bool:
        return isinstance(actual, str) and compare(len(actual.split()), int(expected))

    return words


def _is_true(actual: Any, _: Any) -> bool:
    return actual is True


def _intersects(actual: Any, expected: Any) -> bool:
    if isinstance(expected, str):
        return isinstance(actual, str | list | dict) and expected in actual
    found = list(actual) if isinstance(actual, list | dict) else [actual]
    return any(one in _listed(expected) for one in found)


def _includes(actual: Any, expected: Any) -> bool:
    found = actual if isinstance(actual, list) else [actual]
    return any(_meets(one, wanted) for one in found for wanted in _listed(expected))


def _meets(actual: Any, wanted: Any) -> bool:
    """Whether a port, a range of ports or `*` has a number of the wanted range in it."""
    if actual == "*":
        return True
    own, asked = range_of(actual), range_of(wanted)
    if own is None or asked is None:
        return False
    return own[0] <= asked[1] and asked[0] <= own[1]


def range_of(value: Any) -> tuple[int, int] | None:
    """A whole number or a range of them: "1000-2000" is (1000, 2000)."""
    first, dash, last = str(value).partition("-")
    try:
        return int(first), int(last if dash else first)
    except ValueError:
        return None


def _lies_in(actual: Any, expected: Any) -> bool:
    if not actual:
        return False
    own = networks_of(actual)
    allowed = networks_of(expected) or ()
    return own is not None and all(
        any(one.version == other.version and one.subnet_of(other) for other in allowed)  # type: ignore[arg-type]
        for one in own
    )


def networks_of(value: Any) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] | None:
    """The networks of a text or a list of texts; None where one is none."""
    try:
        return tuple(ipaddress.ip_network(str(each), strict=False) for each in _listed(value))
    except ValueError:
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _pair(
    name: str, negation: str, compare: Comparison, takes: Takes, partly: Partly = Partly.NOTHING
) -> Iterable[Operator]:
    yield Operator(name, compare, takes, partly)
    yield Operator(
        negation,
        compare,
        takes,
        partly,
        is_negated=True,
        # Of all negations this one alone asks it of every value, in Checkov too.
        asks_all=name == "contains",
    )


def _compared(
    family: str, make: Callable[[Callable[[Any, Any], bool]], Comparison], **kind: Any
) -> Iterable[Operator]:
    equals = make(lambda one, other: one == other)
    if family:
        yield Operator(f"{family}equals", equals, **kind)
        yield Operator(f"{family}not_equals", equals, is_negated=True, **kind)
    yield Operator(f"{family}greater_than", make(lambda one, other: one > other), **kind)
    yield Operator(f"{family}greater_than_or_equal", make(lambda one, other: one >= other), **kind)
    yield Operator(f"{family}less_than", make(lambda one, other: one < other), **kind)
    yield Operator(f"{family}less_than_or_equal", make(lambda one, other: one <= other), **kind)


_ALL: Final = (
    *_pair("equals", "not_equals", _equals, Takes.ANYTHING, Partly.ALIKE),
    *_pair("equals_ignore_case", "not_equals_ignore_case", _equals_ignore_case, Takes.ANYTHING),
    *_pair("regex_match", "not_regex_match", _matches, Takes.PATTERN),
    *_pair("exists", "not_exists", _exists, Takes.NOTHING, Partly.PRESENCE),
    Operator("any", _any, Takes.LIST, Partly.GROWS),
    *_pair("contains", "not_contains", _contains, Takes.ANYTHING, Partly.GROWS),
    *_pair("within", "not_within", _within, Takes.LIST),
    *_pair("starting_with", "not_starting_with", _starts, Takes.TEXT),
    *_pair("ending_with", "not_ending_with", _ends, Takes.TEXT),
    *_compared("", _ordered, takes=Takes.ANYTHING),
    *_pair("subset", "not_subset", _is_subset, Takes.LIST, Partly.SHRINKS),
    *_pair("is_empty", "is_not_empty", _is_empty, Takes.NOTHING, Partly.SHAPE),
    *_compared("length_", _length, takes=Takes.NUMBER, partly=Partly.SHAPE),
    *_pair("is_true", "is_false", _is_true, Takes.NOTHING),
    *_pair("intersects", "not_intersects", _intersects, Takes.ANYTHING, Partly.GROWS),
    *_pair("range_includes", "range_not_includes", _includes, Takes.RANGE, Partly.GROWS),
    *_compared("number_of_words_", _words, takes=Takes.NUMBER),
    *_pair("cidr_range_subset", "cidr_range_not_subset", _lies_in, Takes.NETWORKS, Partly.SHRINKS),
)

OPERATORS: Final[Mapping[str, Operator]] = {each.name: each for each in _ALL}
"""Every operator of attribute conditions by name; each may have `jsonpath_` in front."""
