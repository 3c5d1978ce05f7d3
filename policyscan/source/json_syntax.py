"""`.tf.json` -> the same blocks and bodies, each value read as the HCL it stands for.

Source: developer.hashicorp.com/terraform/language/syntax/json. JSON does not tell an argument
that holds an object from a nested block: it is given as both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from policyscan.source.body import Body, dynamic_block, read_argument
from policyscan.source.comments import OURS
from policyscan.source.expression import expression
from policyscan.source.json_text import json_place, read_json
from policyscan.source.model import Comment
from policyscan.source.scan import inserts
from policyscan.source.syntax import parse_expression
from policyscan.source.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.source.body import Trail
    from policyscan.source.expression import Scope
    from policyscan.source.json_text import Json
    from policyscan.source.model import Dynamic, Expression
    from policyscan.source.place import Place
    from policyscan.source.syntax import Code, Node

_COMMENT: Final = "//"
_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def read_file(text: Text) -> Json:
    """Read a file. Raises SourceError: it is not JSON, or not an object."""
    top = read_json(text)
    if top.pairs is None:
        raise text.error(top.start, "expected an object of block types, such as `resource`")
    return top


def labelled(node: Json, count: int) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The block bodies under a block type, each with its `count` labels."""
    for each in node.objects:
        if count == 0:
            yield (), each
            continue
        for name, inner in each.pairs or ():
            if name != _COMMENT:
                yield from (((name, *rest), body) for rest, body in labelled(inner, count - 1))


def comments(top: Json, blocks: Mapping[int, str]) -> Iterator[Comment]:
    """The values of `//` keys that start with `policyscan:`; Checkov looks for none in JSON.

    `blocks` are the addresses of blocks by where their bodies start.
    """
    if f'"{OURS}' in top.text.content:
        yield from _comments(top, blocks, "")


def _comments(node: Json, blocks: Mapping[int, str], block: str) -> Iterator[Comment]:
    block = blocks.get(node.start, block)
    for name, value in node.parts:
        if name == _COMMENT and str(value.value).startswith(OURS):
            yield Comment(str(value.value), node.text.file, value.span.line, block)
        yield from _comments(value, blocks, block)


def json_body(node: Json, trail: Trail, scope: Scope = frozenset()) -> Body:
    """The body of a block. Raises SourceError: a template in it is not HCL."""
    attributes: dict[str, Expression] = {}
    places: dict[str, Place] = {}
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
            places[name] = json_place(
                value, attributes[name], lambda part: expression(*_parsed(part), scope)
            )
            blocks += [(name, json_body(each, (*trail, name), scope)) for each in value.objects]
    return Body(attributes, tuple(blocks), tuple(dynamic), node.whole, node.head, places)


def _dynamic(node: Json, trail: Trail, scope: Scope) -> Dynamic:
    own = dict(node.pairs or ())
    if "for_each" not in own or "content" not in own:
        raise node.text.error(node.start, "a dynamic block needs for_each and content")
    iterator = str(own["iterator"].value) if "iterator" in own else trail[-1]
    for_each = _argument(own["for_each"], (*trail, "for_each"), scope)
    content = json_body(own["content"], trail, scope | {iterator})
    return dynamic_block(node.whole, for_each, iterator, content)


def _argument(node: Json, trail: Trail, scope: Scope) -> Expression:
    return replace(read_argument(*_parsed(node), trail, scope), span=node.span)


def _parsed(node: Json) -> tuple[Code, Node]:
    place = node.text
    return parse_expression(Text(place.root, place.file, _hcl(node), node.span.line))


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
