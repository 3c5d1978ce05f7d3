"""Every file of the corpus of real plans and look-alikes is read or refused as it should be."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from policyscan.errors import PlanError
from policyscan.plan.decode import decode, read_bytes

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
MANIFEST = CORPUS / "MANIFEST.tsv"

REFUSALS = {
    "state": "a state (`terraform show -json` without a plan file)",
    "empty-state": "an empty state or an empty provider schema",
    "invalid-json": " at byte ",
    # None of these has format_version, three being HCP Terraform's redacted plans.
    "plan-partial": "format_version",
    "negative:array": "a JSON array of plans",
    "negative:empty": "an empty file",
    "negative:human-plan-text": "the text `terraform plan` prints for people",
    "negative:human-plan-text-ansi": "the text `terraform plan` prints for people",
    "negative:plan-stream-jsonl": "the JSON lines that `terraform plan -json` streams",
    "negative:raw-tfstate-v4": "a raw state file (tfstate)",
}


def _rows() -> list[dict[str, str]]:
    if not MANIFEST.is_file():
        return []
    with MANIFEST.open(encoding="utf-8", newline="") as manifest:
        return list(csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = _rows()
PLANS = [
    row
    for row in ROWS
    if row["kind"] in {"plan", "plan-wrapped"} and row["format_version"] != "2.0"
]
UNSUPPORTED = [row for row in ROWS if row["kind"] == "plan" and row["format_version"] == "2.0"]
LOOK_ALIKES = [row for row in ROWS if row["kind"] in REFUSALS]

pytestmark = pytest.mark.skipif(
    not ROWS, reason="the corpus is not at ../shared/corpus beside the repository"
)


def _path(row: dict[str, str]) -> str:
    return row["local"]


def _refusal(row: dict[str, str]) -> str:
    with pytest.raises(PlanError) as refused:
        decode(read_bytes(str(CORPUS / row["local"])), row["local"])
    return str(refused.value)


def test_every_row_of_the_manifest_is_a_plan_or_a_look_alike() -> None:
    assert sorted(map(_path, [*PLANS, *UNSUPPORTED, *LOOK_ALIKES])) == sorted(map(_path, ROWS))


@pytest.mark.parametrize("row", PLANS, ids=_path)
def test_a_plan_of_the_corpus_is_decoded(row: dict[str, str]) -> None:
    plan = decode(read_bytes(str(CORPUS / row["local"])), row["local"])
    assert plan["format_version"] == row["format_version"]
    assert isinstance(plan["planned_values"], dict)


@pytest.mark.parametrize("row", LOOK_ALIKES, ids=_path)
def test_a_look_alike_of_the_corpus_is_refused_in_one_line(row: dict[str, str]) -> None:
    message = _refusal(row)
    assert message.startswith(row["local"] + ": ")
    assert len(message.splitlines()) == 1
    assert REFUSALS[row["kind"]] in message


@pytest.mark.parametrize("row", UNSUPPORTED, ids=_path)
def test_a_plan_of_an_unsupported_major_version_is_refused(row: dict[str, str]) -> None:
    message = _refusal(row)
    assert message.startswith(row["local"] + ": format_version 2.0 is not supported")
    assert len(message.splitlines()) == 1
