"""What a folder of Terraform source says, without anything being evaluated."""

from __future__ import annotations

import json
import os.path
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from policyscan.source.place import Place

ModulePath = tuple[str, ...]

K = TypeVar("K")
V = TypeVar("V")


class Deferred(Mapping[K, V]):
    """A read-only mapping that is filled when it is first looked at.

    Looking raises whatever filling it raises, for source a SourceError.
    """

    __slots__ = ("_fill", "_filled")

    def __init__(self, fill: Callable[[], Mapping[K, V]]) -> None:
        self._fill = fill
        self._filled: Mapping[K, V] | None = None

    @property
    def _content(self) -> Mapping[K, V]:
        if self._filled is None:
            self._filled = self._fill()
        return self._filled

    def __getitem__(self, key: K) -> V:
        return self._content[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __repr__(self) -> str:
        return "Deferred(...)" if self._filled is None else f"Deferred({dict(self._filled)!r})"


class Missing(Enum):
    """Stands for the constant of an expression that is none, since None is Terraform's null."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Splat(StrEnum):
    """Every instance: `[*]`, or the old `.*`."""

    ALL = "splat"


class Shape(StrEnum):
    """What an expression is, seen from outside; parentheses and a lone `"${ }"` do not count."""

    LITERAL = "literal"
    REFERENCE = "reference"
    TEMPLATE = "template"
    CONDITIONAL = "conditional"
    FOR = "for"
    CALL = "call"
    OPERATION = "operation"
    COLLECTION = "collection"


class Span(Struct, frozen=True):
    """A stretch of a file: lines from 1, both included; columns from 1, `end_column` past the end.

    `file` is posix and relative to the source folder; of a linked module, where it really is.
    A column is a code point of the line, a tab one column, as SARIF's `unicodeCodePoints` are.
    """

    file: str
    line: int
    end_line: int
    column: int = 1
    end_column: int = 1

    @property
    def lines(self) -> tuple[str, int, int]:
        """The span without its columns."""
        return self.file, self.line, self.end_line


class Reference(Struct, frozen=True):
    """One traversal, cut where Terraform's own addressing cuts it.

    `text` names the thing: `aws_ecr_repository.this`, `data.aws_ecr_image.this`, `local.image`,
    `each.value.port`, `module.network.subnet_ids`; a module call with an index is
    `module.network`, the index, and its output as the attribute.
    `index` follows the name: a key, `Splat.ALL`, or the Expression of a dynamic one (`each.key`).
    `attribute` is the rest: `repository_url`, `ports[0].name`, "" when there is none.
    """

    text: str
    index: int | str | Splat | Expression | None = None
    attribute: str = ""

    def __str__(self) -> str:
        index = "" if self.index is None else index_text(self.index)
        dot = "." if self.attribute and not self.attribute.startswith("[") else ""
        return f"{self.text}{index}{dot}{self.attribute}"


class Conditional(NamedTuple):
    """The three parts of `condition ? true : false`."""

    condition: Expression
    true: Expression
    false: Expression


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression as written.

    `references` holds every traversal in it, in order and once each; iterators of `for` and of
    `dynamic` blocks are none. `literal` is its value when it is a constant, else MISSING; lists
    and objects of constants are Python lists and dicts. `conditional` is there when its shape
    is. `keyed` holds the values that object constructors anywhere in it give to a key.
    """

    text: str
    references: tuple[Reference, ...]
    literal: Any
    shape: Shape
    span: Span
    conditional: Conditional | None = None
    keyed: Mapping[str, tuple[Expression, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def members(self, name: str) -> tuple[Expression, ...]:
        """Every value an object constructor in it gives to the key `name`, in order.

        Example: "image" in `jsonencode([{ image = local.image }])` gives `local.image`.
        """
        return self.keyed.get(name, ())


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A `dynamic` block: what its content says once per element of `for_each`."""

    span: Span
    for_each: Expression
    iterator: str
    attributes: Mapping[str, Expression]
    dynamic: Mapping[str, tuple[Dynamic, ...]]
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block, its overrides merged in.

    Keys of `attributes` are paths: `cpu`, `network_configuration[0].subnets`,
    `lifecycle[0].ignore_changes`; an index counts the written blocks of one type, in order.
    Keys of `dynamic` are the paths of the block types they make: `route`, `rule[0].action`.
    `place` tells where each part is written. All but the span are read on first look; `mentions`
    says without one whether a word may stand in the block, overrides included.
    Raises SourceError: an expression that is not HCL.
    """

    address: str
    span: Span
    attributes: Mapping[str, Expression]
    dynamic: Mapping[str, tuple[Dynamic, ...]]
    place: Place = field(compare=False, repr=False)
    mentions: Callable[[str], bool] = field(compare=False, repr=False)


class Comment(Struct, frozen=True):
    """A comment addressed to this program or to Checkov, and the block that it is about.

    `text` starts with `policyscan:`, or with `checkov:skip=` and the like. `block` is the key of a
    block of the module, "" where it stands neither inside of one nor directly above.
    """

    text: str
    file: str
    line: int
    block: str = ""


class SourceModule(Struct, frozen=True):
    """One module call's source; `locals` is read on first look, like the insides of `blocks`.

    Keys of `blocks`: `aws_ecs_service.this`, `data.aws_ecr_image.this`, `module.network`,
    `variable.image`, `output.url`, `provider.aws`, `provider.aws.east` (its alias); blocks
    without labels are counted: `removed[0]`, `moved[0]`, `terraform[0]`.
    """

    path: ModulePath
    locals: Mapping[str, Expression]
    blocks: Mapping[str, Block]
    comments: tuple[Comment, ...]


class Source(Struct, frozen=True):
    """A root module and the modules it calls, by the names of the calls: () is the root.

    `unreadable` names each module call whose source is not at hand, and why. `named` stands before
    its files in reports, in place of `directory`: `tfplan:` for the source inside a saved plan.
    Nothing outside of the folder `within` belongs to it, where it is given.
    """

    directory: Path
    modules: Mapping[ModulePath, SourceModule]
    unreadable: tuple[str, ...] = ()
    named: str = ""
    within: Path | None = None

    def shown(self, file: str) -> str:
        """What reports call a file of a span."""
        shown = shown_path(self.named or str(self.directory), file)
        if self.named or not file.startswith("../"):
            return shown
        real = os.path.realpath(self.directory / file)
        if os.path.realpath(shown) == real:
            return shown
        # The source folder is a symbolic link: what is above it is not what the words say.
        return PurePath(real if self.directory.is_absolute() else os.path.relpath(real)).as_posix()

    def place(self, shown: str) -> Path:
        """Where a file lies that reports call `shown`."""
        if self.named and shown.startswith(self.named):
            return self.directory / shown.removeprefix(self.named)
        return Path(shown)


def shown_path(root: str, file: str) -> str:
    """A file as messages call it; a root `tfplan:` is that of the source inside a saved plan."""
    if root.endswith(":"):
        return f"{root}{file}"
    return PurePath(os.path.normpath(os.path.join(root, file))).as_posix()  # noqa: PTH118 - lexical


def index_text(index: int | str | Splat | Expression) -> str:
    """An index as Terraform writes it: `[0]`, `["blue"]`, `[*]`, `[each.key]`."""
    match index:
        case Splat():
            return "[*]"
        case Expression():
            return f"[{index.text}]"
        case str():
            quoted = json.dumps(index, ensure_ascii=False)
            return f"[{quoted.replace('${', '$${').replace('%{', '%%{')}]"
    return f"[{index}]"
