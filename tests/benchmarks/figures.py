"""What `make bench` measured, in `figures.json` beside this file, for the page to be made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

FIGURES = Path(__file__).with_name("figures.json")
OURS = "policyscan"
ONE_WORKER, TWO_WORKERS = "a fleet of one worker", "a fleet of two workers"
"""Ways of scanning many plans that are compared."""


@dataclass(frozen=True, slots=True)
class Start:
    """Medians of one command: seconds on the clock and of CPU, megabytes; how many bare Pythons."""

    command: str
    wall: float
    cpu: float
    peak: float
    bare: float


@dataclass(frozen=True, slots=True)
class Grown:
    """One plan: the size asked for and had, megabytes, CPU seconds of `orjson.loads` of it.

    `uncollected` are those with garbage collection off. The others are about our scan and None
    where that did not end: CPU seconds beyond those of a start, and how many times `loads` and
    `uncollected` that is, each a median of turns.
    """

    shape: str
    size: int
    resources: int
    megabytes: float
    turns: int
    loads: float
    uncollected: float
    beyond: float | None = None
    ratio: float | None = None
    ratio_uncollected: float | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """One tool on one plan: medians, `times` of our own seconds on the clock in the same turns.

    Where the tool did not end well, `failure` says how, and the figures mean nothing.
    """

    tool: str
    shape: str
    resources: int
    wall: float
    cpu: float
    peak: float
    times: float
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """Many small plans: how, how many, seconds of all workers and of CPU, plans a minute wanted.

    Where a scan did not end well, `failure` says how, and the figures mean nothing.
    """

    way: str
    plans: int
    wall: float
    cpu: float
    target: float | None
    failure: str = ""

    @property
    def a_minute(self) -> float:
        """Plans a minute and core: all processes take turns on the clock, or share CPU seconds."""
        return 0 if self.failure else 60 * self.plans / max(self.wall, self.cpu)


@dataclass(frozen=True, slots=True)
class Table:
    """A title, words on it, and rows of a name and cells, the first of which heads them."""

    title: str
    text: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All that one run measured, on how many cores; `versions` of tools, `missing` ones.

    `limit`: wall seconds after which another tool is stopped.
    """

    python: str
    cores: int
    limit: float
    versions: dict[str, str]
    missing: dict[str, str]
    starts: tuple[Start, ...]
    grown: tuple[Grown, ...]
    timed: tuple[Timed, ...]
    rates: tuple[Rate, ...]
    tables: tuple[Table, ...]


def read_figures(path: Path = FIGURES) -> Figures:
    """The figures that `write_figures` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Figures)


def write_figures(figures: Figures, path: Path = FIGURES) -> None:
    """As JSON, a figure a line at most."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
