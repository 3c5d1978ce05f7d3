"""What comes with the code: beside it in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from policyscan import __version__

_JUDGING: Final = (".py", ".tsv", ".yaml")
"""Suffixes of what verdicts depend on: rules, the map to Checkov's checks, profiles."""

_PACKAGE: Final = Path(__file__).resolve().parent


def built_in_pack() -> Path:
    """The folder of the rules that come with policyscan."""
    is_checkout = (_PACKAGE.parent / "pyproject.toml").is_file()
    return _PACKAGE.parent / "rules" if is_checkout else _PACKAGE / "_pack"


def pack_version() -> str:
    """The version of these rules, and a digest that differs as soon as a file of theirs does.

    Example: `0.1.0, sha256 3f2a9c81d0e4`.
    """
    import hashlib  # noqa: PLC0415 - scans do not ask

    digest = hashlib.sha256()
    pack = built_in_pack()
    for path in sorted(each for each in pack.rglob("*") if each.suffix in _JUDGING):
        digest.update(path.relative_to(pack).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__}, sha256 {digest.hexdigest()[:12]}"
