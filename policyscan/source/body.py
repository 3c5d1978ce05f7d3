"""The inside of a block: arguments and nested blocks, and how an override changes them.

Source: developer.hashicorp.com/terraform/language/files/override, "Merging Behavior".
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.source.expression import bare, constant, expression, key, references
from policyscan.source.model import MISSING, Dynamic
from policyscan.source.parts import written_place
from policyscan.source.place import Place, several
from policyscan.source.scan import unquoted
from policyscan.source.syntax import branches, parse, parse_expression
from policyscan.source.text import Text, error_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.source.expression import Scope
    from policyscan.source.model import Expression, Span
    from policyscan.source.syntax import Code, Node

# Where an argument stands: the types of the blocks around it, then its own name.
Trail = tuple[str, ...]

# Arguments that Terraform reads as names and never evaluates, by the kind of top-level block.
_PROVIDER: Final = frozenset({("provider",)})
_NAMES: Final = {
    "resource": _PROVIDER | {("lifecycle", "ignore_changes")},
    "data": _PROVIDER,
    "ephemeral": _PROVIDER,
    "module": frozenset({("providers",)}),
}
# Arguments that may quote their references: the JSON syntax must, and old HCL did.
_QUOTED: Final = frozenset({("depends_on",), ("lifecycle", "replace_triggered_by")})


class Body(Struct, frozen=True):
    """Arguments by name; nested blocks and `dynamic` blocks with their types, in order.

    `span` and `head` are those of its block, `places` those of its arguments.
    """

    attributes: Mapping[str, Expression]
    blocks: tuple[tuple[str, Body], ...]
    dynamic: tuple[tuple[str, Dynamic], ...]
    span: Span
    head: Span
    places: Mapping[str, Place]

    def place(self) -> Place:
        """Where its block and all that is in it is written."""
        made: dict[str | int, list[Place]] = {}
        for block_type, nested in self.blocks:
            made.setdefault(block_type, []).append(nested.place())
        for block_type, each in self.dynamic:
            made.setdefault(block_type, []).append(each.place)
        inside = {block_type: several(places) for block_type, places in made.items()}
        # JSON syntax does not tell an argument from a block: the argument knows its parts.
        inside.update(self.places)
        return Place(self.span, self.head, inside)

    def flat(self) -> dict[str, Expression]:
        """Every argument by its path, such as `network_configuration[0].subnets`."""
        found = dict(self.attributes)
        for path, nested in self._paths():
            found |= {f"{path}.{name}": each for name, each in nested.flat().items()}
        return found

    def flat_dynamic(self) -> dict[str, tuple[Dynamic, ...]]:
        """Every `dynamic` block by the path of the block type it makes."""
        found: dict[str, tuple[Dynamic, ...]] = {}
        for block_type, each in self.dynamic:
            found[block_type] = (*found.get(block_type, ()), each)
        for path, nested in self._paths():
            found |= {f"{path}.{name}": each for name, each in nested.flat_dynamic().items()}
        return found

    def _paths(self) -> list[tuple[str, Body]]:
        counts: dict[str, int] = {}
        paths: list[tuple[str, Body]] = []
        for block_type, nested in self.blocks:
            index = counts.get(block_type, 0)
            counts[block_type] = index + 1
            paths.append((f"{block_type}[{index}]", nested))
        return paths


def override(base: Body, change: Body) -> Body:
    """The body that an override file leaves: arguments one by one, blocks by type.

    `lifecycle` alone is merged argument by argument.
    """
    replaced = {block_type for block_type, _ in (*change.blocks, *change.dynamic)}
    blocks = [pair for pair in base.blocks if pair[0] not in replaced]
    before = [nested for block_type, nested in base.blocks if block_type == "lifecycle"]
    for block_type, nested in change.blocks:
        merged = override(before[0], nested) if block_type == "lifecycle" and before else nested
        blocks.append((block_type, merged))
    return Body(
        {**base.attributes, **change.attributes},
        tuple(blocks),
        (*(pair for pair in base.dynamic if pair[0] not in replaced), *change.dynamic),
        base.span,
        base.head,
        {
            **{name: place for name, place in base.places.items() if name not in replaced},
            **change.places,
        },
    )


def read_body(text: Text, kind: str) -> Body:
    """Read a top-level block, header and braces included.

    Raises SourceError: python-hcl2 cannot read it.
    """
    code, top = parse(text)
    block = branches(top)[0]
    return _body(code, block, (kind,), frozenset())


def _body(code: Code, block: Node, trail: Trail, scope: Scope) -> Body:
    attributes: dict[str, Expression] = {}
    blocks: list[tuple[str, Body]] = []
    dynamic: list[tuple[str, Dynamic]] = []
    places: dict[str, Place] = {}
    for child in branches(branches(block)[-1]):
        parts = branches(child)
        name = code.written(parts[0])
        if child.data == "attribute":
            value = read_argument(code, parts[-1], (*trail, name), scope)
            attributes[name] = value
            places[name] = written_place(code, child, parts[-1], value)
        elif name == "dynamic" and len(parts) == len(("dynamic", "label", "body")):
            block_type = unquoted(code.written(parts[1]))
            dynamic.append((block_type, _dynamic(code, child, (*trail, block_type), scope)))
        else:
            blocks.append((name, _body(code, child, (*trail, name), scope)))
    whole, head = code.span(block), code.head(block)
    return Body(attributes, tuple(blocks), tuple(dynamic), whole, head, places)


def _dynamic(code: Code, node: Node, trail: Trail, scope: Scope) -> Dynamic:
    own: dict[str, Node] = {}
    for child in branches(branches(node)[-1]):
        name = code.written(branches(child)[0])
        own[name] = child if name == "content" else branches(child)[-1]
    if "for_each" not in own or "content" not in own:
        place = code.span(node)
        raise error_at(code.text.root, place, "a dynamic block needs for_each and content")
    iterator = code.written(own["iterator"]) if "iterator" in own else trail[-1]
    content = _body(code, own["content"], trail, scope | {iterator})
    for_each = expression(code, own["for_each"], scope)
    return dynamic_block(code.span(node), for_each, iterator, content)


def dynamic_block(span: Span, for_each: Expression, iterator: str, content: Body) -> Dynamic:
    """A `dynamic` block from its parts."""
    place = Place(span, content.head, content.place().inside, is_repeated=True)
    return Dynamic(span, for_each, iterator, content.flat(), content.flat_dynamic(), place)


def read_argument(code: Code, node: Node, trail: Trail, scope: Scope) -> Expression:
    """Describe an argument's value the way Terraform reads that argument.

    Raises SourceError: a quoted reference is none.
    """
    written = expression(code, node, scope)
    kind, *place = trail
    if tuple(place) in _NAMES.get(kind, ()):
        return replace(written, references=(), literal=_names(code, node))
    if tuple(place) in _QUOTED and isinstance(written.literal, list):
        line = written.span.line
        quoted = (
            references(*parse_expression(Text(code.text.root, code.text.file, str(name), line)))
            for name in written.literal
        )
        return replace(written, references=tuple(dict.fromkeys(chain.from_iterable(quoted))))
    return written


def _names(code: Code, node: Node) -> Any:
    """Names as Terraform takes them, quoted or not: `[desired_count]` is ["desired_count"]."""
    code, node = bare(code, node)
    if node.data == "tuple":
        return [_names(code, each) for each in branches(node)]
    if node.data == "object":
        return {key(code, pair): _names(code, branches(pair)[-1]) for pair in branches(node)}
    value = constant(code, node)
    return code.written(node) if value is MISSING else value
