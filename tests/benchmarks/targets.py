"""What a scan is to keep to, and whether the figures do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.cold_start import HELP, VERSION
from tests.benchmarks.figures import ONE_WORKER, OURS, TWO_WORKERS, Figures, Grown

WALLS = {55: 0.30, 1_811: 0.8}
"""Seconds on the clock at most, by the size of the plan."""
STARTS = {VERSION: 0.08, HELP: 0.12}
GROWTH = 1.1
RATIO = 10
LARGE, LARGEST = 20_000, 100_000
PEAK = 3_000
TWICE = 1.7
EXPONENT_FROM = 300
"""Resources from which a scan takes enough more than a start for a slope to mean something."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A target, what was measured, and whether it holds: None where nothing was measured."""

    what: str
    target: str
    measured: str
    holds: bool | None


def slope(points: Iterable[tuple[float, float]]) -> float | None:
    """Of a straight line through the logarithms: 1 is linear, 2 square. None for under two."""
    logs = [(math.log(x), math.log(y)) for x, y in points if y > 0]
    if len(logs) < 2:
        return None
    middle_x, middle_y = (sum(each) / len(logs) for each in zip(*logs, strict=True))
    run = sum((x - middle_x) ** 2 for x, _ in logs)
    return sum((x - middle_x) * (y - middle_y) for x, y in logs) / run if run else None


def exponents(shape: Iterable[Grown]) -> list[float | None]:
    """How our CPU seconds beyond a start grow with the plans of a shape, as the only one.

    None where a scan did not end; nothing where there are not plans enough.
    """
    plans = [each for each in shape if each.size >= EXPONENT_FROM]
    ended = [(each.resources, each.beyond) for each in plans if each.beyond is not None]
    if len(ended) < len(plans):
        return [None]
    found = slope(ended)
    return [] if found is None else [found]


def outcomes(figures: Figures) -> Iterator[Outcome]:
    """Every target."""
    walls = {each.command: each.wall for each in figures.starts}
    for command, most in STARTS.items():
        yield _most(command, [walls.get(command)], most, "{:.2f} s")
    shapes = tuple(dict.fromkeys(each.shape for each in figures.grown))
    ours = {(e.shape, e.resources): e for e in figures.timed if e.tool == OURS and not e.failure}

    def of(size: int) -> list[Grown]:
        return [each for each in figures.grown if each.size == size]

    for size, most in WALLS.items():
        timed = [ours.get((each.shape, each.resources)) for each in of(size)]
        found = [each.wall if each else None for each in timed]
        yield _most(f"{size:,} resources, on the clock", found, most, "{:.2f} s")
    for shape in shapes:
        found = exponents(each for each in figures.grown if each.shape == shape)
        yield _most(f"growth exponent, {shape}", found, GROWTH, "{:.2f}")
    for size in (LARGE, LARGEST):
        what = f"{size:,} resources, beyond a start, to `orjson.loads`"
        yield _most(what, [each.ratio for each in of(size)], RATIO, "{:.1f}")
    peaks = [ours.get((each.shape, each.resources)) for each in of(LARGEST)]
    found = [each.peak if each else None for each in peaks]
    yield _most(f"{LARGEST:,} resources, peak of memory", found, PEAK, "{:,.0f} MB")
    for rate in figures.rates:
        if rate.target is not None:
            told = rate.failure or f"{rate.a_minute:.0f}"
            what = f"small plans a minute and core, {rate.way}"
            yield Outcome(what, f"≥ {rate.target:.0f}", told, rate.a_minute >= rate.target)
    yield from _of_two(figures)


def _of_two(figures: Figures) -> Iterator[Outcome]:
    """How many times as much two workers judge as one."""
    rates = {each.way: each.a_minute for each in figures.rates}
    if rates.get(ONE_WORKER) and TWO_WORKERS in rates:
        times = 2 * rates[TWO_WORKERS] / rates[ONE_WORKER]
        yield Outcome("two workers, to one", f"≥ {TWICE}", f"{times:.2f}", times >= TWICE)


def _most(what: str, found: Sequence[float | None], most: float, form: str) -> Outcome:
    """Each of what was found, one a shape, is to be `most`; a scan that did not end misses it."""
    told = ", ".join("-" if each is None else form.format(each) for each in found)
    held = all(each is not None and each <= most for each in found) if found else None
    return Outcome(what, f"≤ {form.format(most)}", told, held)
