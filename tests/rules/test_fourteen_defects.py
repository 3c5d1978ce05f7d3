"""The rules find all that is wrong in `fixtures/fourteen_defects`, and claim nothing else.

Its `expected.json` tells each defect: whether it breaks the services, the addresses it lies
between, and which rules have to find it on which of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyscan.cli.commands import run

FOLDER = Path(__file__).parents[2] / "fixtures" / "fourteen_defects"
DEFECTS = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["defects"]
SEEDED = {
    (rule, address)
    for defect in DEFECTS
    for rule, addresses in defect["found_by"].items()
    for address in addresses
}
READINGS = {
    "by the plan alone": ("--no-source",),
    "with source": ("--replay", "never"),
    "by replay": ("--replay", "always"),
}


@pytest.fixture(params=READINGS)
def failures(request: pytest.FixtureRequest, tmp_path: Path) -> set[tuple[str, str]]:
    """Rule and address of each failure of a scan; the replay takes Terraform."""
    if request.param == "by replay":
        request.getfixturevalue("terraform")
    report = tmp_path / "report.json"
    plan = str(FOLDER / "plan.json")
    assert run([plan, *READINGS[request.param], "-f", "json", "-o", str(report)]) == 1
    verdicts = json.loads(report.read_text(encoding="utf-8"))["verdicts"]
    return {(each["rule"], each["address"]) for each in verdicts if each["verdict"] == "fail"}


def test_every_defect_is_found_and_nothing_else_is_claimed(failures: set[tuple[str, str]]) -> None:
    assert failures == SEEDED


def test_there_are_ten_breaking_defects_and_four_of_policy() -> None:
    breaks = [defect["breaks"] for defect in DEFECTS]
    assert (breaks.count(True), breaks.count(False)) == (10, 4)
    assert [defect["number"] for defect in DEFECTS] == list(range(1, 15))


def test_no_two_defects_are_found_by_the_same_verdict() -> None:
    claimed = sum(len(addresses) for defect in DEFECTS for addresses in defect["found_by"].values())
    assert claimed == len(SEEDED)


def test_a_defect_is_found_on_an_address_it_lies_at() -> None:
    elsewhere = [
        (defect["number"], address)
        for defect in DEFECTS
        for addresses in defect["found_by"].values()
        for address in set(addresses) - set(defect["at"])
    ]
    assert elsewhere == []


def test_the_source_marks_each_defect_by_its_number() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.tf")))
    unmarked = [each["number"] for each in DEFECTS if f"({each['number']})" not in text]
    assert unmarked == []
