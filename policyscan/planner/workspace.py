"""Workspaces: which one a folder is in, and what they may be called."""

from __future__ import annotations

import re
from pathlib import Path

from policyscan.errors import PlannerError
from policyscan.planner.request import DATA_FOLDER

SELECTION = Path(DATA_FOLDER, "environment")
"""Where Terraform keeps the name of the selected workspace, seen from the root module."""

_DEFAULT = "default"
_NAME = re.compile(r"[\w-][\w.-]{0,89}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CLOUD = re.compile(
    r'(?:^[ \t]*cloud[ \t]*\{|"cloud"\s*:\s*\[?\s*\{)(?:[^{}]|\{[^{}]*\})*?'
    r'(?:\bworkspaces[ \t]*\{|"workspaces"\s*:\s*\[?\s*\{)[^{}]*?"?\bname"?\s*[=:]\s*"([^"$]+)"',
    re.MULTILINE,
)


def selected_workspace(folder: Path, data_folder: str = DATA_FOLDER) -> str:
    """The workspace selected in a root module, "" for the default one.

    One that belongs to a single workspace of HCP Terraform is always in that.
    Source: command/meta_backend.go, cloud/backend.go.
    """
    if (folder / data_folder / SELECTION.name).is_file():
        return written_selection(folder, data_folder)
    files = [*folder.glob("*.tf"), *folder.glob("*.tf.json")]
    named = map(_cloud_workspace, sorted(filter(Path.is_file, files)))
    return _other(next(filter(None, named), ""))


def written_selection(folder: Path, data_folder: str = DATA_FOLDER) -> str:
    """The workspace that Terraform, or we, have written down as the selected one."""
    selection = folder / data_folder / SELECTION.name
    return _other(selection.read_text(errors="replace").strip()) if selection.is_file() else ""


def _other(name: str) -> str:
    """A name, "" for that of the default workspace and what is none."""
    return name if _NAME.fullmatch(name) and name != _DEFAULT else ""


def checked(name: str) -> str:
    """A workspace's name as a flag gives it, "" for the default one.

    Raises PlannerError: no workspace can be called so.
    """
    if name in {"", _DEFAULT}:
        return ""
    if not _NAME.fullmatch(name):
        raise PlannerError(
            f"workspace {name!r}: no workspace can be called so; give letters, digits, -, _ and "
            "., 90 at most"
        )
    return name


def _cloud_workspace(file: Path) -> str:
    text = _COMMENT.sub("", file.read_text(encoding="utf-8", errors="replace"))
    found = _CLOUD.search(text)
    return found[1] if found else ""
