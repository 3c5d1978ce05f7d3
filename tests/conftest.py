"""What tests of several packages share."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def terraform() -> None:
    """Skip a test when terraform is missing; POLICYSCAN_REQUIRE_TERRAFORM=1 makes that a failure."""
    if shutil.which("terraform") is not None:
        return
    if os.environ.get("POLICYSCAN_REQUIRE_TERRAFORM") == "1":
        pytest.fail("terraform is not on PATH, and POLICYSCAN_REQUIRE_TERRAFORM=1 asks for it")
    pytest.skip("terraform is not on PATH")
