"""Tokens: made-up values that a replay plans where a provider would leave a value unknown.

A token is a word no configuration holds, one for each attribute of each instance. Wherever it
shows in the replayed plan, Terraform has carried that attribute there. It survives `lower`,
`split`, `join`, `format` and the like; `upper` is undone on reading.

Replays come in two dialects. Their tokens differ in length and have no letter in common, and the
forms they are put in differ wherever real values may: what is the same in both holds nothing that
was cut out of a token, hashed or counted. (A comparison can still come out the same in both.)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from msgspec import Struct


class Spelling(NamedTuple):
    """What the tokens of a dialect look like, and the forms they are put in.

    A token is `start`, `size` of `letters`, `end`. `parts`: how many the last part of an ARN or of
    a URL has.
    """

    start: str
    letters: str
    size: int
    end: str
    partition: str
    domain: str
    parts: int


class Dialect(Enum):
    """The two ways to spell tokens."""

    FIRST = Spelling("mfj", "abcdefghijkl", 9, "m", "aws", "amazonaws.com", 1)
    SECOND = Spelling("zqs", "yxwvutsrqpon", 12, "z", "aws-cn", "amazonaws.com.cn", 2)


class Issue(Struct, frozen=True):
    """Where a token was given out: an object by its number, its type, the attribute.

    The plugin protocol names no addresses. `path` is dotted and without indexes.
    """

    number: int
    type: str
    path: str


_TOKEN = "|".join(
    f"{each.start}[{each.letters}]{{{each.size}}}{each.end}"
    for each in (dialect.value for dialect in Dialect)
)
_SHOWN = re.compile(
    rf"arn:aws(?:-cn)?:(?P<arn>{_TOKEN}):(?P=arn):(?P=arn):(?P=arn)(?:/(?P=arn))+"
    rf"|(?P<url>{_TOKEN})\.dkr\.ecr\.(?P=url)\.amazonaws\.com(?:\.cn)?(?:/(?P=url))*"
    rf'|\{{\\*"(?P<json>{_TOKEN})\\*":\\*"(?P=json)\\*"\}}'
    rf"|(?P<bare>{_TOKEN})(?:/(?P=bare))*",
    re.IGNORECASE,
)


def make_token(dialect: Dialect, seed: str) -> str:
    """The token of a seed. Of two seeds, the dialects sort the tokens in opposite orders."""
    spelling = dialect.value
    digest = hashlib.blake2b(seed.encode(), digest_size=32).digest()[: spelling.size]
    word = "".join(spelling.letters[byte % len(spelling.letters)] for byte in digest)
    return spelling.start + word + spelling.end


def shaped(token: str, path: str) -> str:
    """A value of the form that readers of the attribute count on, all made of the token.

    Every part that `split` can cut out of it is the token again, and never a made-up fact.
    """
    name = path.rpartition(".")[2]
    spelling = next(each.value for each in Dialect if token.startswith(each.value.start))
    last = "/".join([token] * (spelling.parts + 1))
    if name == "arn" or name.endswith("_arn"):
        return f"arn:{spelling.partition}:{token}:{token}:{token}:{last}"
    if name == "repository_url":
        return f"{token}.dkr.ecr.{token}.{spelling.domain}" + f"/{token}" * spelling.parts
    if name in {"json", "policy"} or name.endswith("_json"):
        return f'{{"{token}":"{token}"}}'
    return token


def find_tokens(text: str) -> Iterator[tuple[str, str, str]]:
    """Split a text at tokens: (the text before it, the token, the form it stands in).

    A form is all or a piece of what `shaped` made, in any case of letters. The last one has no
    token.
    """
    position = 0
    for match in _SHOWN.finditer(text):
        token = next(found for found in match.groups() if found)
        yield text[position : match.start()], token.lower(), match[0]
        position = match.end()
    yield text[position:], "", ""
