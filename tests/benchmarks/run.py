"""Measures all that docs/performance.md tells, and writes it: `make bench`.

`--sizes 55,300 --turns 3` measures less; the page then says so. `--page` makes the page again of
the figures that are there.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

from tests.benchmarks.cold_start import starts
from tests.benchmarks.figures import Figures, Grown, Timed, read_figures, write_figures
from tests.benchmarks.growth import LIMIT, SHAPES, SIZES, grow
from tests.benchmarks.page import PAGE, PICTURE, page
from tests.benchmarks.planning_cost import planning
from tests.benchmarks.plot import plot
from tests.benchmarks.replay_cost import replays
from tests.benchmarks.rules_cost import rules
from tests.benchmarks.throughput import rates
from tests.benchmarks.tools import at_hand, version_of


def main() -> None:
    """Measure, or only write the page."""
    arguments = _arguments()
    if not arguments.page:
        write_figures(measured(arguments.sizes, arguments.shapes, arguments.turns, arguments.limit))
    figures = read_figures()
    PAGE.write_text(page(figures), encoding="utf-8")
    PICTURE.write_text(plot(figures), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    def numbers(text: str) -> tuple[int, ...]:
        return tuple(map(int, text.split(",")))

    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=numbers, default=SIZES, help="resources, with commas")
    parser.add_argument("--shapes", type=lambda text: text.split(","), default=SHAPES)
    parser.add_argument("--turns", type=int, default=15, help="for a start; others take fewer")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for other tools")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    return parser.parse_args()


def measured(sizes: tuple[int, ...], shapes: tuple[str, ...], turns: int, limit: float) -> Figures:
    """Everything, from the shortest to the longest."""
    few = max(1, turns // 3)
    tools, missing = at_hand()
    _tell("starts, the parts of a scan")
    began = starts(turns)
    tables = (rules(few), replays(few), planning(few))
    grown: list[Grown] = []
    timed: list[Timed] = []
    for plan, others in grow(sizes, shapes, tools, limit):
        grown.append(plan)
        timed.extend(others)
        told = (f"{each.tool} {each.failure or f'{each.wall:.2f} s'}" for each in others)
        _tell(f"{plan.shape}, {plan.resources:,} resources: {', '.join(told)}")
    # Last, since an S3 server makes this process large, which hides the peaks of smaller ones.
    _tell("many small plans")
    many = tuple(rates(2 * turns))
    return Figures(
        platform.python_version(),
        os.cpu_count() or 1,
        limit,
        {each.name: version_of(each) for each in tools},
        missing,
        began,
        tuple(grown),
        tuple(timed),
        many,
        tables,
    )


def _tell(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


if __name__ == "__main__":
    main()
