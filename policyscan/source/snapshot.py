"""The configuration inside a saved plan -> a folder that is read, and planned, like any other.

Terraform keeps each module call's files as `tfconfig/m-KEY/FILE`, and in `tfconfig/modules.json`
where each of them stood. Only `.tf` and `.tf.json` files are kept, so what the configuration
read from other files is not at hand.
Source: hashicorp/terraform, internal/plans/planfile/config_snapshot.go.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.errors import SourceError
from policyscan.plan.decode import printable_name
from policyscan.plan.planfile import read_members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_CONFIGURATION: Final = 64 * 2**20
"""Bytes, unpacked; every module call counts, since a snapshot repeats its files."""

_PREFIX: Final = "tfconfig/"
_MANIFEST: Final = "tfconfig/modules.json"
_FILE: Final = re.compile(r"tfconfig/m-([^/]*)/([^/]+\.tf(?:\.json)?)")
_KEY: Final = re.compile(r"(?:[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)*)?")
_MOST_LEVELS: Final = 32
_LONGEST: Final = 1024
_LEVEL: Final = "above"
# Where a module stood outside of the root module's tree: with TF_DATA_DIR, say.
_ELSEWHERE: Final = ".terraform/elsewhere"
_DRIVE: Final = re.compile(r"^([A-Za-z]):/")


class _Call(Struct, frozen=True):
    """A module call of the manifest; `place` is its folder, seen from the root module."""

    key: str
    place: str
    source: str
    version: str

    def record(self) -> dict[str, str]:
        """The entry of `.terraform/modules/modules.json`. Source: internal/modsdir/record.go."""
        version = {"Version": self.version} if self.version else {}
        return {"Key": self.key, "Source": self.source, **version, "Dir": self.place}


def extract_snapshot(path: Path, into: Path, *, named: str | None = None) -> Path:
    """Write the configuration of the saved plan `path` below `into`; returns the root module.

    The root module gets a `.terraform/modules/modules.json`, so that both `read_source` and
    Terraform find every module. `into` is an empty folder that nobody else writes to; `named` is
    how messages call the plan.
    Raises PlanError: no saved plan, or one that is damaged or hostile. Raises SourceError: its
    list of modules and its files do not go together, or cannot be written.
    """
    shown = printable_name(named or str(path))
    members = dict(read_members(path, _PREFIX, named=named, limit=LARGEST_CONFIGURATION))
    if _MANIFEST not in members:
        raise SourceError(f"{shown}: the saved plan holds no configuration; give --source-dir")
    try:
        calls = _calls(json.loads(members.pop(_MANIFEST)))
        files = _files(members, calls)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SourceError(
            f"{shown}: the configuration in the saved plan is no list of modules with their "
            "files; make the plan anew, or give --source-dir"
        ) from None
    root = _root(into, calls)
    try:
        _write(root, calls, files)
    except (OSError, ValueError) as error:
        # ValueError: half a character in a name.
        reason = getattr(error, "strerror", None) or "a name that no folder can have"
        raise SourceError(
            f"{shown}: the configuration in the saved plan cannot be unpacked ({reason}); give "
            "--source-dir"
        ) from None
    return root


def _calls(manifest: Any) -> Mapping[str, _Call]:
    """Raises ValueError, KeyError, TypeError or AttributeError: this is no manifest."""
    [top] = [_slashed(each["Dir"]) for each in manifest if each["Key"] == ""]
    calls: dict[str, _Call] = {}
    for each in manifest:
        key = each["Key"]
        if key in calls or not _KEY.fullmatch(key):
            raise ValueError(key)
        place = _place(_slashed(each["Dir"]), top)
        calls[key] = _Call(key, place, str(each.get("Source", "")), str(each.get("Version", "")))
    return calls


def _slashed(directory: str) -> str:
    """A folder as written on any system: Windows leaves its own separators in the manifest."""
    return posixpath.normpath(_DRIVE.sub(r"/\1/", directory.replace("\\", "/")))


def _place(directory: str, top: str) -> str:
    """A module's folder, seen from the root module's. Raises ValueError: there is no such path."""
    for each in (directory, top):
        if "\0" in each or len(each) > _LONGEST or each.count("/") >= _MOST_LEVELS:
            raise ValueError(each)
    if directory.startswith("/") and not top.startswith("/"):
        return f"{_ELSEWHERE}/{directory.lstrip('/')}"
    # Two relative paths start at one unknown folder; names that neither holds stand for it.
    unknown = f"/{'_' * (_LONGEST + 1)}" * _MOST_LEVELS
    return posixpath.relpath(posixpath.join(unknown, directory), posixpath.join(unknown, top))


def _files(
    members: Mapping[str, bytes], calls: Mapping[str, _Call]
) -> Mapping[tuple[str, str], bytes]:
    """(folder, name) -> content. Raises ValueError: a file of no module, or two for one place."""
    files: dict[tuple[str, str], bytes] = {}
    for name, content in members.items():
        found = _FILE.fullmatch(name)
        if found is None or found[1] not in calls:
            raise ValueError(name)
        place = (calls[found[1]].place, found[2])
        # A module called twice is there twice, and the same both times.
        if files.setdefault(place, content) != content:
            raise ValueError(name)
    return files


def _root(into: Path, calls: Mapping[str, _Call]) -> Path:
    """Where the root module goes: as far down as modules stand above it."""
    parts = [call.place.split("/") for call in calls.values()]
    level = _LEVEL
    while any(level in place for place in parts):
        level += _LEVEL
    return into.joinpath(*[level] * max(place.count("..") for place in parts))


def _write(root: Path, calls: Mapping[str, _Call], files: Mapping[tuple[str, str], bytes]) -> None:
    manifest = root / ".terraform" / "modules" / "modules.json"
    manifest.parent.mkdir(parents=True)
    records = [call.record() for _, call in sorted(calls.items())]
    manifest.write_text(json.dumps({"Modules": records}), encoding="utf-8")
    for (place, name), content in files.items():
        (root / place).mkdir(parents=True, exist_ok=True)
        with (root / place / name).open("xb") as target:
            target.write(content)
