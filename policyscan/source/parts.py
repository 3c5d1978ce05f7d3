"""The elements and members that an argument writes out, and where each of them stands."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from policyscan.errors import SourceError
from policyscan.source.expression import bare, expression, key, references
from policyscan.source.json_text import json_place, read_json
from policyscan.source.model import MISSING, Deferred, Expression, Shape
from policyscan.source.place import Place
from policyscan.source.scan import inserts
from policyscan.source.syntax import branches, piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyscan.source.json_text import Json
    from policyscan.source.syntax import Code, Node
    from policyscan.source.text import Text

# Functions whose result has the parts of what they are given, under the same names and numbers.
_SAME_PARTS: Final = frozenset({"jsonencode", "merge", "tolist", "tomap"})
_INSIDE_LINE: Final = re.compile(r"[^\n]")


def written_place(code: Code, node: Node, value: Node, described: Expression) -> Place:
    """The place of a node that gives a value: an argument, a member or an element."""
    span = code.span(node)
    return Place(span, span, Deferred(lambda: dict(_parts(code, value))), described)


def _parts(code: Code, node: Node) -> Iterator[tuple[str | int, Place]]:
    """The parts of a collection by name or number, those of a later object over an earlier."""
    code, core = bare(code, node)
    below = branches(core)
    if core.data == "tuple":
        for number, element in enumerate(below):
            yield number, written_place(code, element, element, expression(code, element))
    elif core.data == "object":
        for pair in below:
            if isinstance(name := key(code, pair), str):
                value = branches(pair)[-1]
                yield name, written_place(code, pair, value, expression(code, value))
    elif core.data == "function_call" and code.written(below[0]) in _SAME_PARTS:
        for argument in chain.from_iterable(map(branches, below[1:])):
            yield from _parts(code, argument)
    elif core.data == "string" and (text := code.heredoc(core)):
        yield from _of_json(text)


def _of_json(text: Text) -> Iterator[tuple[str | int, Place]]:
    """The parts of a heredoc that is JSON once its `${ }` are filled in, nothing of any other."""
    written = text.content
    filled: list[str] = []
    previous = 0
    for insert in inserts(text, 0, len(written)):
        # A digit is good JSON inside a string and out of it.
        ones = _INSIDE_LINE.sub("1", written[insert.start : insert.end])
        filled += [written[previous : insert.start], ones]
        previous = insert.end
    try:
        top = read_json(replace(text, content="".join([*filled, written[previous:]])))
    except SourceError:
        return
    whole = json_place(top, _described(top, text), lambda node: _described(node, text))
    yield from whole.inside.items()


def _described(node: Json, text: Text) -> Expression:
    """What a value in a heredoc says, with what was written there."""
    found = [piece(each).expression for each in inserts(text, node.start, node.end)]
    named = chain.from_iterable(references(*each) for each in found if each is not None)
    is_constant = not found and not node.parts
    return Expression(
        text.content[node.start : node.end],
        tuple(dict.fromkeys(named)),
        node.value if is_constant else MISSING,
        Shape.TEMPLATE if found else Shape.LITERAL,
        node.span,
    )
