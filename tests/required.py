"""What becomes of tests whose tool is not there: `POLICYSCAN_REQUIRE_<tool>` says.

Unset, they are skipped; 1 makes that a failure; 0 leaves them out even where the tool is.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_if_left_out(tool: str) -> None:
    """Skip where nobody wants the tests of a tool, such as `TERRAFORM`."""
    variable = f"POLICYSCAN_REQUIRE_{tool}"
    if os.environ.get(variable) == "0":
        pytest.skip(f"left out by {variable}=0")


def missing(tool: str, what: str) -> NoReturn:
    """Skip, or fail where the tool has to be there; `what` says what is not."""
    variable = f"POLICYSCAN_REQUIRE_{tool}"
    if os.environ.get(variable) == "1":
        pytest.fail(f"{what}, and {variable}=1 asks for it")
    pytest.skip(what)
