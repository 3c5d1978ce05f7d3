"""HCL text -> python-hcl2's syntax tree. The only place that imports it, and as late as can be.

python-hcl2 sees masked text (`scan.mask`), so it decides structure alone; what is written at a
place is always cut from the source itself, and templates are read piece by piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from policyscan.source.scan import Insert, inserts, mask, named
from policyscan.source.text import Text

if TYPE_CHECKING:
    from lark import Token, Tree

    from policyscan.source.model import Span

    Node = Tree[Token]

_KEYWORD: Final = re.compile(r"\s*([a-z]+)")
_FOR: Final = re.compile(r"\s*for\s+([^\W\d][\w-]*)(?:\s*,\s*([^\W\d][\w-]*))?\s+in\b")
# The parentheses let line ends through, which mean nothing inside `${ }`.
_BEFORE, _AFTER = "_ = (", "\n)"


class Piece(Struct, frozen=True):
    """One `${ }` or `%{ }` of a template: its expression if it has one, and the names it sets."""

    expression: tuple[Code, Node] | None
    opens: tuple[str, ...] = ()
    is_opening: bool = False
    is_closing: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of source with the mask its tree was made from."""

    text: Text
    masked: str
    _pieces: dict[int, tuple[Piece, ...]] = field(default_factory=dict, compare=False)

    def _extent(self, node: Node) -> tuple[int, int]:
        # A tree may end in the line ends that follow it.
        start, end = node.meta.start_pos, node.meta.end_pos
        return start, start + len(self.masked[start:end].rstrip())

    def written(self, node: Node) -> str:
        """The source text of a node."""
        start, end = self._extent(node)
        return self.text.content[start:end]

    def span(self, node: Node) -> Span:
        """Where a node stands."""
        return self.text.span(*self._extent(node))

    def head(self, node: Node) -> Span:
        """Where a block opens: its type, its labels and the brace."""
        start, end = self._extent(node)
        return self.text.span(start, self.masked.index("{", start, end) + 1)

    def heredoc(self, node: Node) -> Text | None:
        """The lines of a heredoc without its tags, None for any other string."""
        start, end = self._extent(node)
        body = self.text.content.find("\n", start, end) + 1
        if not body or not self.text.content.startswith("<<", start):
            return None
        return self.text.cut(body, self.text.content.rindex("\n", start, end) + 1)

    def pieces(self, node: Node) -> tuple[Piece, ...]:
        """What a string or heredoc evaluates, in order; nothing for a constant one."""
        start, end = self._extent(node)
        if start not in self._pieces:
            found = inserts(self.text, start + 1, end - 1)
            self._pieces[start] = tuple(map(piece, found))
        return self._pieces[start]

    def lone(self, node: Node) -> tuple[Code, Node] | None:
        """The expression of a string that is nothing but one `${ }`: HCL takes it for itself."""
        start, end = self._extent(node)
        pieces = self.pieces(node)
        if len(pieces) != 1 or pieces[0].expression is None:
            return None
        only = next(inserts(self.text, start + 1, end - 1))
        is_lone = (only.start, only.end) == (start + 1, end - 1)
        return pieces[0].expression if is_lone else None


def piece(insert: Insert) -> Piece:
    """What one `${ }` or `%{ }` evaluates. Raises SourceError: it is not HCL."""
    strip = insert.code.content
    code = insert.code.cut(strip.startswith("~"), len(strip) - strip.endswith("~"))
    if not insert.is_directive:
        return Piece(parse_expression(code))
    end = len(code.content)
    if loop := _FOR.match(code.content):
        names = tuple(name for name in loop.groups() if name is not None)
        return Piece(parse_expression(code.cut(loop.end(), end)), names, is_opening=True)
    keyword = _KEYWORD.match(code.content)
    match keyword and keyword[1]:
        case "if":
            return Piece(parse_expression(code.cut(keyword.end() if keyword else 0, end)))
        case "endfor":
            return Piece(None, is_closing=True)
        case "else" | "endif":
            return Piece(None)
    raise code.error(0, "expected `if`, `else`, `endif`, `for NAME in` or `endfor` after `%{`")


def parse(text: Text, length: int | None = None) -> tuple[Code, Node]:
    """Read a body of arguments and blocks; the node is the body.

    What the source itself says ends at `length`, where other than at the end of the text.
    Raises SourceError: python-hcl2 cannot read it.
    """
    # Importing takes 0.1 s and loading the grammar as much: paid for when source is looked at.
    import hcl2  # noqa: PLC0415
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415

    masked = mask(text)
    try:
        tree = hcl2.parses_to_tree(masked)
    except UnexpectedInput as error:
        position = min(error.pos_in_stream or 0, len(masked) if length is None else length)
        found = "the end of the expression" if position == length else named(masked, position)
        message = f"unexpected {found}; look at it with `terraform validate`"
        raise text.error(position, f"{message}, and pass --no-source if that accepts it") from error
    return Code(text, masked), branches(tree)[0]


def parse_expression(text: Text) -> tuple[Code, Node]:
    """Read a single expression; the node is the expression.

    Raises SourceError: python-hcl2 cannot read it, or it is empty.
    """
    if not text.content.strip():
        raise text.error(0, "an expression is missing here, as in `${}`")
    before = f"{_BEFORE}{text.content}"
    column = text.column - len(_BEFORE)
    wrapped = Text(text.root, text.file, f"{before}{_AFTER}", text.line, column)
    code, body = parse(wrapped, len(before))
    attribute = branches(body)[0]
    return code, branches(branches(attribute)[-1])[-1]


def branches(node: Node) -> list[Node]:
    """The children that are trees, comments and line ends left out."""
    return [
        child
        for child in node.children
        if not isinstance(child, str) and child.data != "new_line_or_comment"
    ]
