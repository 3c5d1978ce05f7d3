"""`--replay`: when the source is evaluated again, and what is said when it is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli.commands import run

ROOT = Path(__file__).resolve().parents[2]
CHOSEN = ROOT / "fixtures" / "variants" / "chosen"

pytestmark = pytest.mark.usefixtures("terraform")


@pytest.fixture
def scanned(capsys: pytest.CaptureFixture[str]) -> Any:
    """Scan with JSON, and open the report."""

    def scan(*arguments: str) -> dict[str, Any]:
        run([*arguments, "-f", "json"])
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return scan


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A plan with its source, to be changed."""
    folder = tmp_path / "copied"
    shutil.copytree(CHOSEN, folder)
    return folder


def unknown(document: dict[str, Any]) -> int:
    return int(document["summary"]["verdicts"]["unknown"])


def test_auto_replays_where_something_is_left_open(scanned: Any) -> None:
    plan = str(CHOSEN / "plan.json")
    without = scanned(plan, "--replay", "never")
    replayed = scanned(plan)
    assert without["summary"]["replay"] == {"used": False, "why": ""}
    assert replayed["summary"]["replay"] == {"used": True, "why": ""}
    assert unknown(without) > unknown(replayed) == 0


def test_auto_does_not_replay_what_is_proven_without(scanned: Any) -> None:
    document = scanned(str(CHOSEN / "plan.json"), "--select", "PS401")
    assert document["summary"]["replay"] == {"used": False, "why": ""}


def test_source_that_has_changed_is_not_used_and_the_report_says_so(
    scanned: Any, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = copied / "main.tf"
    text = source.read_text(encoding="utf-8")
    source.write_text(text + '\nresource "aws_s3_bucket" "late" {}\n', encoding="utf-8")
    document = scanned(str(copied / "plan.json"))
    assert document["summary"]["replay"]["used"] is False
    assert "aws_s3_bucket.late" in document["summary"]["replay"]["why"]
    assert unknown(document) > 0
    run([str(copied / "plan.json")])
    assert "Not replayed: " in capsys.readouterr().out


def test_always_without_source_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code = run([str(CHOSEN / "plan.json"), "--no-source", "--replay", "always"])
    assert code == 2
    assert "a replay needs the source; give --source-dir" in capsys.readouterr().err


def test_without_terraform_verdicts_stay_open_and_the_report_says_why(
    scanned: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    document = scanned(str(CHOSEN / "plan.json"))
    assert unknown(document) > 0
    assert "terraform is not on PATH" in document["summary"]["replay"]["why"]


def test_a_replay_gives_the_same_report_each_time(scanned: Any) -> None:
    plan = str(CHOSEN / "plan.json")
    assert scanned(plan, "--replay", "always") == scanned(plan, "--replay", "always")
