"""Syntax trees of expressions -> what they refer to, and what they say when they are constant."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from policyscan.source.model import (
    MISSING,
    Conditional,
    Deferred,
    Expression,
    Reference,
    Shape,
    Splat,
)
from policyscan.source.reference import Step, reference
from policyscan.source.scan import is_name, unquoted
from policyscan.source.syntax import branches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.source.syntax import Code, Node

Scope = frozenset[str]

_CHAINS: Final = frozenset(
    {"get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term"}
)
_SHAPES: Final = {
    "int_lit": Shape.LITERAL,
    "float_lit": Shape.LITERAL,
    "literal_value": Shape.LITERAL,
    "identifier": Shape.REFERENCE,
    "function_call": Shape.CALL,
    "tuple": Shape.COLLECTION,
    "object": Shape.COLLECTION,
    "for_tuple_expr": Shape.FOR,
    "for_object_expr": Shape.FOR,
    "conditional": Shape.CONDITIONAL,
}
# Python refuses to read longer numbers; nobody writes half as long ones.
_MOST_DIGITS: Final = 4_000
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def expression(code: Code, node: Node, scope: Scope = frozenset()) -> Expression:
    """Describe one expression; names in `scope` are iterators, so no references.

    Raises SourceError: a template in it holds something that is not HCL.
    """
    inner, core = bare(code, node)
    literal = constant(inner, core)
    return Expression(
        text=code.written(node),
        references=references(code, node, scope),
        literal=literal,
        shape=_shape(inner, core, literal),
        span=code.span(node),
        conditional=_conditional(inner, core, scope),
        keyed=Deferred(lambda: _keyed(code, node, scope)),
    )


def bare(code: Code, node: Node) -> tuple[Code, Node]:
    """The expression inside parentheses and inside a string that is one `${ }`."""
    while True:
        if node.data == "expr_term":
            node = branches(node)[0]
        elif node.data == "string" and (lone := code.lone(node)):
            code, node = lone
        else:
            return code, node


def _shape(code: Code, core: Node, literal: Any) -> Shape:
    if core.data == "string":
        return Shape.TEMPLATE if code.pieces(core) else Shape.LITERAL
    if core.data in _CHAINS:
        _, base, _ = _traversal(code, core, frozenset())
        return Shape.REFERENCE if base.data == "identifier" else Shape.OPERATION
    if core.data == "unary_op" and literal is not MISSING:
        return Shape.LITERAL
    return _SHAPES.get(core.data, Shape.OPERATION)


def _conditional(code: Code, core: Node, scope: Scope) -> Conditional | None:
    if core.data != "conditional":
        return None
    condition, if_true, if_false = (expression(code, part, scope) for part in branches(core))
    return Conditional(condition, if_true, if_false)


def constant(code: Code, node: Node) -> Any:
    """The value of a constant expression as JSON would have it, MISSING for any other."""
    code, node = bare(code, node)
    written = code.written(node)
    match node.data:
        case "int_lit" if len(written) <= _MOST_DIGITS:
            return int(written)
        case "float_lit":
            return float(written)
        case "literal_value":
            return _CONSTANTS[written]
        case "string" if not code.pieces(node):
            return _string(written)
        case "tuple":
            values = [constant(code, each) for each in branches(node)]
            return MISSING if MISSING in values else values
        case "object":
            pairs = [
                (key(code, each), constant(code, branches(each)[-1])) for each in branches(node)
            ]
            return MISSING if any(MISSING in pair for pair in pairs) else dict(pairs)
        case "unary_op" if written.startswith("-"):
            value = constant(code, branches(node)[0])
            return -value if isinstance(value, int | float) else MISSING
    return MISSING


def key(code: Code, pair: Node) -> Any:
    """The key of `key = value` in an object constructor; MISSING when it is computed."""
    node = branches(branches(pair)[0])[0]
    written = code.written(node)
    if is_name(written):
        return written
    value = constant(code, node)
    return value if value is MISSING or isinstance(value, str) else written


def _string(written: str) -> str:
    # Terraform compares strings in normal form C, and so does the plan.
    if not written.startswith("<<"):
        return unicodedata.normalize("NFC", unquoted(written))
    lines = written.splitlines(keepends=True)
    body = lines[1:-1]
    if lines[0].startswith("<<-"):
        filled = [line for line in body if line.strip()]
        margin = min((len(line) - len(line.lstrip()) for line in filled), default=0)
        body = [line[margin:] if line.strip() else line for line in body]
    return unicodedata.normalize("NFC", "".join(body).replace("$${", "${").replace("%%{", "%{"))


def references(code: Code, node: Node, scope: Scope = frozenset()) -> tuple[Reference, ...]:
    """Every traversal of an expression, in order and once each."""
    found: dict[str, Reference] = {}
    for inner, part, names in _walk(code, node, scope):
        if part.data in _CHAINS:
            origin, base, steps = _traversal(inner, part, names)
            root = origin.written(base)
            if base.data == "identifier" and root not in names and (one := reference(root, steps)):
                # Spans tell equal traversals apart, their text does not.
                found.setdefault(str(one), one)
    return tuple(found.values())


def _keyed(code: Code, node: Node, scope: Scope) -> Mapping[str, tuple[Expression, ...]]:
    found: dict[str, list[Expression]] = {}
    for inner, part, names in _walk(code, node, scope):
        if part.data == "object_elem" and isinstance(name := key(inner, part), str):
            found.setdefault(name, []).append(expression(inner, branches(part)[-1], names))
    return {name: tuple(values) for name, values in found.items()}


def _walk(code: Code, node: Node, scope: Scope) -> Iterator[tuple[Code, Node, Scope]]:
    """Every part of an expression in order of writing, each with the iterators it may use."""
    # A stack of our own: a sum of a thousand terms is a tree a thousand deep.
    todo = [(code, node, scope)]
    while todo:
        code, node, scope = todo.pop()
        yield code, node, scope
        todo += reversed(list(_parts(code, node, scope)))


def _parts(code: Code, node: Node, scope: Scope) -> Iterator[tuple[Code, Node, Scope]]:
    if node.data in _CHAINS:
        yield from _chain_parts(code, node, scope)
    elif node.data == "string":
        yield from _template_parts(code, node, scope)
    elif node.data in {"for_tuple_expr", "for_object_expr"}:
        *names, collection = branches(branches(node)[0])
        yield code, collection, scope
        inside = scope | {code.written(name) for name in names}
        yield from ((code, part, inside) for part in branches(node)[1:])
    else:
        yield from ((code, part, scope) for part in branches(node))


def _chain_parts(code: Code, node: Node, scope: Scope) -> Iterator[tuple[Code, Node, Scope]]:
    """What is evaluated inside a traversal: the start when it is no name, and the indexes."""
    indexes: list[tuple[Code, Node, Scope]] = []
    while node.data in _CHAINS:
        base, tail = branches(node)
        found = [each for each in (tail, *branches(tail)) if each.data == "braces_index"]
        indexes[:0] = [(code, branches(each)[0], scope) for each in found]
        code, node = bare(code, base)
    if node.data != "identifier":
        yield code, node, scope
    yield from indexes


def _template_parts(code: Code, node: Node, scope: Scope) -> Iterator[tuple[Code, Node, Scope]]:
    scopes = [scope]
    for piece in code.pieces(node):
        if piece.expression is not None:
            yield (*piece.expression, scopes[-1])
        if piece.is_opening:
            scopes.append(scopes[-1] | set(piece.opens))
        elif piece.is_closing and len(scopes) > 1:
            scopes.pop()


def _traversal(code: Code, node: Node, scope: Scope) -> tuple[Code, Node, list[Step]]:
    """Where a traversal starts, and the steps it takes from there."""
    steps: list[Step] = []
    while node.data in _CHAINS:
        base, tail = branches(node)
        steps[:0] = _steps(code, tail, scope)
        code, node = bare(code, base)
    return code, node, steps


def _steps(code: Code, tail: Node, scope: Scope) -> list[Step]:
    match tail.data:
        case "get_attr":
            return [Step(name=code.written(branches(tail)[0]))]
        case "short_index":
            return [Step(index=int(code.written(tail).lstrip(". ")))]
        case "braces_index":
            inner = branches(tail)[0]
            value = constant(code, inner)
            is_key = isinstance(value, str | int) and not isinstance(value, bool)
            return [Step(index=value if is_key else expression(code, inner, scope))]
    splat = [Step(index=Splat.ALL)]
    return splat + [step for each in branches(tail) for step in _steps(code, each, scope)]
