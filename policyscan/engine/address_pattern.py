"""Patterns of addresses, which know what an instance key is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from msgspec import Struct

from policyscan.engine.redact import is_withheld
from policyscan.errors import ConfigError

_STEP: Final = re.compile(
    r"""(?P<name>[^.\[\]"\\]+)
        (?P<key>(?:\[(?:\*|\d+|"(?:[^"\\]|\\.)*")\])?)
        (?P<end>\.(?!\Z)|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_CHARACTER: Final = re.compile(r"\\.|.", re.DOTALL)
"""What stands in an address for a secret: see `Redaction.address`."""

P = TypeVar("P")
S = TypeVar("S")


class Step(NamedTuple):
    """A part of an address between dots: a name, and an instance key as written, "" for none."""

    name: str
    key: str


Steps = tuple[Step, ...]
_ANY: Final = Step("*", "")
_STAR: Final = "*"
_LITERAL_STAR: Final = r"\*"


def steps_of(address: str) -> Steps:
    """An address taken apart; nothing where it is none."""
    found: list[Step] = []
    position = 0
    while match := _STEP.match(address, position):
        found.append(Step(match["name"], match["key"]))
        position = match.end()
    return tuple(found) if position == len(address) else ()


class AddressPattern(Struct, frozen=True):
    """A pattern of addresses, read.

    `*` in a name stands for any letters, and as a whole step for any number of steps. A step
    without a key matches every instance, as `terraform plan -target` takes it; `[*]` matches every
    key, and `*` between quotes any letters of one. All else is literal, brackets included.
    """

    text: str
    steps: Steps

    def matches(self, address: Steps) -> bool:
        """Whether an address is meant."""
        if _ANY in self.steps:
            return _fits(self.steps, address, _ANY, _is_step)
        return len(self.steps) == len(address) and all(map(_is_step, self.steps, address))


def address_pattern(text: str) -> AddressPattern:
    """Read a pattern. Raises ConfigError: it is none, in words that follow what it is called."""
    steps = steps_of(text)
    if not steps:
        raise ConfigError(
            f"{text!r} is no address, such as aws_s3_bucket.logs, "
            'module.net["a"].aws_subnet.this[0] or aws_s3_bucket.logs[*]'
        )
    if any(is_withheld(step.key) for step in steps):
        raise ConfigError(
            "(sensitive 1) and the like stand for secret instance keys, and for other ones in "
            "another plan; write [*] for every instance"
        )
    return AddressPattern(text, steps)


def literal(address: str) -> str:
    """The pattern of this very address: a `*` in an instance key is no wildcard."""
    return ".".join(
        step.name + step.key.replace(_STAR, _LITERAL_STAR) for step in steps_of(address)
    )


def _is_step(pattern: Step, step: Step) -> bool:
    is_named = pattern.name == step.name or (
        _STAR in pattern.name and _fits(pattern.name, step.name, _STAR, str.__eq__)
    )
    return is_named and (pattern.key in {"", step.key} or _is_key(pattern.key, step.key))


def _is_key(pattern: str, key: str) -> bool:
    if pattern == "[*]" or not key:
        return bool(key)
    if _STAR not in pattern or not key.startswith('["'):
        return False
    if is_withheld(key):
        # To match a part of what is hidden would tell it, letter by letter.
        return pattern == '["*"]'
    return _fits(_characters(pattern), _characters(key), _STAR, _is_character)


def _characters(key: str) -> list[str]:
    return _CHARACTER.findall(key)


def _is_character(pattern: str, character: str) -> bool:
    return character == (_STAR if pattern == _LITERAL_STAR else pattern)


def _fits(
    pattern: Sequence[P], subject: Sequence[S], wildcard: P, is_one: Callable[[P, S], bool]
) -> bool:
    """Whether a pattern, in which a wildcard stands for any number, is all of a subject.

    A wildcard first takes nothing and, when what follows it fits no more, one more: only the last
    one has to be tried again, so this takes no more than the product of the two lengths.
    """
    at = here = 0
    star, taken = -1, 0
    while here < len(subject):
        if at < len(pattern) and pattern[at] == wildcard:
            star, taken = at, here
            at += 1
        elif at < len(pattern) and is_one(pattern[at], subject[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            taken += 1
            at, here = star + 1, taken
        else:
            return False
    return all(each == wildcard for each in pattern[at:])
