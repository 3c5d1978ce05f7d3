"""Asking git about a repository: nothing the repository brings is run, nothing is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_OFFLINE = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def ask_git(
    folder: Path, *arguments: str, asked: bytes = b""
) -> subprocess.CompletedProcess[bytes] | None:
    """What git answers in a folder, whether it fails or not; None where there is no git."""
    if (git := shutil.which("git")) is None:
        return None
    # Those of a hook name the repository and the index of the commit that is being made.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(  # noqa: S603 - no shell, and the executable is looked up
        [git, "-c", "core.fsmonitor=false", *arguments],
        cwd=folder,
        env={**kept, **_OFFLINE},
        input=asked,
        capture_output=True,
        check=False,
    )
