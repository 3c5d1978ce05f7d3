"""What a folder of Terraform source says, without anything being evaluated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file, both included, from 1.

    `file` is posix and relative to the source folder; of a linked module, where it really is.
    """

    file: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Reference:
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


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block, its overrides merged in.

    Keys of `attributes` are paths: `cpu`, `network_configuration[0].subnets`,
    `lifecycle[0].ignore_changes`; an index counts the written blocks of one type, in order.
    Keys of `dynamic` are the paths of the block types they make: `route`, `rule[0].action`.
    Both are read on first look. Raises SourceError: an expression that is not HCL.
    """

    address: str
    span: Span
    attributes: Mapping[str, Expression]
    dynamic: Mapping[str, tuple[Dynamic, ...]]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment addressed to this program; `text` starts with `policyscan:`."""

    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class SourceModule:
    """One module call's source; `locals` is read on first look, like the insides of `blocks`.

    Keys of `blocks`: `aws_ecs_service.this`, `data.aws_ecr_image.this`, `module.network`,
    `variable.image`, `output.url`, `provider.aws`, `provider.aws.east` (its alias); blocks
    without labels are counted: `removed[0]`, `moved[0]`, `terraform[0]`.
    """

    path: ModulePath
    locals: Mapping[str, Expression]
    blocks: Mapping[str, Block]
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A root module and the modules it calls, by the names of the calls: () is the root.

    `unreadable` names each module call whose source is not at hand, and why.
    """

    directory: Path
    modules: Mapping[ModulePath, SourceModule]
    unreadable: tuple[str, ...] = ()


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
