"""What tests of several packages share."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policyscan.bridges.home import Checkov, set_up
from policyscan.planner.fixtures import read_fixture
from policyscan.report import json_report
from tests.planfiles import save_plan
from tests.required import missing, skip_if_left_out
from tests.schema import flaws

ROOT = Path(__file__).resolve().parents[1]
HOME = "POLICYSCAN_CHECKOV_HOME"
NOWHERE = ROOT / ".no-checkov"
TESTED = "POLICYSCAN_TESTED_CHECKOV_HOME"

# A scan runs the Checkov it finds. What tests expect must not depend on whether the user has one,
# so only those that ask for the fixture `checkov_home` have. Workers inherit both variables.
os.environ.setdefault(TESTED, os.environ.get(HOME) or str(ROOT / ".venv-checkov-home"))
os.environ[HOME] = str(NOWHERE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--accept` rewrites golden reports and told findings from what is found now."""
    parser.addoption("--accept", action="store_true", help="rewrite golden files")


@pytest.fixture(autouse=True, scope="session")
def _valid_reports() -> Iterator[None]:
    """Every JSON report that a test has made in this process keeps to its published schema."""
    render = json_report.render_json

    def checked(documents: Sequence[dict[str, Any]]) -> Iterator[str]:
        text = "".join(render(documents))
        assert flaws(json.loads(text)) == []
        yield text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_report, "render_json", checked)
        yield


@pytest.fixture(scope="session")
def terraform() -> None:
    """Skip a test without terraform, or as POLICYSCAN_REQUIRE_TERRAFORM says."""
    skip_if_left_out("TERRAFORM")
    if shutil.which("terraform") is None:
        missing("TERRAFORM", "terraform is not on PATH")


@pytest.fixture(scope="session")
def checkov_python() -> Path:
    """The Python of Checkov's own environment; POLICYSCAN_CHECKOV_PYTHON names that of another.

    Skips a test without Checkov, or as POLICYSCAN_REQUIRE_CHECKOV says.
    """
    skip_if_left_out("CHECKOV")
    own = Path(__file__).resolve().parents[1] / ".venv-checkov" / "bin" / "python"
    python = Path(os.environ.get("POLICYSCAN_CHECKOV_PYTHON", own))
    if not python.exists():
        missing("CHECKOV", f"Checkov is not installed, {python} is missing: `make checkov`")
    return python


@pytest.fixture(scope="session")
def checkov() -> Checkov:
    """A Checkov that is set up, as `make checkov` leaves it.

    Skips a test without Checkov, or as POLICYSCAN_REQUIRE_CHECKOV says.
    """
    skip_if_left_out("CHECKOV")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME, os.environ[TESTED])
        found = set_up()
    if found is None:
        missing("CHECKOV", "Checkov is not set up: `make checkov`")
    return found


@pytest.fixture
def checkov_home(checkov: Checkov, monkeypatch: pytest.MonkeyPatch) -> Checkov:
    """Have scans find the Checkov that is set up."""
    monkeypatch.setenv(HOME, os.environ[TESTED])
    return checkov


@dataclass(frozen=True)
class SavedPlan:
    """A saved plan, what it was made of, and its JSON in normal form."""

    path: Path
    configuration: Path
    plan_json: bytes


@pytest.fixture(scope="session")
def saved_plans(
    terraform: None,  # noqa: ARG001 - skips
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], SavedPlan]:
    """The saved plan of a fixture such as `reference`, made when first asked for."""
    folder = tmp_path_factory.mktemp("saved")

    @cache
    def saved(name: str) -> SavedPlan:
        fixture = read_fixture(Path(__file__).resolve().parents[1] / "fixtures" / name)
        path = folder / name / "tfplan"
        path.parent.mkdir()
        plan_json = save_plan(
            fixture.configuration,
            path,
            fixture.inputs,
            after=fixture.after,
            destroy=fixture.destroy,
        )
        return SavedPlan(path, fixture.configuration.resolve(), plan_json)

    return saved


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
