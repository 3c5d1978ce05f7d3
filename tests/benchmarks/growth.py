"""Our scan and other tools on plans of any size, against reading the same file as JSON.

A turn is one cold process of each: of orjson, of a scan of next to nothing, of our scan, and, in
the first turns, of each other tool. Ratios are taken within a turn, and their medians are told.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.cold import Command, Run, median, run
from tests.benchmarks.figures import OURS, Grown, Timed
from tests.benchmarks.tools import Tool, scan

SIZES = (55, 300, 1_811, 5_000, 20_000, 100_000)
SHAPES = ("flat", "modules", "keyed")
LIMIT = 40.0
OUR_LIMIT = 300.0
START = "fixtures/rules/PS115/pass/plan.json"
LOADS = """
import gc, orjson, pathlib, sys, time
if sys.argv[2] == "uncollected": gc.disable()
text = pathlib.Path(sys.argv[1]).read_bytes()
begun = time.process_time()
kept = orjson.loads(text)
print(time.process_time() - begun)
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """CPU seconds of orjson with and without garbage collection; a start; our scan; the others."""

    loads: float
    uncollected: float
    start: Run
    ours: Run
    others: Mapping[str, Run]


def turns_for(size: int) -> tuple[int, int]:
    """How many turns, and in how many of them the other tools take part."""
    if size <= 55:
        return 5, 3
    return (5, 1) if size <= 1_811 else (3, 1) if size <= 20_000 else (1, 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was written: of which shape, the size asked for, how many resources it has."""

    path: Path
    shape: str
    size: int
    resources: int


def grow(
    sizes: Sequence[int], shapes: Sequence[str], tools: Sequence[Tool], limit: float
) -> Iterator[tuple[Grown, tuple[Timed, ...]]]:
    """Each shape in each size. A tool that came near its limit is not tried on larger plans."""
    with tempfile.TemporaryDirectory() as folder:
        for shape in shapes:
            left = tuple(tools)
            for size in sorted(sizes):
                plan = made(Path(folder) / "plan.json", shape, size)
                turns = _turns(plan, left, limit)
                ours, *others = _timed(plan, turns)
                yield _grown(plan, turns, ended=not ours.failure), (ours, *others)
                slow = {each.tool for each in others if each.failure or each.wall > limit / 4}
                left = tuple(each for each in left if each.name not in slow)
                if ours.failure:
                    break


def made(path: Path, shape: str, size: int) -> Plan:
    """Write a plan, in a process of its own so that this one stays small."""
    told = _output((sys.executable, "-m", "tests.benchmarks.grown", shape, str(size), str(path)))
    return Plan(path, shape, size, int(told))


def _output(command: Command) -> bytes:
    found = run(command, keeps_output=True)
    if found.exit_code:
        sys.exit(f"{' '.join(command)}: left with exit {found.exit_code}")
    return found.output


def _turns(plan: Plan, tools: Sequence[Tool], limit: float) -> tuple[Turn, ...]:
    total, with_others = turns_for(plan.size)
    run(scan(START))  # to warm up
    turns: list[Turn] = []
    for number in range(total):
        others = tools if number < with_others else ()
        turn = Turn(
            _loads(plan, "loads"),
            _loads(plan, "uncollected"),
            run(scan(START)),
            run(scan(plan.path), limit=OUR_LIMIT),
            {each.name: run(each.on(plan.path), limit=limit) for each in others},
        )
        turns.append(turn)
        if turn.ours.exit_code:
            break
    return tuple(turns)


def _loads(plan: Plan, how: str) -> float:
    return float(_output((sys.executable, "-c", LOADS, str(plan.path), how)))


def _grown(plan: Plan, turns: Sequence[Turn], *, ended: bool) -> Grown:
    beyond = [each.ours.cpu_seconds - each.start.cpu_seconds for each in turns]
    ratios = [over / each.loads for over, each in zip(beyond, turns, strict=True)]
    uncollected = [over / each.uncollected for over, each in zip(beyond, turns, strict=True)]
    return Grown(
        plan.shape,
        plan.size,
        plan.resources,
        plan.path.stat().st_size / 1e6,
        len(turns),
        median(each.loads for each in turns),
        median(each.uncollected for each in turns),
        *((median(beyond), median(ratios), median(uncollected)) if ended else ()),
    )


def _timed(plan: Plan, turns: Sequence[Turn]) -> Iterator[Timed]:
    """Our scan first, then the others."""
    yield _one(OURS, plan, [(each.ours, each.ours) for each in turns])
    for name in turns[0].others:
        pairs = [(each.others[name], each.ours) for each in turns if name in each.others]
        yield _one(name, plan, pairs)


def _one(tool: str, plan: Plan, pairs: Sequence[tuple[Run, Run]]) -> Timed:
    runs = [each for each, _ in pairs]
    return Timed(
        tool,
        plan.shape,
        plan.resources,
        median(each.seconds for each in runs),
        median(each.cpu_seconds for each in runs),
        median(each.megabytes for each in runs),
        median(each.seconds / ours.seconds for each, ours in pairs),
        next(filter(None, map(_failure, runs)), ""),
    )


def _failure(one: Run) -> str:
    """How a process ended when not well, empty when well, with findings or without."""
    if one.stopped:
        return f"more than {one.seconds:.0f} s"
    return "" if one.exit_code in {0, 1} else f"left with exit {one.exit_code}"
