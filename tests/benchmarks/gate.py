"""What scans may execute: `work.json` beside this file, written by `make work`.

The growth of a shape is told by three plans of it. Counts are exact, so the polynomial of second
degree through the three is too, and tells how it goes on to plans that would take too long to
count: what runs for every pair of something is seen long before it costs much.
"""

from __future__ import annotations

import json
import math
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from policyscan.plan.read import LARGE
from tests.benchmarks import blocks, grown
from tests.benchmarks.grown import text_of
from tests.benchmarks.tools import ALONE, FLAGS
from tests.benchmarks.work import Lines, instructions_of, lines_of

WORK = Path(__file__).with_name("work.json")
COUNTED_WITH = f"Python {'.'.join(platform.python_version_tuple()[:2])} on {platform.machine()}"
MARGIN = 1.05
SIZES = (140, 210, 420)
FROM, TO = 20_000, 100_000
"""Between which sizes the growth of the whole is told."""
SHAPES: dict[str, Callable[[int], dict[str, Any]]] = {
    each.__name__: each for each in (*grown.SHAPES, blocks.everything)
}
COMMANDS = {"start": ("--version",), "small plan": ("fixtures/reference/plan.json", *FLAGS, ALONE)}


@dataclass(frozen=True, slots=True)
class Growth:
    """Resources and lines of three plans of one shape, the smallest first."""

    resources: tuple[int, int, int]
    lines: tuple[Lines, Lines, Lines]

    @property
    def a_resource(self) -> float:
        """Lines that one more resource takes, from the second plan to the third."""
        _, few, many = (sum(each.values()) for each in self.lines)
        return (many - few) / (self.resources[2] - self.resources[1])

    @property
    def exponent(self) -> float:
        """How lines beyond a start grow between FROM and TO, were it for ever: 1 is linear."""
        counts = [sum(each.values()) for each in self.lines]
        few, many = (_beyond_start(self.resources, counts, size) for size in (FROM, TO))
        return math.log(many / few) / math.log(TO / FROM)

    def steepest(self, most: int) -> tuple[str, ...]:
        """The lines that would run by the square above all, those first that do most often."""
        often = [each for each, count in self.lines[2].items() if count >= self.resources[2]]
        square = {line: _square(self.resources, self._of(line)) for line in often}
        steep = [each for each in often if square[each] * TO > self._of(each)[2] / SIZES[2]]
        steep.sort(key=lambda line: (-square[line], line))
        plans = ", ".join(f"{each:,}" for each in self.resources)
        return tuple(
            f"{line} runs {', '.join(f'{each:,}' for each in self._of(line))} times for {plans}"
            for line in steep[:most]
        )

    def _of(self, line: str) -> tuple[int, ...]:
        return tuple(each.get(line, 0) for each in self.lines)


def _slopes(sizes: Sequence[int], counts: Sequence[int]) -> tuple[float, float]:
    one, other = (
        (counts[at + 1] - counts[at]) / (sizes[at + 1] - sizes[at]) for at in range(len(sizes) - 1)
    )
    return one, other


def _square(sizes: Sequence[int], counts: Sequence[int]) -> float:
    """The factor of the square in the one polynomial of second degree through three points."""
    one, other = _slopes(sizes, counts)
    return (other - one) / (sizes[2] - sizes[0])


def _beyond_start(sizes: Sequence[int], counts: Sequence[int], size: int) -> float:
    """That polynomial without its constant part."""
    square = _square(sizes, counts)
    linear = _slopes(sizes, counts)[0] - square * (sizes[0] + sizes[1])
    return linear * size + square * size * size


@cache
def growth(shape: str) -> Growth:
    """Scan three plans of a shape."""
    counted = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            plan = SHAPES[shape](size)
            path = Path(folder) / "plan.json"
            # Large plans are read in another way than small ones, and so are these.
            path.write_text(text_of(plan) + "\n" * LARGE, encoding="utf-8")
            counted.append((len(plan["resource_changes"]), lines_of(path)))
    (few, first), (some, second), (many, third) = counted
    return Growth((few, some, many), (first, second, third))


def instructions(command: str) -> int:
    """Count one of COMMANDS."""
    return instructions_of(*COMMANDS[command])


def more(what: str, count: float, allowed: float) -> str:
    """What to say of a count that is above what is allowed, empty when it is not."""
    if count <= allowed * MARGIN:
        return ""
    return (
        f"{what}: {count:,.0f}, which is {count / allowed - 1:.1%} more than the {allowed:,.0f} of"
        f" {WORK.name}. Make it cheaper; or, where what it brings is worth that, `make work` writes"
        " the numbers anew, and the commit says why"
    )


def read_work() -> Mapping[str, Any]:
    """With what was counted, lines by shape, instructions by command."""
    work: Mapping[str, Any] = json.loads(WORK.read_text(encoding="utf-8"))
    return work


def main() -> None:
    work = {
        "counted with": COUNTED_WITH,
        "lines for one more resource": {each: round(growth(each).a_resource) for each in SHAPES},
        "instructions": {each: instructions(each) for each in COMMANDS},
    }
    WORK.write_text(json.dumps(work, indent=2) + "\n", encoding="utf-8")
    for shape in SHAPES:
        found = growth(shape)
        told = "\n  ".join((f"{shape}: grows by {found.exponent:.2f}", *found.steepest(10)))
        sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
