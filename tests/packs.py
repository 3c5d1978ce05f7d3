"""Packs for tests: rule files as their authors write them."""

from __future__ import annotations

import textwrap
from pathlib import Path

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
