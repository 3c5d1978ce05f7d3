"""Folders of the user's own checks that Checkov would pass over without a word."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_PACKAGE: Final = "__init__.py"
_POLICIES: Final = (".json", ".yaml", ".yml")


def unread(folders: Iterable[Path]) -> tuple[str, ...]:
    """What of these folders Checkov does not read, each in one line that says what to do."""
    return tuple(line for folder in folders for line in _unread(folder))


def _unread(folder: Path) -> list[str]:
    if not folder.is_dir():
        return [f"{folder} is no folder of checks"]
    without_package: list[str] = []
    is_empty = True
    for root, inside, names in os.walk(folder):
        inside[:] = [each for each in inside if not each.startswith(".")]
        is_python = any(each.endswith(".py") and not each.startswith("__") for each in names)
        if is_python and _PACKAGE not in names:
            without_package.append(
                f"{root} has no {_PACKAGE}, so no check in it is loaded; add one"
            )
        if is_python or any(each.endswith(_POLICIES) for each in names):
            is_empty = False
    return sorted(without_package) or ([f"{folder} holds no check"] if is_empty else [])
