"""What tests of setting Checkov up share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bridges.homes import HOME


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's Checkov would live; nothing is there."""
    path = tmp_path / "cache" / "checkov"
    monkeypatch.setenv(HOME, str(path))
    return path
