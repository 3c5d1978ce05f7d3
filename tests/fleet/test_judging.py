"""The process that judges, and what one plan may do to it."""

# ruff: noqa: SLF001 - the process is nobody else's to see

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from policyscan.engine import CheckovState, built_in_pack, load_pack
from policyscan.engine.settings import Settings
from policyscan.errors import FleetError
from policyscan.fleet.judging import MAIN, Judge
from policyscan.fleet.messages import Work
from policyscan.fleet.recipe import MIB, Limits, Recipe, files_of, fingerprint
from tests.fleet.plans import corrupt, plan

Make = Callable[..., Judge]

RULE = '''"""Does what no rule should.

## Why
For tests.

## Fix
None.

## When unknown
Never.

## Source
None.
"""

from policyscan.rule import Rule, Severity

RULE = Rule("BAD001", "bad-rule", "BAD", Severity.LOW, "It does nothing bad", ("*",))


def check(platform, parameters):
    {body}
    return iter(())
'''


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Make]:
    """Makes judges, by a pack with a rule of this body beside the built-in one."""
    made: list[Judge] = []

    def make(body: str = "", **limits: float) -> Judge:
        packs = []
        if body:
            folder = tmp_path / "pack"
            folder.mkdir()
            (folder / "bad.py").write_text(RULE.format(body=body))
            packs = [folder]
        recipe = Recipe(
            Settings(),
            packs=tuple(map(files_of, packs)),
            unheard=str(CheckovState.LEFT_OUT),
            limits=replace(Limits(), **limits),
        )
        pack = load_pack(built_in_pack(), *packs)
        made.append(Judge(replace(recipe, rules=fingerprint(recipe, pack))))
        return made[-1]

    yield make
    for each in made:
        each.end()


def work(number: int = 0) -> Work:
    return Work(f"plan-{number}.json", plan(number))


def test_a_plan_that_takes_too_long_fails_and_the_next_one_is_judged(judge: Make) -> None:
    hangs = "import time; time.sleep(60 if platform.plan.name == 'plan-0.json' else 0)"
    judging = judge(hangs, seconds=8.0)
    assert judging.judged(work(1)).plan["outcome"] == "scanned"
    slow = judging.judged(work(0)).plan
    assert (slow["outcome"], slow["reason"]) == ("failed", "it took more than 8 s")
    assert judging.judged(work(2)).plan["outcome"] == "scanned"


def test_what_cannot_be_interrupted_is_ended_all_the_same(judge: Make) -> None:
    # A regular expression that takes for ever holds the interpreter all the while.
    judging = judge("import re; re.match('(a+)+$', 'a' * 60 + 'b')", seconds=5.0)
    assert judging.judged(work()).plan["reason"] == "it took more than 5 s"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="memory is bounded on Linux alone")
def test_a_plan_that_takes_too_much_memory_fails_and_the_next_one_is_judged(judge: Make) -> None:
    greedy = "platform.plan.name == 'plan-0.json' and bytearray(4 * 2**30)"
    judging = judge(greedy, memory=700 * MIB)
    row = judging.judged(work(0)).plan
    # A rule that crashes is an error of the plan, whatever crashes it: it is judged in part.
    assert row["outcome"] == "inconclusive"
    assert "MemoryError" in row["reason"]
    assert judging.judged(work(1)).plan["outcome"] == "scanned"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="memory is bounded on Linux alone")
def test_a_plan_too_large_for_the_memory_fails_with_that_reason(judge: Make) -> None:
    judging = judge(memory=400 * MIB)
    values = ", ".join(f'{{"a": {number}}}' for number in range(3_000_000))
    large = plan(0)[:-1] + b', "more": [' + values.encode() + b"]}"
    row = judging.judged(Work("large.json", large)).plan
    assert row["reason"] == "it needs more memory than 400 MiB; see --memory"
    assert judging.judged(work(1)).plan["outcome"] == "scanned"


def test_a_plan_that_kills_its_process_fails_and_the_next_one_is_judged(judge: Make) -> None:
    deadly = "import os; platform.plan.name == 'plan-0.json' and os.kill(os.getpid(), 9)"
    judging = judge(deadly)
    row = judging.judged(work(0)).plan
    assert row["outcome"] == "failed"
    assert row["reason"] == "judging it was ended by SIGKILL (memory, or somebody ended it)"
    assert judging.judged(work(1)).plan["outcome"] == "scanned"


def test_a_process_killed_by_somebody_else_costs_no_plan(judge: Make) -> None:
    judging = judge("import time; time.sleep(1)")
    judging.judged(work(0))
    process = judging._process
    assert process is not None
    killer = threading.Timer(0.3, os.kill, (process.pid, signal.SIGKILL))
    killer.start()
    assert judging.judged(work(1)).plan["outcome"] == "scanned"
    killer.join()
    assert judging._process is not process


def test_what_is_no_plan_fails_with_the_reason_the_scan_command_gives(judge: Make) -> None:
    judging = judge()
    reasons = [
        judging.judged(Work("x.json", corrupt(number))).plan["reason"] for number in range(10)
    ]
    assert all(reasons)
    assert not [each for each in reasons if "x.json" in each or "\n" in each]


def test_rules_other_than_those_meant_are_refused(judge: Make) -> None:
    judging = judge()
    judging._recipe = replace(judging._recipe, rules="others")
    with pytest.raises(FleetError, match="other rules"):
        judging.judged(work())


def test_500_plans_leave_nothing_behind(judge: Make) -> None:
    judging = judge()
    for number in range(100):
        judging.judged(work(number))
    process = judging._process
    assert process is not None
    before = resident(process.pid)
    for number in range(100, 500):
        judging.judged(work(number))
    assert judging._process is process
    assert resident(process.pid) < before * 1.1


def test_it_ends_with_the_one_that_asks(judge: Make) -> None:
    judging = judge()
    judging.judged(work())
    process = judging._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def test_it_does_not_begin_for_one_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    orphan = subprocess.Popen(
        [sys.executable, "-P", "-c", MAIN, str(gone.pid)], stdin=subprocess.PIPE
    )
    try:
        assert orphan.wait(20) == 0
    finally:
        orphan.kill()


def resident(pid: int) -> int:
    time.sleep(0.05)
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
