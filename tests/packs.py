"""Packs for tests: rule files as their authors write them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = '''"""A bucket must be there.

## Why
It is missed.

## Fix
Write one.

## When unknown
Never.

## Source
None.
"""
'''
"""A docstring with all that one needs; 14 lines of it."""


def write_pack(folder: Path, **files: str) -> Path:
    """A folder of rule files, each with a page in front unless it has one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        code = textwrap.dedent(text)
        page = "" if code.lstrip().startswith(('"""', "'''")) else PAGE
        (folder / f"{name}.py").write_text(page + code)
    return folder


def objections(file: Path) -> list[str]:
    """What ruff and mypy have against a rule file that lies outside of this project."""
    config = str(ROOT / "pyproject.toml")
    commands = (
        ("ruff", "format", "--check", "--config", config),
        # The project's own packs, which are no packages either, are told by their folder.
        ("ruff", "check", "--config", config, "--ignore", "INP001"),
        ("mypy", "--strict", "--cache-dir", str(file.parent / "cache")),
    )
    ran = [
        subprocess.run(
            [sys.executable, "-m", *command, str(file)],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        for command in commands
    ]
    return [done.stdout + done.stderr for done in ran if done.returncode]
