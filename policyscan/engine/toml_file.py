"""Reads the table `[tool.policyscan]` of a TOML file, and knows the line of each part of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from policyscan.errors import ConfigError

_TABLE: Final = ("tool", "policyscan")
_BARE: Final = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED: Final = rf"{_BARE}(?:\s*\.\s*{_BARE})*"
_HEADER: Final = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]")
_KEY: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_LINE: Final = re.compile(r"(.*) \(at (?:line (\d+), .*|end of document)\)")


class TomlFile(Struct, frozen=True):
    """What the table of a file holds."""

    path: Path
    content: Any
    _text: str

    def place(self, keys: Sequence[str]) -> str:
        """`file:line` of what keys lead to below the table, as far as they lead."""
        wanted, line, led = (*_TABLE, *keys), 1, 0
        for number, key in _keys(self._text):
            if len(key) > led and wanted[: len(key)] == key:
                line, led = number, len(key)
        return f"{self.path}:{line}"


def read_toml(path: Path) -> TomlFile | None:
    """Read the table of a file, None when it has none.

    Raises ConfigError: the file cannot be read, is not UTF-8, or is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    if _TABLE[-1] not in text:
        return None
    try:
        content: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        told = _LINE.fullmatch(str(problem))
        line = f":{told[2]}" if told and told[2] else ""
        what = told[1] if told else "it is broken"
        raise ConfigError(f"{path}{line}: not TOML: {what}") from None
    except (ValueError, RecursionError):
        # A date that no calendar has, a number too long to read; or brackets without end.
        raise ConfigError(f"{path}: not TOML: a value cannot be read") from None
    for key in _TABLE:
        if not isinstance(content, dict) or key not in content:
            return None
        content = content[key]
    return TomlFile(path, content, text)


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each table and key that a line begins, with the line's number; those of one line are one."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_BARE, dotted))
