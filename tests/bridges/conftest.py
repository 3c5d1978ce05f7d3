"""A Checkov that is set up, as `make checkov` leaves it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policyscan.bridges.home import Checkov, set_up
from tests.bridges.homes import HOME
from tests.required import missing, skip_if_left_out

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def checkov() -> Checkov:
    """Skips a test without Checkov, or as POLICYSCAN_REQUIRE_CHECKOV says."""
    skip_if_left_out("CHECKOV")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME, os.environ.get(HOME) or str(ROOT / ".venv-checkov-home"))
        found = set_up()
    if found is None:
        missing("CHECKOV", "Checkov is not set up: `make checkov`")
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's Checkov would live; nothing is there."""
    path = tmp_path / "cache" / "checkov"
    monkeypatch.setenv(HOME, str(path))
    return path
