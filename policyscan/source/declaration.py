"""One top-level block of one file, in either syntax, read no further than its labels."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from policyscan.source import json_syntax, scan
from policyscan.source.body import Body, read_body
from policyscan.source.comments import comments
from policyscan.source.model import Span
from policyscan.source.text import error_at, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from policyscan.source.json_text import Json
    from policyscan.source.model import Comment
    from policyscan.source.text import Text

# How many labels a block type has; none unless listed.
LABELS: Final = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "provider": 1,
    "check": 1,
}


class Declaration(Protocol):
    """A top-level block: what it declares, and its inside on request."""

    @property
    def kind(self) -> str:
        """`resource`, `module`, `locals`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """`("aws_ecs_service", "this")`."""

    @property
    def root(self) -> str:
        """The source folder as the user gave it."""

    @property
    def span(self) -> Span:
        """Where the block stands."""

    @property
    def head(self) -> Span:
        """Where the block opens: its type, its labels and the brace."""

    def argument(self, name: str) -> str | None:
        """The constant string of one argument, read without a parse."""

    def mentions(self, word: str) -> bool:
        """Whether a word may stand in it; told without a parse."""

    def body(self) -> Body:
        """Its inside. Raises SourceError: it is not HCL."""


class HclDeclaration(Struct, frozen=True):
    """A block of a `.tf` file."""

    kind: str
    labels: tuple[str, ...]
    text: Text
    opening: int

    @property
    def root(self) -> str:
        """The source folder as the user gave it."""
        return self.text.root

    @property
    def span(self) -> Span:
        """Where the block stands."""
        return self.text.span(0, len(self.text.content))

    @property
    def head(self) -> Span:
        """Where the block opens: its type, its labels and the brace."""
        return self.text.span(0, self.opening)

    def argument(self, name: str) -> str | None:
        """The constant string of one argument, read without a parse."""
        return scan.argument(self.text, name)

    def mentions(self, word: str) -> bool:
        """Whether a word stands in its text."""
        return word in self.text.content

    def body(self) -> Body:
        """Its inside. Raises SourceError: it is not HCL."""
        return read_body(self.text, self.kind)


class JsonDeclaration(Struct, frozen=True):
    """A block of a `.tf.json` file."""

    kind: str
    labels: tuple[str, ...]
    node: Json

    @property
    def root(self) -> str:
        """The source folder as the user gave it."""
        return self.node.text.root

    @property
    def span(self) -> Span:
        """Where the block stands."""
        return self.node.whole

    @property
    def head(self) -> Span:
        """Where the block opens: its name and the brace."""
        return self.node.head

    def argument(self, name: str) -> str | None:
        """The constant string of one argument, read without a parse."""
        value = dict(self.node.pairs or ()).get(name)
        return value.value if value is not None and isinstance(value.value, str) else None

    def mentions(self, word: str) -> bool:
        """Whether a word stands in the text its node was read from, escaped or not."""
        return word in self.node.text.content or "\\u" in self.node.text.content

    def body(self) -> Body:
        """Its inside. Raises SourceError: it is not HCL."""
        return json_syntax.json_body(self.node, (self.kind,))


def read_file(root: str, file: str, path: Path) -> tuple[list[Declaration], list[Comment]]:
    """The blocks of a file and its comments for this program, both in order.

    Raises SourceError: it cannot be opened, or does not split into blocks.
    """
    text = read_text(root, file, path)
    with refusing_depth(root, Span(file, 1, 1)):
        if file.endswith(".json"):
            top = json_syntax.read_file(text)
            json = list(_json_declarations(top))
            said = json_syntax.comments(top, {each.node.start: address_of(each) for each in json})
            return list(json), list(said)
        hcl = [
            HclDeclaration(each.kind, each.labels, each.text, each.opening)
            for each in scan.headers(text)
        ]
        return list(hcl), list(comments(text, ((address_of(each), each) for each in hcl)))


def address_of(declaration: Declaration) -> str:
    """What the rest of its module calls a block, "" for one that nothing can name."""
    if declaration.kind not in LABELS:
        return ""
    match declaration.kind:
        case "resource":
            return ".".join(declaration.labels)
        case "provider":
            alias = declaration.argument("alias")
            return ".".join(("provider", *declaration.labels, *([alias] if alias else [])))
    return ".".join((declaration.kind, *declaration.labels))


def _json_declarations(top: Json) -> Iterator[JsonDeclaration]:
    for kind, value in top.pairs or ():
        for labels, node in json_syntax.labelled(value, LABELS.get(kind, 0)):
            yield JsonDeclaration(kind, labels, node)


def read_inside(declaration: Declaration) -> Body:
    """The inside of a block. Raises SourceError: it is not HCL, or nested beyond reason."""
    with refusing_depth(declaration.root, declaration.span):
        return declaration.body()


@contextmanager
def refusing_depth(root: str, place: Span) -> Iterator[None]:
    """Name the place where brackets in brackets go deeper than Python follows."""
    try:
        yield
    except RecursionError as error:
        raise error_at(root, place, "brackets are nested too deep to follow") from error
