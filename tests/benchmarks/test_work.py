"""A scan executes what it did, and no more than in proportion to the plan."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

import pytest

from tests.benchmarks.gate import (
    COMMANDS,
    COUNTED_WITH,
    SHAPES,
    Growth,
    growth,
    instructions,
    more,
    read_work,
)
from tests.benchmarks.targets import GROWTH
from tests.required import missing, skip_if_left_out


def allowed(what: str) -> Mapping[str, float]:
    work = read_work()
    if work["counted with"] != COUNTED_WITH:
        missing(
            "VALGRIND", f"work.json was counted with {work['counted with']}, `make work` counts"
        )
    numbers: Mapping[str, float] = work[what]
    return numbers


@pytest.mark.parametrize("shape", SHAPES)
def test_a_scan_grows_with_the_plan_and_a_resource_takes_what_it_did(shape: str) -> None:
    found = growth(shape)
    steepest = "\n".join(found.steepest(10))
    assert found.exponent <= GROWTH, f"{shape}: these lines grow faster than the plan:\n{steepest}"
    most = allowed("lines for one more resource")[shape]
    told = more(f"lines for one more resource, {shape}", found.a_resource, most)
    assert not told, told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_takes_no_more_instructions_than_it_did(command: str) -> None:
    skip_if_left_out("VALGRIND")
    if shutil.which("valgrind") is None:
        missing("VALGRIND", "valgrind is not on PATH")
    most = allowed("instructions")[command]
    told = more(f"instructions, {command}", instructions(command), most)
    assert not told, told


def grown(**counted: Callable[[int], int]) -> Growth:
    """Plans of 20, 200 and 600 resources, and how often each line runs by their resources."""
    few, some, many = (
        {line: count(size) for line, count in counted.items()} for size in (20, 200, 600)
    )
    return Growth((20, 200, 600), (few, some, many))


@pytest.mark.parametrize(
    ("of_resources", "exponent"),
    [
        (lambda n: 1_000_000 + 7 * n, 1),
        (lambda n: 1_000_000 + 7 * n * n, 2),
        (lambda n: 1_000_000 + 1_000 * n + n * (n - 1) // 20, 1.68),
    ],
)
def test_growth_is_told_beyond_what_small_plans_show(
    of_resources: Callable[[int], int], exponent: float
) -> None:
    assert grown(a=of_resources).exponent == pytest.approx(exponent, abs=0.01)


def test_lines_that_grow_by_the_square_are_named() -> None:
    found = grown(a=lambda n: 100 * n, b=lambda n: n * n // 10)
    assert found.steepest(10) == ("b runs 40, 4,000, 36,000 times for 20, 200, 600",)


def test_more_than_the_margin_is_too_much() -> None:
    assert (more("lines", 104, 100), "10.0% more than the 100" in more("lines", 110, 100)) == (
        "",
        True,
    )
