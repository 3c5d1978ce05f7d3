"""A short fuzz run: real plans broken in some way are judged or refused, and nothing else.

`make fuzz MINUTES=10` does the same for longer, from other seeds.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from policyscan.cli.commands import run
from policyscan.engine import PackRule
from tests.fuzz.mutate import mutated
from tests.fuzz.oracle import ROOT, check, load, plans

HOSTILE = sorted((ROOT / "fixtures" / "hostile").glob("*.json"))


@cache
def pack() -> tuple[PackRule, ...]:
    return load()


@cache
def documents() -> list[dict[str, Any]]:
    return plans(with_corpus=False)


def scanned(seed: int) -> int:
    """The exit code for the case of a seed."""
    random = Random(seed)  # noqa: S311 - a case must follow from its seed
    return check(mutated(random.choice(documents()), random), pack())


@settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    # A seed has no smaller cousin to look for.
    phases=(Phase.generate,),
)
@given(st.integers(0, 2**32))
def test_a_broken_plan_is_judged_or_refused(seed: int) -> None:
    scanned(seed)


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_case_found_once_is_judged_or_refused(path: Path) -> None:
    check(path.read_bytes(), pack())


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_case_found_once_leaves_the_command_with_a_report_or_one_line(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    code = run([str(path), "--no-source", "-f", "json", "-o", str(report)])
    said = capsys.readouterr().err
    assert "internal error" not in said
    if report.exists():
        assert json.loads(report.read_text())["summary"]["exit_code"] == code
    else:
        assert (code, len(said.splitlines())) == (2, 1)


def test_the_fuzzer_reaches_refusals_findings_and_clean_plans() -> None:
    assert {scanned(seed) for seed in range(200)} >= {0, 1, 2}
