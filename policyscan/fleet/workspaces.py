"""What the workspace of a plan is called, by where the plan lies.

It is the path without the part that all patterns and names have in common before their first
wildcard, so that a plan more elsewhere changes no name; and without the name of the file, where all
files have to be called the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from policyscan.fleet.storage import archive_kind

_WILD: Final = re.compile(r"[*?\[]")
_SCHEME: Final = re.compile(r"^[a-z0-9+]+://")
_ENDS: Final = (".gz", ".json")


class Base(Struct, frozen=True):
    """The folders that all have in common, and whether files are told apart by their names."""

    folders: tuple[str, ...]
    named_by_file: bool


def base_of(patterns: Iterable[str], names: Iterable[str]) -> Base:
    """What the plans of some patterns, which are called as given, have in common."""
    common: tuple[str, ...] | None = None
    for pattern in patterns:
        folders = _fixed(pattern)
        common = folders if common is None else _shared(common, folders)
    files = {_parts(name)[-1] for name in names}
    return Base(common or (), len(files) > 1)


def workspace(name: str, base: Base, named: re.Pattern[str] | None = None) -> str:
    """The workspace of a plan; by the first group of `named`, or all it finds, where it does."""
    found = named.search(name) if named is not None else None
    if found is not None:
        return next(filter(None, found.groups()), None) or found[0]
    *folders, file = _parts(name)
    rest = folders[len(base.folders) :]
    if base.named_by_file or not rest:
        rest.append(_stem(file))
    return "/".join(rest)


def _stem(file: str) -> str:
    for end in _ENDS:
        file = file.removesuffix(end)
    return file


def _parts(name: str) -> tuple[str, ...]:
    """The path a name comes to, an archive before what is in it."""
    inside, _, outside = name.partition("::")
    path = f"{_plain(outside)}/{_plain(inside)}" if outside else _plain(inside)
    return tuple(part for part in path.split("/") if part not in {"", "."})


def _plain(url: str) -> str:
    return _SCHEME.sub("", url)


def _fixed(pattern: str) -> tuple[str, ...]:
    """The folders before the first wildcard."""
    parts = _parts(pattern)
    if archive_kind(pattern) and not _WILD.search(pattern):
        return parts
    wild = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return parts[: min(wild, len(parts) - 1)]


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    pairs = zip(one, other, strict=False)
    count = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    return one[:count]
