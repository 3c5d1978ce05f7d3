"""No rule says a text that the plan marks sensitive, in any part of any finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.test_findings import FIXTURES, every_judgement, said

SECRET = "swordfish"  # noqa: S105 - what the fixtures hide
PLANS = tuple(
    sorted(
        main.parent / "plan.json"
        for main in (FIXTURES / "rules").rglob("main.tf")
        if SECRET in main.read_text(encoding="utf-8") and (main.parent / "plan.json").exists()
    )
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: "-".join(plan.parts[-3:-1]))
def test_no_finding_says_what_is_secret(plan: Path) -> None:
    leaks = [
        (each.rule.id, each.finding.address, text)
        for each in every_judgement(plan)
        for text in (*said(each), each.finding.fix)
        if SECRET in text.lower()
    ]
    assert leaks == []
