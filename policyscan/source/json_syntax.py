"""`.tf.json` -> the same blocks and bodies, each value read as the HCL it stands for.

Source: developer.hashicorp.com/terraform/language/syntax/json. JSON does not tell an argument
that holds an object from a nested block: it is given as both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from policyscan.source.body import Body, dynamic_block, read_argument
from policyscan.source.model import Comment
from policyscan.source.scan import inserts
from policyscan.source.syntax import parse_expression
from policyscan.source.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyscan.source.body import Trail
    from policyscan.source.expression import Scope
    from policyscan.source.model import Dynamic, Expression, Span

_SPACE: Final = re.compile(r"[\s,:]*")
_COMMENT: Final = "//"
_DECODER: Final = json.JSONDecoder()
_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value with its place: members of an object as pairs, elements of an array."""

    text: Text
    start: int
    end: int
    value: Any

    @property
    def span(self) -> Span:
        """The lines of the value."""
        return self.text.span(self.start, self.end)

    @property
    def pairs(self) -> tuple[tuple[str, Json], ...] | None:
        """The members of an object, None for anything else."""
        return self.value if self.text.content[self.start] == "{" else None

    @property
    def objects(self) -> tuple[Json, ...]:
        """The object itself, or the objects of the array, or nothing."""
        if self.pairs is not None:
            return (self,)
        is_array = self.text.content[self.start] == "["
        return tuple(each for each in self.value if each.pairs is not None) if is_array else ()


def read_json(text: Text) -> Json:
    """Read a file. Raises SourceError: it is not JSON, or not an object."""
    try:
        json.loads(text.content)
    except json.JSONDecodeError as error:
        raise text.error(error.pos, f"is not JSON: {error.msg}; correct it") from error
    except ValueError as error:
        raise text.error(0, "holds a number too long to read; write it as a string") from error
    top = _value(text, _skip(text, 0))
    if top.pairs is None:
        raise text.error(top.start, "expected an object of block types, such as `resource`")
    return top


def _skip(text: Text, position: int) -> int:
    match = _SPACE.match(text.content, position)
    return position if match is None else match.end()


def _value(text: Text, start: int) -> Json:
    """The value at a position of a text that is known to be JSON."""
    if text.content[start] == "[":
        elements: list[Json] = []
        position = _skip(text, start + 1)
        while text.content[position] != "]":
            elements.append(_value(text, position))
            position = _skip(text, elements[-1].end)
        return Json(text, start, position + 1, tuple(elements))
    if text.content[start] == "{":
        pairs: list[tuple[str, Json]] = []
        position = _skip(text, start + 1)
        while text.content[position] != "}":
            name, position = _DECODER.raw_decode(text.content, position)
            pairs.append((name, _value(text, _skip(text, position))))
            position = _skip(text, pairs[-1][1].end)
        return Json(text, start, position + 1, tuple(pairs))
    value, end = _DECODER.raw_decode(text.content, start)
    return Json(text, start, end, value)


def labelled(node: Json, count: int) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The block bodies under a block type, each with its `count` labels."""
    for each in node.objects:
        if count == 0:
            yield (), each
            continue
        for name, inner in each.pairs or ():
            if name != _COMMENT:
                yield from (((name, *rest), body) for rest, body in labelled(inner, count - 1))


def comments(node: Json) -> Iterator[Comment]:
    """The values of `//` keys that start with `policyscan:`."""
    for name, value in node.pairs or ():
        if name == _COMMENT and str(value.value).startswith("policyscan:"):
            yield Comment(str(value.value), node.text.file, value.span.line)
        yield from comments(value)
    if node.pairs is None and isinstance(node.value, tuple):
        for each in node.value:
            yield from comments(each)


def json_body(node: Json, trail: Trail, scope: Scope = frozenset()) -> Body:
    """The body of a block. Raises SourceError: a template in it is not HCL."""
    attributes: dict[str, Expression] = {}
    blocks: list[tuple[str, Body]] = []
    dynamic: list[tuple[str, Dynamic]] = []
    for name, value in node.pairs or ():
        if name == "dynamic":
            dynamic += [
                (labels[0], _dynamic(each, (*trail, *labels), scope))
                for labels, each in labelled(value, 1)
            ]
        elif name != _COMMENT:
            attributes[name] = _argument(value, (*trail, name), scope)
            blocks += [(name, json_body(each, (*trail, name), scope)) for each in value.objects]
    return Body(attributes, tuple(blocks), tuple(dynamic))


def _dynamic(node: Json, trail: Trail, scope: Scope) -> Dynamic:
    own = dict(node.pairs or ())
    if "for_each" not in own or "content" not in own:
        raise node.text.error(node.start, "a dynamic block needs for_each and content")
    iterator = str(own["iterator"].value) if "iterator" in own else trail[-1]
    for_each = _argument(own["for_each"], (*trail, "for_each"), scope)
    content = json_body(own["content"], trail, scope | {iterator})
    return dynamic_block(node.span, for_each, iterator, content)


def _argument(node: Json, trail: Trail, scope: Scope) -> Expression:
    place = node.text
    written = Text(place.root, place.file, _hcl(node), node.span.line)
    return replace(read_argument(*parse_expression(written), trail, scope), span=node.span)


def _hcl(node: Json) -> str:
    """The HCL expression a JSON value stands for: each string in it is a template."""
    if node.pairs is not None:
        pairs = (f"{_template(name, node)} = {_hcl(value)}" for name, value in node.pairs)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(node.value, tuple):
        return f"[{', '.join(map(_hcl, node.value))}]"
    if isinstance(node.value, str):
        return _template(node.value, node)
    return node.text.content[node.start : node.end]


def _template(value: str, node: Json) -> str:
    text = Text(node.text.root, node.text.file, value, node.span.line)
    written: list[str] = []
    previous = 0
    for insert in inserts(text, 0, len(value)):
        written.append(value[previous : insert.start].translate(_ESCAPES))
        written.append(value[insert.start : insert.end])
        previous = insert.end
    return f'"{"".join(written)}{value[previous:].translate(_ESCAPES)}"'
