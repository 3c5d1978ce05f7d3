"""Patterns and lists -> the plans of a fleet, each once, sorted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from msgspec import Struct

from policyscan.errors import FleetError
from policyscan.fleet.storage import (
    CHAIN,
    StorageError,
    archive_kind,
    file_system,
    is_local,
    shown,
    tried,
)
from policyscan.fleet.workspaces import base_of, workspace
from policyscan.patterns import is_hidden, is_pattern, matches

LIST: Final = "@"
STDIN: Final = "-"
_MAGIC: Final = re.compile(r"[*?\[]")
_HTTP: Final = ("http://", "https://")
_PLANS_IN_ARCHIVES: Final = (".json", ".json.gz")


class Input(Struct, frozen=True, order=True):
    """A plan of a fleet: what it is called, whose it is, and its size where a listing tells it.

    `trouble` is why it cannot be had, where that is known already.
    """

    name: str
    workspace: str = ""
    size: int | None = None
    trouble: str = ""


class _Found(Struct, frozen=True):
    name: str
    size: int | None = None
    trouble: str = ""


def listed(
    arguments: Sequence[str],
    *,
    workspace_from: str | None = None,
    stdin: TextIO | None = None,
    retries: int = 4,
) -> list[Input]:
    """The plans that arguments mean.

    Raises FleetError: a pattern matches nothing, or cannot be listed.
    """
    named = re.compile(workspace_from) if workspace_from is not None else None
    names = list(_names(arguments, stdin))
    found: dict[str, _Found] = {}
    for name in names:
        for each in _matched(name, retries):
            found.setdefault(each.name, each)
    base = base_of(names, found)
    return [
        Input(name, workspace(name, base, named), each.size, each.trouble)
        for name, each in sorted(found.items())
    ]


def _names(arguments: Iterable[str], stdin: TextIO | None) -> Iterator[str]:
    """What is meant by the arguments: lists are read, a name on each line."""
    for argument in arguments:
        if argument == STDIN:
            yield from _lines(stdin or ())
        elif argument.startswith(LIST):
            try:
                with Path(argument[1:]).open(encoding="utf-8") as stream:
                    yield from _lines(stream)
            except (OSError, ValueError) as problem:
                why = getattr(problem, "strerror", None) or "it is no text"
                raise FleetError(f"{argument}: cannot be read: {why}") from None
        else:
            yield argument


def _lines(stream: Iterable[str]) -> Iterator[str]:
    yield from filter(None, (line.strip() for line in stream))


def _matched(name: str, retries: int) -> Iterator[_Found]:
    """The plans of one name; those in an archive for the archive."""
    if not has_magic(name):
        found = [_Found(os.path.normpath(name) if is_local(name) else name)]
        if is_local(name) and Path(name).is_dir():
            raise FleetError(f"{name}: a folder; give a pattern, such as '{name}/**/plan.json'")
    else:
        found = _listed(name, retries)
        if not found:
            raise FleetError(f"{shown(name)}: matches no file; check the pattern")
    for each in found:
        kind = archive_kind(each.name)
        if kind is None:
            yield each
        else:
            yield from _members(kind, each, retries)


def has_magic(name: str) -> bool:
    """Whether a name is a pattern. In a URL of the web `?` starts a query."""
    if is_local(name):
        return is_pattern(name)
    inside = name.partition(CHAIN)[0]
    return "*" in inside if inside.startswith(_HTTP) else bool(_MAGIC.search(inside))


def _listed(pattern: str, retries: int) -> list[_Found]:
    if is_local(pattern):
        return [_Found(each, _size(each)) for each in matches(pattern)]
    try:
        return tried(lambda: list(_globbed(pattern)), retries)
    except StorageError as problem:
        raise FleetError(f"{shown(pattern)}: cannot be listed: {problem}") from None


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a path object for each of a million
    except OSError:
        return None


def _globbed(pattern: str) -> Iterator[_Found]:
    """What matches in storage; as in a shell, names that start with a dot only if asked for."""
    files, path = file_system(pattern)
    asked = any(map(is_hidden, path.split("/")))
    _, chain, archive = pattern.partition(CHAIN)
    found: dict[str, Any] = files.glob(path, detail=True)
    for each, about in found.items():
        if about.get("type") == "directory":
            continue
        if asked or not any(map(is_hidden, each.split("/"))):
            yield _Found(
                f"{files.unstrip_protocol(each)}{chain}{archive}", _known_size(about.get("size"))
            )


def _known_size(size: object) -> int | None:
    return size if isinstance(size, int) else None


def _members(kind: str, archive: _Found, retries: int) -> Iterator[_Found]:
    """Every JSON file in an archive; the archive itself, with why, where it cannot be read."""
    chained = f"{kind}://**{CHAIN}{archive.name}"
    try:
        found = [
            each
            for each in tried(lambda: list(_globbed(chained)), retries)
            if each.name.partition(CHAIN)[0].endswith(_PLANS_IN_ARCHIVES)
        ]
    except StorageError as problem:
        yield _Found(archive.name, archive.size, f"no archive that can be read: {problem}")
        return
    if not found:
        raise FleetError(f"{shown(archive.name)}: no .json file in this archive")
    yield from found
