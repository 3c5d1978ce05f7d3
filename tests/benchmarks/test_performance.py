"""docs/performance.md is made of the figures that were measured, and judges them as it says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.cold import run
from tests.benchmarks.figures import OURS, Figures, Grown, Rate, Timed, read_figures, write_figures
from tests.benchmarks.page import PAGE, PICTURE, page
from tests.benchmarks.plot import plot
from tests.benchmarks.targets import outcomes, slope


def figures_of(*plans: tuple[int, float, float]) -> Figures:
    """Flat plans: their sizes, and of our scan the seconds and the ratio."""
    return Figures(
        "3.11.7",
        2,
        40,
        {},
        {"pyrrho": "not installed"},
        (),
        tuple(
            Grown("flat", n, n, 1, 1, 1, 1, seconds, ratio, ratio) for n, seconds, ratio in plans
        ),
        tuple(Timed(OURS, "flat", n, seconds, seconds, 100, 1) for n, seconds, _ in plans),
        (Rate("a process each", 10, 5, 4, 150),),
        (),
    )


def outcome(figures: Figures, what: str) -> bool | None:
    (found,) = (each.holds for each in outcomes(figures) if each.what == what)
    return found


def test_the_page_and_the_picture_are_those_of_the_figures() -> None:
    figures = read_figures()
    assert PAGE.read_text(encoding="utf-8") == page(figures), "run `make bench BENCH=--page`"
    assert PICTURE.read_text(encoding="utf-8") == plot(figures), "run `make bench BENCH=--page`"


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_figures(read_figures(), tmp_path / "figures.json")
    assert read_figures(tmp_path / "figures.json") == read_figures()


@pytest.mark.parametrize(
    ("points", "found"), [([(10, 2), (20, 4)], 1.0), ([(10, 1), (20, 4), (40, 16)], 2.0)]
)
def test_a_slope_is_that_of_the_logarithms(points: list[tuple[int, int]], found: float) -> None:
    assert slope(points) == pytest.approx(found)


def test_one_plan_has_no_slope() -> None:
    assert slope([(10, 2)]) is None


@pytest.mark.parametrize(("seconds", "held"), [(2.0, True), (8.0, False)])
def test_a_target_holds_where_the_figure_keeps_to_it(seconds: float, held: bool) -> None:  # noqa: FBT001 - a parameter of pytest's
    figures = figures_of((1_811, 1.0, 1.0), (3_622, seconds, 1.0))
    assert outcome(figures, "growth exponent, flat") is held


def test_a_plan_that_was_not_measured_neither_holds_nor_misses_a_target() -> None:
    assert outcome(figures_of((300, 0.1, 1.0)), "1,811 resources, on the clock") is None


def test_a_scan_that_did_not_end_misses_every_target() -> None:
    figures = figures_of((20_000, 1.0, 1.0), (100_000, 1.0, 1.0))
    timed, grown = figures.timed[-1], figures.grown[-1]
    stopped = replace(
        figures,
        timed=(figures.timed[0], replace(timed, failure="more than 300 s")),
        grown=(figures.grown[0], replace(grown, beyond=None, ratio=None, ratio_uncollected=None)),
    )
    ratio = "100,000 resources, beyond a start, to `orjson.loads`"
    for what in (ratio, "100,000 resources, peak of memory", "growth exponent, flat"):
        assert (outcome(figures, what), outcome(stopped, what)) == (True, False)
    assert "more than 300 s" in page(stopped)


def test_the_page_says_what_is_missing_of_sizes_and_tools() -> None:
    made = page(figures_of((300, 0.1, 1.0)))
    assert "only 300." in made
    assert "pyrrho is left out, not installed" in made


def test_a_process_is_stopped_at_its_limit() -> None:
    stopped = run((sys.executable, "-c", "import time; time.sleep(60)"), limit=0.2)
    assert stopped.stopped
    assert stopped.seconds < 30
