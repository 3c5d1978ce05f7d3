"""IAM policy documents: their statements, and whether one covers an action and a resource.

What other resources complete is a Template, and reads as "anything" unless it is known what the
missing part will look like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from policyscan.plan import DERIVED, Taken, Template, decode_json

Text = str | Template
OPEN = Template((DERIVED,))
"""A text nobody can tell before apply."""


class Wanted(Struct, frozen=True):
    """What an action is to be done on: an ARN with wildcards, and the instance it belongs to.

    Example: Wanted("arn:*:ecr:*:*:repository/app", "aws_ecr_repository.app").
    """

    arn: str
    address: str = ""


REMEMBERED = 4096
"""How many answers are kept; policies of one platform are about the same few actions."""
_COLONS = 5
"""Those of an ARN, before its resource, which may hold more of them."""
_WILD = re.compile("[*?]")
ACCOUNT = Wanted("*")
"""What actions without a resource of their own are done on: only a pattern of all covers it."""


class Condition(Struct, frozen=True):
    """One test of a statement: `StringEquals`, `aws:SourceAccount`, its values."""

    operator: str
    key: str
    values: tuple[Text, ...]


class Statement(Struct, frozen=True):
    """One statement; `excepts_actions` and `excepts_resources` are NotAction and NotResource.

    `principals` are (kind, identifier) such as ("Service", "ecs-tasks.amazonaws.com"), or
    ("*", "*"); with `excepts_principals` they stand in NotPrincipal. `place` is the block it is
    written in, "" where the document is one text.
    """

    allows: bool = True
    actions: tuple[Text, ...] = ()
    resources: tuple[Text, ...] = ()
    principals: tuple[tuple[str, Text], ...] = ()
    conditions: tuple[Condition, ...] = ()
    excepts_actions: bool = False
    excepts_resources: bool = False
    excepts_principals: bool = False
    place: str = ""

    def names_action(self, action: str) -> bool | None:
        """Whether an action falls under it; None when only apply tells."""
        answers = [_names(each, action) for each in self.actions]
        found = True if True in answers else (None if None in answers else False)
        return found if not self.excepts_actions else (None if found is None else not found)

    def fits(self, kind: str, principal: str) -> bool | None:
        """Whether a principal is among those it names; None when only apply tells."""
        named = [each for own, each in self.principals if own == kind]
        if ("*", "*") in self.principals or principal in named:
            return not self.excepts_principals
        if any(isinstance(each, Template) for each in named):
            return None
        return self.excepts_principals

    def may_cover(self, wanted: Wanted, arn_of: ArnOf) -> bool:
        """Whether a resource may fall under it, as far as both are known."""
        if self.excepts_resources:
            return not any(_covers(each, wanted) for each in self.resources)
        return any(_may_cover(each, wanted, arn_of) for each in self.resources)

    def surely_covers(self, wanted: Wanted) -> bool:
        """Whether a resource falls under it whatever apply brings."""
        if self.excepts_resources:
            return False
        return any(_covers(each, wanted) for each in self.resources)


ArnOf = Callable[[str, str], str]
"""(address, attribute) -> the ARN it will hold, with wildcards; "*" when nothing is known."""


class Document(Struct, frozen=True):
    """A policy's statements; `unresolved` says why there may be others, or what they hold."""

    statements: tuple[Statement, ...] = ()
    unresolved: tuple[str, ...] = ()
    address: str = ""

    def lets_in(self, kind: str, principal: str) -> tuple[bool | None, str]:
        """Whether a trust policy lets a principal take its role on, and why.

        None when only apply tells, or when a condition nobody here can judge decides.
        """
        allowed, open_for = False, next(iter(self.unresolved), "")
        for statement in self.statements:
            if statement.names_action("sts:AssumeRole") is False:
                continue
            fits = statement.fits(kind, principal)
            others = [one.key for one in statement.conditions if one.key.lower() not in _OF_CALLER]
            if fits and not statement.allows and not statement.conditions:
                return False, f"a statement denies {principal}"
            if fits and statement.allows and not others:
                allowed = True
            elif fits is not False and statement.allows:
                late = "whom it lets in is known only after apply: apply first what that waits for"
                known = f"make sure that ECS meets its condition on {', '.join(others)}"
                open_for = open_for or (known if others else late)
        if allowed:
            return True, f"it trusts {principal}"
        if open_for:
            return None, open_for
        named = dict.fromkeys(
            str(each)
            for one in self.statements
            if one.allows and not one.excepts_principals and one.names_action("sts:AssumeRole")
            for _, each in one.principals
        )
        if named:
            return False, f"its trust policy lets in {', '.join(named)}, not {principal}"
        return False, "its trust policy lets nobody take it on by sts:AssumeRole"


_OF_CALLER = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid"})
"""Condition keys that ECS fills in when it takes on a role for a task."""


@lru_cache(maxsize=REMEMBERED)
def read_document(text: Text) -> tuple[Statement, ...]:
    """The statements of a policy document.

    Raises ValueError: it is no JSON, or no policy.
    Example: `{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`.
    """
    decoded = decode_json(text)
    if not isinstance(decoded, dict):
        raise ValueError("a policy document is a JSON object")  # noqa: TRY004 - a wrong text
    return tuple(read_statement(each) for each in _listed(decoded.get("Statement")))


def read_statement(entry: Any) -> Statement:
    """A statement as decoded from JSON. Raises ValueError: it is none."""
    if not isinstance(entry, Mapping):
        raise ValueError("a statement is a JSON object")  # noqa: TRY004 - a wrong text
    return Statement(
        allows=entry.get("Effect", "Allow") != "Deny",
        actions=_texts(entry.get("NotAction", entry.get("Action"))),
        resources=_texts(entry.get("NotResource", entry.get("Resource"))),
        principals=tuple(_principals(entry.get("NotPrincipal", entry.get("Principal")))),
        conditions=tuple(_conditions(entry.get("Condition"))),
        excepts_actions="NotAction" in entry,
        excepts_resources="NotResource" in entry,
        excepts_principals="NotPrincipal" in entry,
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[Text, ...]:
    return tuple(each if isinstance(each, Template) else str(each) for each in _listed(value))


def _principals(value: Any) -> Iterator[tuple[str, Text]]:
    if isinstance(value, Mapping):
        for kind, named in value.items():
            yield from ((str(kind), each) for each in _texts(named))
    else:
        yield from (("*", each) for each in _texts(value))


def _conditions(value: Any) -> Iterator[Condition]:
    for operator, tests in value.items() if isinstance(value, Mapping) else ():
        for key, values in tests.items() if isinstance(tests, Mapping) else ():
            yield Condition(str(operator), str(key), _texts(values))


@lru_cache(maxsize=REMEMBERED)
def _names(pattern: Text, action: str) -> bool | None:
    """Actions are told without regard to case."""
    if isinstance(pattern, str):
        return matches(pattern.lower(), action.lower())
    if pattern.parts[0] == DERIVED:
        return None
    return None if overlap(_glob(pattern, lambda _, __: "*").lower(), action.lower()) else False


def _covers(pattern: Text, wanted: Wanted) -> bool:
    """Whether all that is wanted falls under a pattern, whatever apply brings."""
    if isinstance(pattern, str):
        return matches(pattern, wanted.arn)
    match pattern.parts:
        case (Taken(attribute="arn", is_whole=True) as whole,):
            return whole.address == wanted.address
    return False


def _may_cover(pattern: Text, wanted: Wanted, arn_of: ArnOf) -> bool:
    if isinstance(pattern, str):
        return pattern == "*" if wanted == ACCOUNT else _arns_overlap(pattern, wanted.arn)
    first = pattern.parts[0]
    if first == DERIVED:
        # Of what comes together beyond recognition, the other parts say nothing.
        return True
    if wanted == ACCOUNT:
        return False
    if isinstance(first, Taken) and first.address and wanted.address:
        # Two instances of one type have two ARNs, even while neither is known.
        is_other = first.address != wanted.address and _type(first.address) == _type(wanted.address)
        if is_other and first.attribute in {"arn", "id"}:
            return False
    return _arns_overlap(_glob(pattern, arn_of), wanted.arn)


def _arns_overlap(one: str, other: str) -> bool:
    """Whether two patterns of ARNs overlap; a wildcard stays within its part of an ARN."""
    parts, others = one.split(":", _COLONS), other.split(":", _COLONS)
    if len(parts) != len(others) or len(parts) <= _COLONS:
        return overlap(one, other)
    return all(map(overlap, parts, others))


def _type(address: str) -> str:
    """The type in an address: `aws_s3_bucket` of `module.a["b.c"].aws_s3_bucket.this`."""
    return re.sub(r"\[[^\]]*\]", "", address).split(".")[-2]


def _glob(template: Template, arn_of: ArnOf) -> str:
    def fill(part: Taken) -> str:
        return arn_of(part.address, part.attribute) if part.is_whole and part.address else "*"

    return template.filled(fill)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` and `?` matches a text; a `*` of the text only meets another."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    kinds = {"*": ".*", "?": "[^*]"}
    return re.compile("".join(kinds.get(each, re.escape(each)) for each in pattern), re.DOTALL)


@lru_cache(maxsize=REMEMBERED)
def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    for _ in ("begin", "end"):
        # What both are without a wildcard is alike, or no text can be both.
        plain = min(len(_WILD.split(each, 1)[0]) for each in (one, other))
        if one[:plain] != other[:plain]:
            return False
        one, other = one[plain:][::-1], other[plain:][::-1]
    if "*" in {one, other}:
        return True
    # reached: the lengths of `other` that may be consumed by what of `one` was read so far.
    reached = _skip_stars({0}, other)
    for letter in one:
        if letter == "*":
            reached = set(range(min(reached), len(other) + 1)) if reached else set()
            continue
        following = set()
        for at in reached:
            if at < len(other):
                here = other[at]
                if here == "*":
                    following.add(at)
                elif here in {letter, "?"} or letter == "?":
                    following.add(at + 1)
        reached = _skip_stars(following, other)
    return len(other) in reached


def _skip_stars(reached: Iterable[int], other: str) -> set[int]:
    found = set()
    for at in reached:
        end = at
        found.add(end)
        while end < len(other) and other[end] == "*":
            end += 1
            found.add(end)
    return found
