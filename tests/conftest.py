"""What tests of several packages share."""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--accept` rewrites golden reports and expected verdicts from what is found now."""
    parser.addoption("--accept", action="store_true", help="rewrite golden files")


@pytest.fixture(scope="session")
def terraform() -> None:
    """Skip a test without terraform; POLICYSCAN_REQUIRE_TERRAFORM=1 makes that a failure."""
    if shutil.which("terraform") is not None:
        return
    if os.environ.get("POLICYSCAN_REQUIRE_TERRAFORM") == "1":
        pytest.fail("terraform is not on PATH, and POLICYSCAN_REQUIRE_TERRAFORM=1 asks for it")
    pytest.skip("terraform is not on PATH")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured: each `record_property("figure", text)` on a line of its own."""
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    figures = [
        str(text) for each in reports for name, text in each.user_properties if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
        for figure in sorted(figures):
            terminalreporter.line(figure)
