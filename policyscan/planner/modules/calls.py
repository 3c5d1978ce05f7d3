"""The module calls of a folder: name, source and version, as far as they are written out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<skipped>\#[^\n]*|//[^\n]*|/\*.*?\*/|<<-?(?P<end>\w+)[ \t]*\r?\n.*?\n[ \t]*(?P=end)\b)
    |"(?P<text>(?>\\.|[$%]\{(?>[^{}"\n]|"(?>\\.|[^"\\\n])*")*\}|[^"\\\n])*)"|(?P<word>[\w-]+)|(?P<sign>[{}=])""",
    re.DOTALL | re.VERBOSE,
)
_OVERRIDE = re.compile(r"(?:.*_)?override\.tf(?:\.json)?")
_GIVEN = (("source", "="), ("version", "="))
_LOCAL = ("./", "../", ".\\", "..\\")


class Call(Struct, frozen=True):
    """One `module` block; `version` is "" where none is asked for."""

    name: str
    source: str
    version: str
    file: Path
    line: int

    @property
    def is_local(self) -> bool:
        """Whether it names a folder."""
        return self.source.startswith(_LOCAL)


def module_calls(folder: Path) -> tuple[Call, ...]:
    """The calls of a module, by name; override files have the last word.

    One whose source is no plain text is left out: Terraform says what is wrong with it.
    """
    calls: dict[str, Call] = {}
    for file in _files(folder):
        for call in _read(file):
            if (known := calls.get(call.name)) is None:
                calls[call.name] = call
                continue
            calls[call.name] = replace(
                known,
                source=call.source or known.source,
                version=call.version or known.version,
            )
    return tuple(calls[name] for name in sorted(calls) if calls[name].source)


def _files(folder: Path) -> list[Path]:
    """What Terraform reads in a folder, override files last."""
    found = (
        each
        for each in folder.iterdir()
        if each.name.endswith((".tf", ".tf.json")) and not each.name.startswith(".")
    )
    return sorted(
        filter(Path.is_file, found),
        key=lambda each: (bool(_OVERRIDE.fullmatch(each.name)), each.name),
    )


def _read(file: Path) -> Iterator[Call]:
    text = file.read_text(encoding="utf-8", errors="replace")
    return _calls_in_json(file, text) if file.name.endswith(".json") else _calls_in(file, text)


def _calls_in(file: Path, text: str) -> Iterator[Call]:
    """Blocks are told apart by their braces: an interpolation has as many of both."""
    words: tuple[str, str] = ("", "")
    depth, call = 0, None
    for found in _TOKEN.finditer(text):
        if found["skipped"]:
            continue
        if found["sign"] == "{":
            depth += 1
            if depth == 1 and words[0] == "module":
                line = text.count("\n", 0, found.start()) + 1
                call = Call(words[1], "", "", file, line)
        elif found["sign"] == "}":
            depth = max(depth - 1, 0)
            if depth == 0 and call is not None:
                yield call
                call = None
        elif depth == 1 and call is not None and words in _GIVEN and found["text"] is not None:
            call = _with(call, words[0], found["text"])
        words = words[1], found[0] if found["text"] is None else found["text"]


def _with(call: Call, name: str, value: str) -> Call:
    return replace(call, source=value) if name == "source" else replace(call, version=value)


def _calls_in_json(file: Path, text: str) -> Iterator[Call]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    for name, body in _members(content, "module"):
        told = {key: value for key, value in _each(body) if isinstance(value, str)}
        found = re.search(rf'"{re.escape(name)}"\s*:', text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        yield Call(name, told.get("source", ""), told.get("version", ""), file, line)


def _members(content: Any, name: str) -> Iterator[tuple[str, Any]]:
    for key, value in _each(content):
        if key == name:
            yield from _each(value)


def _each(value: Any) -> Iterator[tuple[str, Any]]:
    """The members of an object, or of a list of them: JSON syntax takes both for blocks."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield from one.items()
