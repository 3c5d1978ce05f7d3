"""`policyscan --version`: of what a verdict depends on, and quick."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policyscan import __version__
from policyscan.bridges.home import Checkov, catalogue_of, stamp
from tests.cli.commands import ROOT, run


def lines(*arguments: str, **env: Any) -> list[str]:
    done = run(*arguments, **env)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


def made_home(folder: Path, *, is_whole: bool = True) -> str:
    folder.mkdir()
    if is_whole:
        catalogue_of(folder).write_text("{}")
        checkov = Checkov(sys.executable, "3.3.30", True, "", str(catalogue_of(folder)))  # noqa: FBT003
        stamp(folder, checkov)
    return str(folder)


def test_it_names_policyscan_its_rules_and_checkov(tmp_path: Path) -> None:
    home = made_home(tmp_path / "home")
    first, rules, checkov = lines("--version", POLICYSCAN_CHECKOV_HOME=home)
    assert first == f"policyscan {__version__}"
    assert re.fullmatch(rf"rules {re.escape(__version__)}, sha256 [0-9a-f]{{12}}", rules)
    assert checkov == "Checkov 3.3.30"


def test_it_says_that_checkov_is_not_set_up_or_cannot_be_used(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert lines("--version", POLICYSCAN_CHECKOV_HOME=nowhere)[2] == (
        "Checkov not set up: `policyscan setup`"
    )
    half = made_home(tmp_path / "half", is_whole=False)
    assert lines("--version", POLICYSCAN_CHECKOV_HOME=half)[2] == (
        f"Checkov cannot be used: {half}: Checkov is only half set up; run `policyscan setup`"
    )


def test_other_arguments_before_it_change_nothing() -> None:
    assert lines("--version", "--version") == lines("--version")


def test_the_rules_have_another_version_as_soon_as_one_of_them_changes(tmp_path: Path) -> None:
    for name in ("policyscan", "rules", "constraints"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "pyproject.toml").touch()

    def version() -> str:
        return lines("--version", PYTHONPATH=str(tmp_path), cwd=tmp_path)[1]

    before = version()
    assert before == lines("--version")[1]
    rule = next((tmp_path / "rules" / "net").glob("*.py"))
    rule.write_text(rule.read_text() + "\n# changed\n")
    assert version() != before


@pytest.mark.parametrize("module", ["click", "yaml", "networkx", "policyscan.engine", "msgspec"])
def test_it_loads_nothing_that_a_scan_is_made_of(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "policyscan", "--version"],
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    loaded = [line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()]
    assert module not in loaded
    assert "policyscan.cli.version" in loaded
