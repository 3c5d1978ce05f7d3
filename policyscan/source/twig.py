"""What a masked text of HCL is split into, and the nodes of a tree made of it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""[ \t\r]*(?:
      (?P<name>[a-zA-Z_][a-zA-Z0-9_-]*)
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<string>"_*")
    | (?P<line>\n[ \t\r\n]*)
    | (?P<sign>==|!=|<=|>=|=>|&&|\|\||\.\.\.|\[\*\]|\.\*|[-+*/%<>!?:=,.(){}\[\]])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_LADDER: Final = ("||", "&&", "== !=", "< > <= >=", "+ -", "* / %")
STRENGTH: Final = {sign: step for step, signs in enumerate(_LADDER) for sign in signs.split()}
"""How closely each binary operator binds."""
_ONWARD: Final = STRENGTH.keys() - {"-"} | {"?"}
"""What carries an expression on when it comes after a line end."""


class Twig:
    """A node of the tree; like those of python-hcl2, but without tokens."""

    __slots__ = ("children", "data", "end_pos", "start_pos")

    def __init__(self, data: str, start: int, end: int, *children: Twig) -> None:
        self.data = data
        self.start_pos = start
        self.end_pos = end
        self.children = children

    @property
    def meta(self) -> Twig:
        """Where it stands."""
        return self


class Unsure(Exception):  # noqa: N818 - nothing is wrong: somebody else has to read it
    """What python-hcl2 makes of it is for python-hcl2 to say."""


class Token(NamedTuple):
    """`kind` is what a sign says; else `name`, `number`, `string`, `line` or `end`."""

    kind: str
    start: int
    end: int


def split(masked: str) -> list[Token]:
    """The tokens of a masked text, the last of them its end.

    Raises Unsure: something else stands in it, or an expression goes on behind a line end, which
    is python-hcl2's to see.
    """
    found: list[Token] = []
    position = 0
    while match := _TOKEN.match(masked, position):
        sort = str(match.lastgroup)
        start, position = match.span(sort)
        kind = match[sort] if sort == "sign" else sort
        if kind in _ONWARD and found and found[-1].kind == "line":
            raise Unsure
        found.append(Token(kind, start, position))
        if kind == "end":
            return found
    raise Unsure
