"""Every file of the corpus beside the repository goes through the whole command."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli.commands import run

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
PLANS = {"plan", "plan-wrapped"}
WARNED = {"drift", "checks"}


def rows() -> list[dict[str, str]]:
    manifest = CORPUS / "MANIFEST.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def is_refused(row: dict[str, str]) -> bool:
    """What is no plan, a plan of an unsupported major version, or one cut short or redacted."""
    return row["kind"] not in PLANS or row["format_version"].startswith("2.")


@pytest.mark.skipif(not rows(), reason="the corpus is not beside the repository")
@pytest.mark.parametrize("row", rows(), ids=[row["local"] for row in rows()])
def test_a_corpus_file_is_judged_or_refused_in_one_line(
    row: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    code = run([str(CORPUS / row["local"]), "--no-source", "-f", "json", "-o", str(report)])
    said = capsys.readouterr().err
    if is_refused(row):
        assert code == 2
        assert len(said.splitlines()) == 1
        assert not report.exists()
        return
    assert said == ""
    document = json.loads(report.read_text())
    crashed = [each for each in document["verdicts"] if each["verdict"] == "error"]
    assert [each["rule"] for each in crashed if each["rule"] != "PS001"] == []
    assert document["plan"]["kind"] in kinds_of(row)
    assert code == document["summary"]["exit_code"]
    assert code in codes_of(document)
    if not WARNED & features(row) and row["format_version"] != "1.9":
        assert document["warnings"] == []


def features(row: dict[str, str]) -> set[str]:
    return set(row["features"].split(","))


def kinds_of(row: dict[str, str]) -> set[str]:
    """What sort of plan a row of the manifest describes."""
    actions = set(filter(None, row["actions"].split(",")))
    if "incomplete" in features(row):
        return {"incomplete"}
    if row["n_resource_changes"] == "0":
        # Some planners list planned values and no changes; what was read stands in the state.
        return {"empty", "refresh-only", "changes", "no-changes"}
    if actions == {"delete"}:
        return {"destroy"}
    return {"no-changes"} if actions <= {"no-op", "read"} else {"changes", "destroy"}


def codes_of(document: dict[str, Any]) -> set[int]:
    """The exit codes that may stand beside such verdicts: what nobody judged is not clean."""
    match document["plan"]["kind"]:
        case "incomplete" | "errored":
            return {2}
        case "empty" | "refresh-only":
            return {3}
    verdicts = {each["verdict"] for each in document["verdicts"] if each["rule"] != "PS001"}
    return {0, 1} if verdicts - {"na"} else {3}
