"""How findings are told: every word of them, for the fixtures that keep it in `told.txt`.

A fixture takes part by having the file; `pytest --accept` rewrites it. Read the diff as text that
somebody in trouble will read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from policyscan.engine import Judgement
from policyscan.rule import Certainty
from tests.rules.test_fixtures import FOLDERS, judged

TOLD = tuple(folder for folder in FOLDERS if (folder / "told.txt").exists())


def lines_of(judgement: Judgement) -> Iterator[str]:
    """A finding as a reader meets it, without what is empty."""
    finding = judgement.finding
    sure = "" if finding.certainty is Certainty.PROVEN else ", inferred"
    strikes = f", strikes at {finding.strikes}" if finding.strikes else ""
    yield f"{finding.address}: {finding.verdict} ({judgement.severity}{sure}{strikes})"
    yield f"  {finding.message}"
    step, leads_to = finding.decisive
    if step.attribute:
        yield f"  decided by {' -> '.join(filter(None, (step.attribute, leads_to)))}"
    for step in finding.path:
        yield f"  - {step.address} {step.attribute} {step.note}".rstrip()
    for note in finding.notes:
        yield f"  {note.level}: {note.text}"
    for name in ("symptom", "cause", "fix", "snippet"):
        for line in str(getattr(finding, name)).splitlines():
            yield f"  {name}: {line}"


@pytest.mark.parametrize("folder", TOLD, ids=[f"{each.parent.name}-{each.name}" for each in TOLD])
def test_a_finding_is_told_as_accepted(folder: Path, request: pytest.FixtureRequest) -> None:
    told = "\n".join(line for each in judged(folder) for line in (*lines_of(each), "")) + "\n"
    if request.config.getoption("--accept"):
        (folder / "told.txt").write_text(told, encoding="utf-8")
    assert told == (folder / "told.txt").read_text(encoding="utf-8")
