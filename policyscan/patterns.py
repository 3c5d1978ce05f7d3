"""Patterns of file names, as shells have them."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import Final

_PATTERN: Final = re.compile(r"[*?\[]")
_SEVERAL_STARS: Final = re.compile(r"\*{2,}")


def is_pattern(argument: str) -> bool:
    """Whether it has to be matched with files: one of that very name is meant where there is one.

    Example: `plan[1].json` may be either.
    """
    return bool(_PATTERN.search(argument)) and not os.path.lexists(argument)


def matches(pattern: str) -> tuple[str, ...]:
    """The files that match, sorted; `**` is any number of folders.

    What starts with a dot is left out unless the pattern says so, and so are folders behind links.
    """
    path = PurePath(pattern)
    parts = [
        part if part == "**" else _SEVERAL_STARS.sub("*", part)
        for part in path.relative_to(path.anchor).parts
    ]
    if parts[-1] == "**":
        parts.append("*")
    try:
        matched = [each for each in Path(path.anchor).glob("/".join(parts)) if each.is_file()]
    except (OSError, ValueError):
        matched = []
    asked = any(map(is_hidden, parts))
    return tuple(
        sorted(str(each) for each in matched if asked or not any(map(is_hidden, each.parts)))
    )


def is_hidden(part: str) -> bool:
    """Whether shells leave a name out unless it is asked for."""
    return part.startswith(".") and part not in {".", ".."}
