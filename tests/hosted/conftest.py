"""Checkov, for the tests that have it host our pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosted.hosting import Checkov


@pytest.fixture(scope="session")
def checkov(checkov_python: Path) -> Checkov:
    """Checkov's command line; skips without it."""
    return Checkov(checkov_python)
