"""Terraform addresses and references, taken apart once and exactly.

`module.site["blue"].aws_subnet.inner[1]` is an address: it names one instance.
`aws_subnet.inner[1].id` is a reference: it stands in an expression and may go on into attributes.
"""

from __future__ import annotations

import json
import re
import sys
from enum import Enum, StrEnum
from functools import cache

from msgspec import Struct

InstanceKey = int | str | None
ModulePath = tuple[str, ...]

_STEP = re.compile(
    r"""\.?(?P<name>[^\W\d][\w-]*|\d{1,18}(?!\d))   # .name, also an old-style .0
      | \[(?P<number>-?\d{1,18})\]
      | \[(?P<string>"(?:[^"\\]|\\.)*")\]
      | (?P<splat>\.\*|\[\*\])
    """,
    re.VERBOSE,
)
_NAMES = re.compile(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)*")
_SURROGATES = range(0xD800, 0xE000)
_NO_CHARACTER = "\ufffd"
_ESCAPE = re.compile(r"\$\$\{|%%\{|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")


def key_text(key: InstanceKey) -> str:
    """`[0]`, `["blue"]` or nothing, as Terraform prints an instance key."""
    if key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f"[{_quoted(key)}]"


def _quoted(key: str) -> str:
    text = json.dumps(key, ensure_ascii=False)
    return text.replace("${", "$${").replace("%{", "%%{")


def _unquoted(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        token = match.group()
        if token in {"$${", "%%{"}:
            return token[1:]
        if token[1] in "uU":
            code = int(f"0x{token[2:]}", base=0)
            is_character = code <= sys.maxunicode and code not in _SURROGATES
            return chr(code) if is_character else _NO_CHARACTER
        return {"n": "\n", "r": "\r", "t": "\t"}.get(token[1], token[1])

    return _ESCAPE.sub(plain, text[1:-1])


class ModuleStep(Struct, frozen=True, cache_hash=True):
    """One module call on the way to a resource: its name and its instance key."""

    name: str
    key: InstanceKey = None

    def __str__(self) -> str:
        return f"module.{self.name}{key_text(self.key)}"


ModuleInstance = tuple[ModuleStep, ...]


@cache
def module_text(module: ModuleInstance) -> str:
    """`module.site["blue"].module.inner`, or "" for the root module."""
    return ".".join(str(step) for step in module)


def steps(text: str) -> tuple[InstanceKey, ...]:
    """Split a traversal: `a.b["c.d"][0]` is ("a", "b", "c.d", 0); a splat is None.

    Example: `steps('module.m[0].out')` is `("module", "m", 0, "out")`.
    """
    if _NAMES.fullmatch(text):
        return tuple(text.split("."))
    found: list[InstanceKey] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or match.end() == position:
            break
        position = match.end()
        if (name := match["name"]) is not None:
            found.append(int(name) if name.isdecimal() else name)
        elif (number := match["number"]) is not None:
            found.append(int(number))
        elif (string := match["string"]) is not None:
            found.append(_Key(_unquoted(string)))
        else:
            found.append(None)
    return tuple(found)


class _Key(str):
    """A quoted index, told apart from an attribute name while a traversal is read."""

    __slots__ = ()


@cache
def parse_module(text: str) -> ModuleInstance:
    """Read a `module_address`. Example: `module.a["x"].module.b`."""
    parts = steps(text)
    found: list[ModuleStep] = []
    position = 0
    while position + 1 < len(parts) and parts[position] == "module":
        name = str(parts[position + 1])
        position += 2
        key: InstanceKey = None
        if position < len(parts) and _is_key(parts[position]):
            key = _plain(parts[position])
            position += 1
        found.append(ModuleStep(name, key))
    return tuple(found)


def _is_key(part: InstanceKey) -> bool:
    return isinstance(part, int | _Key)


def _plain(part: InstanceKey) -> InstanceKey:
    return str(part) if isinstance(part, str) else part


class Subject(StrEnum):
    """What a reference starts from."""

    RESOURCE = "resource"
    MODULE = "module"
    VARIABLE = "var"
    LOCAL = "local"
    EACH = "each"
    COUNT = "count"
    OTHER = "other"


class Index(Enum):
    """What stands where an instance key would, when it is not a literal one."""

    DROPPED = "dropped"
    """Nothing: none was written, or it was dynamic and Terraform left it out."""
    SPLAT = "splat"
    """`[*]`: every instance."""
    SAME = "same"
    """`[each.key]` or `[count.index]`: the instance with the key of the one that refers."""
    DYNAMIC = "dynamic"
    """Some other expression: one of the instances, not known which."""


class Reference(Struct, frozen=True, cache_hash=True):
    """One traversal in an expression.

    `name` is `aws_x.y`, `data.aws_x.y`, the module call's, variable's or local's name, or
    `key`/`value`/`index`. `attribute` is what follows the index, "" when nothing does.
    For a module call `output` is the output's name and `attribute` what follows it.
    """

    text: str
    subject: Subject
    name: str
    key: int | str | Index = Index.DROPPED
    output: str = ""
    attribute: str = ""

    @property
    def depth(self) -> int:
        """How many attribute steps the reference gives beyond its subject."""
        return self.attribute.count(".") + bool(self.attribute)


@cache
def parse_reference(text: str) -> Reference:
    """Read one entry of `references`. Example: `module.net["a"].subnet_ids`."""
    parts = steps(text)
    head = str(parts[0]) if parts else ""
    match head:
        case "var" | "local" | "each" | "count":
            name = str(parts[1]) if len(parts) > 1 else ""
            return Reference(text, Subject(head), name, attribute=_rest(parts[2:]))
        case "module":
            name = str(parts[1]) if len(parts) > 1 else ""
            key, rest = _take_key(parts[2:])
            output = str(rest[0]) if rest and isinstance(rest[0], str) else ""
            return Reference(text, Subject.MODULE, name, key, output, _rest(rest[1:]))
        case "path" | "terraform" | "self" | "":
            return Reference(text, Subject.OTHER, head)
    size = 3 if head == "data" else 2
    if len(parts) < size:
        return Reference(text, Subject.OTHER, head)
    key, rest = _take_key(parts[size:])
    name = ".".join(str(part) for part in parts[:size])
    return Reference(text, Subject.RESOURCE, name, key, attribute=_rest(rest))


def _take_key(
    parts: tuple[InstanceKey, ...],
) -> tuple[int | str | Index, tuple[InstanceKey, ...]]:
    if parts and _is_key(parts[0]):
        key = _plain(parts[0])
        return (Index.DROPPED if key is None else key), parts[1:]
    if parts and parts[0] is None:
        return Index.SPLAT, parts[1:]
    return Index.DROPPED, parts


def _rest(parts: tuple[InstanceKey, ...]) -> str:
    """Print attribute steps the way plan paths are written: `route[0].gateway_id`."""
    text = ""
    for part in parts:
        if part is None:
            continue
        if isinstance(part, int):
            text += f"[{part}]"
        elif isinstance(part, _Key):
            text += f"[{_quoted(part)}]"
        else:
            text += f".{part}" if text else part
    return text


def longest(references: tuple[str, ...]) -> tuple[Reference, ...]:
    """The traversals behind a `references` list, which repeats each with every prefix of it.

    Terraform lists `a.b.c` as `a.b.c`, `a.b`; only a run of ever shorter prefixes belongs
    together, so a second, whole `a.b` (a splat, a dynamic index) is kept.
    Source: internal/command/jsonconfig/expression.go, marshalExpression.
    """
    kept: list[Reference] = []
    previous = ""
    for text in references:
        is_prefix = len(text) < len(previous) and previous.startswith(text)
        if not (is_prefix and previous[len(text)] in ".["):
            kept.append(parse_reference(text))
        previous = text
    return tuple(kept)
