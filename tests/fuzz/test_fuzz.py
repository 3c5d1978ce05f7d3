"""A short fuzz run: real plans broken in some way are judged or refused, and nothing else.

`make fuzz MINUTES=10` does the same for longer, from other seeds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from policyscan.engine import PackRule
from tests.fuzz.mutate import mutated
from tests.fuzz.oracle import (
    ROOT,
    BrokenPromiseError,
    check,
    check_command,
    limited_time,
    load,
    plans,
)

Command = Callable[[list[str]], int]

HOSTILE = sorted((ROOT / "fixtures" / "hostile").glob("*.json"))


@cache
def pack() -> tuple[PackRule, ...]:
    return load()


@cache
def documents() -> list[dict[str, Any]]:
    return plans(with_corpus=False)


def case(seed: int) -> bytes:
    """The plan of a seed."""
    random = Random(seed)  # noqa: S311 - a case must follow from its seed
    return mutated(random.choice(documents()), random)


def scanned(seed: int) -> int:
    """The exit code for the case of a seed."""
    return check(case(seed), pack())


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
    path: Path, tmp_path: Path
) -> None:
    check_command(path.read_bytes(), tmp_path)


def test_a_broken_plan_leaves_the_command_with_a_report_or_one_line(tmp_path: Path) -> None:
    for seed in range(20):
        assert check_command(case(seed), tmp_path) == scanned(seed)


def test_the_fuzzer_reaches_refusals_findings_and_clean_plans() -> None:
    assert {scanned(seed) for seed in range(200)} >= {0, 1, 2}


def _end(
    code: int, *, said: str = "", report: str = "", beside: str = "", plan: str = ""
) -> Command:
    """A command that ends with a code, and leaves what is given."""

    def command(arguments: list[str]) -> int:
        folder = Path(arguments[0]).parent
        sys.stderr.write(said)
        for name, text in (("report.json", report), ("beside", beside), ("plan.json", plan)):
            if text:
                (folder / name).write_text(text)
        return code

    return command


CLEAN = '{"summary": {"exit_code": 0}}'


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (_end(4, report=CLEAN), "an exit code nobody knows"),
        (_end(1), "an end without a report"),
        (_end(1, report=CLEAN), "a report that tells another end"),
        (_end(0, report=CLEAN, said="by the way\n"), "a report that tells another end"),
        (_end(2, said="Traceback (most recent call last):\n"), "a crash"),
        (_end(2, said="policyscan: internal error, please report it: KeyError\n"), "a crash"),
        (_end(2), "a refusal that is not one line"),
        (_end(2, said="one\ntwo\n"), "a refusal that is not one line"),
        (_end(0, report=CLEAN, beside="x"), "a file nobody asked for"),
        (_end(2, said="one\n", plan="{}"), "a plan written to"),
    ],
)
def test_a_command_that_breaks_its_promise_is_found(
    command: Command, found: str, tmp_path: Path
) -> None:
    with pytest.raises(BrokenPromiseError, match=found):
        check_command(b"[]", tmp_path, command)


def test_a_command_that_keeps_its_promise_is_let_pass(tmp_path: Path) -> None:
    assert check_command(b"[]", tmp_path, _end(0, report=CLEAN)) == 0
    assert check_command(b"[]", tmp_path, _end(2, said="one line\n")) == 2


def test_a_scan_that_computes_for_too_long_is_stopped() -> None:
    with pytest.raises(BrokenPromiseError, match="computes for more"), limited_time(0.05):
        sum(1 for _ in iter(int, 1))


def test_a_scan_that_takes_too_much_memory_is_stopped() -> None:
    program = "from tests.fuzz.oracle import limit_memory\nlimit_memory()\nbytearray(2**30)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.stderr.splitlines()[-1] == "MemoryError"
