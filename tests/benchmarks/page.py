"""docs/performance.md and its picture, made of figures and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from tests.benchmarks.cold import ROOT
from tests.benchmarks.figures import OURS, Figures, Grown, Table, Timed
from tests.benchmarks.growth import SIZES
from tests.benchmarks.targets import EXPONENT_FROM, outcomes, slope

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.svg"

_HEAD = """\
# Performance

Written by `make bench` with Python {python} on {cores} cores. Every command is a cold process with
bytecode at hand, all rules, report in JSON. A peak of memory that is told with ≤ is hidden by that
of what measures. Machines differ and may be busy: compare the ratios, each measured within one turn
of all commands, of which the median is told."""

_PART = """
> This is part of what `make bench` measures: of the sizes {all}, only {had}."""

_TARGETS = """
## What is aimed at

Where several figures are told, they are those of the plans flat, modules and keyed, as below."""

_STARTS = """
## Before there is much to scan

The reference plan has 74 resources; medians of turns."""

_GROWN = """
## As plans grow

![Seconds on the clock over resources](performance.svg)

Plans are fixtures that Terraform planned, repeated with their configuration until they have about
so many resources: all in one module (flat), a call for each copy (modules), one call with
`for_each` (keyed). `orjson.loads` reads the same file, in CPU seconds, as Python starts, and with
garbage collection off, as our scan has it. The ratios are to these, of what our scan takes in CPU
seconds beyond one of next to nothing; the target is for the first. The exponent is the slope of the
logarithms to the plan before, 1 for linear; the growth exponent above is that over all plans from
{exponent_from} resources on."""

_TIMED = """
## Beside others

Seconds on the clock and peak of memory of the largest process, on the same plans in the same turns;
in brackets how many times our own seconds. Each brings other rules and looks for other
things, as [peers.md](peers.md) tells; terraform-compliance brings none and is given
[four scenarios](../tests/benchmarks/compliance/platform.feature). A process is stopped
after {limit:.0f} s; a tool that took more than a quarter of that is not tried on larger plans."""

_RATES = """
## Many small plans

Plans of about 55 resources, every shape alike: each in a process of its own, and in fleets once
they have started, by the difference between few plans and many. Seconds are those of each worker;
what starts the fleet and, for S3, the server share the cores with them."""

_LAST = """
## What keeps it so

- Libraries are loaded by what needs them: networkx for paths, rich for terminals, YAML for
  configurations, python-hcl2 for source: `tests/cli/test_start.py` sees to it.
- No more of the source is read than a rule looks at.
- What many resources ask of a plan is told once, by the models in `rule`; an expression is followed
  once for all instances of its block.
- Garbage is not collected during a scan, and JSON is laid out by msgspec.
- Tests count what a scan executes, and fail where that grows faster than the plan or becomes more
  than it was: `tests/benchmarks/test_work.py`. `make work` counts anew, for a change that is worth
  more work.
"""


def page(figures: Figures) -> str:
    """The page in Markdown."""
    parts = [_HEAD.format(python=figures.python, cores=figures.cores)]
    had = sorted({each.size for each in figures.grown})
    if tuple(had) != SIZES:
        parts.append(_PART.format(all=_sizes(SIZES), had=_sizes(had)))
    parts += [_TARGETS, *_table(_outcomes(figures), "-::-")]
    parts += [_STARTS, *_table(_starts(figures), "-::::")]
    parts += [_GROWN.format(exponent_from=EXPONENT_FROM), *_table(_grown(figures), "-:::::::::::")]
    parts += [_timed_head(figures), *_timed(figures)]
    parts += [_RATES, *_table(_rates(figures), "-:::::")]
    for each in figures.tables:
        parts += [f"\n## {each.title}\n\n{each.text}", *_laid_out(each)]
    return "\n".join((*parts, _LAST))


def _sizes(sizes: Iterable[int]) -> str:
    return ", ".join(f"{each:,}" for each in sizes)


def _table(rows: Iterable[Sequence[str]], aligned: str) -> Iterator[str]:
    """Rows below a line of titles; `:` for each column of figures, `-` for one of words."""
    titles, *others = rows
    rule = ["---:" if each == ":" else "---" for each in aligned]
    yield ""
    for cells in (titles, rule, *others):
        yield f"| {' | '.join(cells)} |"


def _laid_out(table: Table) -> Iterator[str]:
    return _table(table.rows, "-" + ":" * (len(table.rows[0]) - 1))


def _outcomes(figures: Figures) -> Iterator[tuple[str, ...]]:
    yield "", "target", "measured", "holds"
    for each in outcomes(figures):
        told = {True: "holds", False: "**does not**", None: "not measured"}[each.holds]
        yield each.what, each.target, each.measured, told


def _starts(figures: Figures) -> Iterator[tuple[str, ...]]:
    yield "command", "wall", "CPU", "peak", "CPU, to a bare Python"
    least = min((each.peak for each in figures.starts), default=0)
    for each in figures.starts:
        yield (
            each.command,
            f"{each.wall:.3f} s",
            f"{each.cpu:.3f} s",
            _peak(each.peak, least),
            f"{each.bare:.1f}",
        )


def _grown(figures: Figures) -> Iterator[tuple[str, ...]]:
    yield (
        *("plan", "resources", "file", "loads", "loads, no GC", "scan, CPU", "wall", "peak"),
        *("ratio", "ratio, no GC", "exponent", "turns"),
    )
    ours = {(each.shape, each.resources): each for each in figures.timed if each.tool == OURS}
    for _, shape in groupby(figures.grown, key=lambda each: each.shape):
        before: Grown | None = None
        for each in shape:
            yield _grown_row(each, ours[each.shape, each.resources], before, _least(figures))
            before = each


def _least(figures: Figures) -> float:
    """The peak of memory that every process is told to have: that of what measures."""
    return min((each.peak for each in figures.timed if not each.failure), default=0)


def _peak(megabytes: float, least: float) -> str:
    """What is hardly more than the least is not known."""
    return f"{'≤ ' if megabytes < 1.01 * least else ''}{megabytes:,.0f} MB"


def _grown_row(plan: Grown, ours: Timed, before: Grown | None, least: float) -> tuple[str, ...]:
    known = (plan.shape, f"{plan.resources:,}", f"{plan.megabytes:.1f} MB")
    loads = (f"{plan.loads:.3f} s", f"{plan.uncollected:.3f} s")
    if ours.failure or plan.ratio is None or plan.ratio_uncollected is None:
        return (*known, *loads, ours.failure, "", "", "", "", "", str(plan.turns))
    steps = [each for each in (before, plan) if each and each.size >= EXPONENT_FROM]
    step = slope((each.resources, each.beyond or 0) for each in steps)
    return (
        *known,
        *loads,
        f"{ours.cpu:.2f} s",
        f"{ours.wall:.2f} s",
        _peak(ours.peak, least),
        f"{plan.ratio:.1f}",
        f"{plan.ratio_uncollected:.1f}",
        "" if step is None else f"{step:.2f}",
        str(plan.turns),
    )


def _timed_head(figures: Figures) -> str:
    there = (f"- {name} {version}".rstrip() for name, version in figures.versions.items())
    missing = (f"- {name} is left out, {why}" for name, why in figures.missing.items())
    return "\n".join((_TIMED.format(limit=figures.limit), "", *there, *missing))


def _timed(figures: Figures) -> Iterator[str]:
    """A table: a row for each plan, a column for each tool."""
    least = _least(figures)
    cells = {(each.tool, each.shape, each.resources): _cell(each, least) for each in figures.timed}
    tools = tuple(dict.fromkeys((OURS, *(each.tool for each in figures.timed))))
    rows = [("plan", "resources", *tools)]
    for plan in figures.grown:
        found = (cells.get((tool, plan.shape, plan.resources), "not tried") for tool in tools)
        rows.append((plan.shape, f"{plan.resources:,}", *found))
    return _table(rows, "-:" + ":" * len(tools))


def _cell(timed: Timed, least: float) -> str:
    if timed.failure:
        return timed.failure
    times = "" if timed.tool == OURS else f" ({timed.times:.1f})"
    return f"{timed.wall:.2f} s{times}, {_peak(timed.peak, least)}"


def _rates(figures: Figures) -> Iterator[tuple[str, ...]]:
    yield "how", "plans", "wall", "CPU", "a minute and core", "target"
    for each in figures.rates:
        target = "" if each.target is None else f"{each.target:.0f}"
        if each.failure:
            yield each.way, "", "", "", each.failure, target
            continue
        wall, cpu = (f"{seconds / each.plans:.3f} s a plan" for seconds in (each.wall, each.cpu))
        yield each.way, str(each.plans), wall, cpu, f"{each.a_minute:.0f}", target
