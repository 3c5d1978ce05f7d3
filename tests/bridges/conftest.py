"""A Checkov that is set up, as `make checkov` leaves it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policyscan.bridges.home import Checkov, set_up

ROOT = Path(__file__).resolve().parents[2]
HOME = "POLICYSCAN_CHECKOV_HOME"


@pytest.fixture(scope="session")
def checkov() -> Checkov:
    """Skips a test without Checkov; POLICYSCAN_REQUIRE_CHECKOV=1 makes that a failure.

    0 leaves out every test that needs it.
    """
    required = os.environ.get("POLICYSCAN_REQUIRE_CHECKOV")
    if required == "0":
        pytest.skip("left out by POLICYSCAN_REQUIRE_CHECKOV=0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME, os.environ.get(HOME) or str(ROOT / ".venv-checkov-home"))
        found = set_up()
    if found is None:
        missing = "Checkov is not set up: `make checkov`"
        if required == "1":
            pytest.fail(f"{missing}, and POLICYSCAN_REQUIRE_CHECKOV=1 asks for it")
        pytest.skip(missing)
    return found
