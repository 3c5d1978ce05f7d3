"""Where Checkov lives, and whether what lies there can be used.

A home is a folder: a virtual environment, the catalogue of the checks in it, and a stamp, which is
written last. Without a stamp it is not a home.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Final, NamedTuple

from policyscan.errors import CheckovError
from policyscan.folders import user_cache

SETUP: Final = "policyscan setup"
_STAMP: Final = "stamp.json"
_CATALOGUE: Final = "catalogue.json"
_FORMAT: Final = 1
"""Raised when the worker of this policyscan needs another catalogue than the last one's did."""


class Checkov(NamedTuple):
    """A Checkov that is set up. Not a struct: `--version` loads nothing but what it tells.

    `quick` says that the worker gave the very results of Checkov's own command line. `locked` is
    the digest of the lock it was installed from, empty for one of the user's.
    """

    python: str
    version: str
    quick: bool
    locked: str
    catalogue: str
    format: int = _FORMAT


def home() -> Path:
    """POLICYSCAN_CHECKOV_HOME, else a folder in the user's cache."""
    named = os.environ.get("POLICYSCAN_CHECKOV_HOME")
    return Path(named).absolute() if named else user_cache() / "checkov"


def lock() -> Path:
    """The versions that are installed, with their hashes: in a checkout, else in the wheel."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "constraints" / "checkov.txt"
    return checkout if checkout.is_file() else package / "_constraints" / "checkov.txt"


def locked() -> str:
    """The digest of the lock."""
    return hashlib.sha256(lock().read_bytes()).hexdigest()


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    if sys.platform == "win32":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def catalogue_of(folder: Path) -> Path:
    """Where a home keeps what checks there are."""
    return folder / _CATALOGUE


def stamp_of(folder: Path) -> Path:
    """Where a home says what it is."""
    return folder / _STAMP


def stamp(folder: Path, checkov: Checkov) -> None:
    """Make a folder a home."""
    stamp_of(folder).write_text(json.dumps(checkov._asdict(), indent=1), encoding="utf-8")


def set_up() -> Checkov | None:
    """The Checkov of this user, None when there never was one.

    Raises CheckovError: there is one that cannot be used, and the message says what to do.
    """
    folder = home()
    if not folder.is_dir():
        return None
    try:
        found = Checkov(**json.loads(stamp_of(folder).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise CheckovError(f"{folder}: Checkov is only half set up; run `{SETUP}`") from None
    if found.format != _FORMAT or found.locked not in {"", locked()}:
        raise CheckovError(
            f"{folder}: Checkov {found.version} was set up by another policyscan; run `{SETUP}`"
        )
    if not Path(found.python).exists() or not Path(found.catalogue).exists():
        raise CheckovError(
            f"{folder}: the Python that ran Checkov {found.version} is gone; run `{SETUP}`"
        )
    return found
