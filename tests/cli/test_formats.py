"""Several formats at once, as a CI job asks for them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from policyscan.report.formats import FORMATS
from tests.cli.commands import ROOT, run

BROKEN = ROOT / "fixtures" / "reference_broken" / "plan.json"
EARLY = ROOT / "fixtures" / "reference_phase_one" / "plan.json"


def asked(folder: Path) -> list[str]:
    return [part for name in FORMATS for part in ("-f", f"{name}={folder / name}")]


def test_one_run_writes_every_format_beside_the_text(tmp_path: Path) -> None:
    done = run(BROKEN, "-f", "text", *asked(tmp_path))
    assert done.returncode == 1
    assert done.stdout.decode() == (tmp_path / "text").read_text()
    found = {name: (tmp_path / name).read_text() for name in FORMATS}
    assert [name for name, text in found.items() if "PS101" not in text] == []
    assert [name for name, text in found.items() if text != text.rstrip("\n") + "\n"] == []


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        run(BROKEN, *asked(tmp_path / name))
    for name in FORMATS:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_plan_that_cannot_be_read_shows_in_every_format(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"format_version": "1.2", ')
    done = run(BROKEN, bad, EARLY, *asked(tmp_path))
    assert done.returncode == 2
    found = {name: (tmp_path / name).read_text() for name in FORMATS}
    assert [name for name, text in found.items() if "bad.json" not in text] == []
    log = json.loads(found["sarif"])
    successes = [run_["invocations"][0]["executionSuccessful"] for run_ in log["runs"]]
    assert successes == [True, False, True]
    suites = ET.fromstring(found["junit"])  # noqa: S314 - ours
    assert [suite.get("errors") for suite in suites] == ["0", "1", "0"]
    assert json.loads(found["gitlab"])[0]["check_name"] == "not-judged"
    assert found["github"].startswith("::error file=")
    assert "NOT JUDGED" in found["markdown"].splitlines()[0]


@pytest.mark.parametrize("folder", [".", "infra", "deep/er"])
def test_files_are_named_as_seen_from_the_top_of_the_repository(
    folder: str, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    here = tmp_path / folder
    here.mkdir(parents=True, exist_ok=True)
    (here / "main.tf").write_text('resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n')
    plan = json.loads((ROOT / "fixtures/rules/PS702/fail/plan.json").read_text())
    (here / "plan.json").write_text(json.dumps(plan))
    done = run("plan.json", "-f", "concise", "--no-source", cwd=here)
    prefix = "" if folder == "." else f"{folder}/"
    assert done.stdout.decode().startswith(f"{prefix}plan.json:1: ")
    assert str(tmp_path).encode() not in done.stdout
