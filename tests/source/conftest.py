"""Terraform folders made of a few lines each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from policyscan.source import Expression, Source, read_source

# Writes files by their names, and reads the folder as source.
Read = Callable[[Mapping[str, str | bytes]], Source]
# The expression of a local written as given.
Local = Callable[[str], Expression]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """A folder of the files given, read."""

    def written(files: Mapping[str, str | bytes]) -> Source:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_source(tmp_path)

    return written


@pytest.fixture
def local(read: Read) -> Local:
    """A local written as given, described."""

    def written(text: str) -> Expression:
        return read({"main.tf": f"locals {{\n  x = {text}\n}}\n"}).modules[()].locals["x"]

    return written
