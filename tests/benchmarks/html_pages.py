"""What the page costs to make, to open and to look around in, from 60 to 10,000 resources.

`make bench-html`. Every page is opened in headless Chromium, without a graphics card. The view is
moved or zoomed a little for each frame, farther than what is drawn beforehand: told are the median
and the longest of the times between frames, and the CPU time of all processes of the browser, which
depends less on what else the machine does. Writes
docs/report-html-performance.md and never judges: machines differ.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.formats import rendered
from policyscan.report.scans import Report, Scan
from tests.benchmarks.blocks import block, change, document
from tests.report.browser import Opened, chromium, opened

PAGE = Path(__file__).resolve().parents[2] / "docs" / "report-html-performance.md"
SIZES = (60, 300, 2_000, 10_000)
MODULE = 20
MOST_OPEN = 2_000
FRAMES = 60
KINDS = ("aws_s3_bucket", "aws_subnet", "aws_ecs_service", "aws_iam_role", "aws_lb")

_FRAMES = """(does) => new Promise((done) => {
  const times = [];
  let n = 0;
  const step = (now) => {
    times.push(now);
    if (n++ > %d) {
      const gaps = times.slice(1).map((each, at) => each - times[at]).sort((a, b) => a - b);
      done([gaps[gaps.length >> 1], gaps[gaps.length - 1]]);
      return;
    }
    does(n);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
_MOVE = f"({_FRAMES % FRAMES})((n) => drawing.move(n % 60 < 30 ? 25 : -25, 3))"
_ZOOM = f"({_FRAMES % FRAMES})((n) => drawing.zoom(n % 40 < 20 ? 1.06 : 1 / 1.06))"


@dataclass(frozen=True, slots=True)
class Frame:
    """Milliseconds: the median and the longest between frames, and CPU of the browser for one."""

    gap: float
    longest: float
    cpu: float

    def __str__(self) -> str:
        return f"{1_000 / self.gap:.0f} fps, {self.longest:.0f} ms, {self.cpu:.0f} ms"


@dataclass(frozen=True, slots=True)
class Measured:
    """One page: CPU seconds to make it, its size, milliseconds to see it, and frames.

    `opened` are the frames with every module open, None where that is not tried.
    """

    size: int
    made: float
    kilobytes: int
    paint: float
    ready: float
    moves: tuple[Frame, ...]
    opened: tuple[Frame, ...]

    def row(self) -> str:
        """A row of the page's table."""
        cells = (
            f"{self.size:,}",
            f"{self.made:.2f} s",
            f"{self.kilobytes:,} KB",
            f"{self.paint:.0f} ms",
            f"{self.ready:.0f} ms",
            *map(str, self.moves),
            *(map(str, self.opened) if self.opened else ("", "")),
        )
        return f"| {' | '.join(cells)} |"


def modular(size: int) -> dict[str, Any]:
    """Instances of one module of twenty resources, each of which refers to two before it."""
    names = [f"{KINDS[number % len(KINDS)]}.r{number}" for number in range(MODULE)]
    changes = [
        change(name, None, f'module.app["{number}"]')
        for number in range(size // MODULE)
        for name in names
    ]
    inside = {
        "resources": [
            block(
                name,
                *(part for other in names[max(0, at - 2) : at] for part in (f"{other}.id", other)),
            )
            for at, name in enumerate(names)
        ]
    }
    call = {"source": "./m", "for_each_expression": {"references": ["var.keys"]}, "module": inside}
    return document(changes, {"module_calls": {"app": call}})


def measured(folder: Path) -> Iterator[Measured]:
    """Each size, in a browser of its own."""
    pack = load_pack(built_in_pack())
    for size in SIZES:
        plan = read_plan(json.dumps(modular(size)).encode(), "plan.json")
        outcome = judge(ResourceGraph(plan), pack, Settings())
        begun = time.process_time()
        text = rendered("html", Report((Scan(outcome, outcome.exit_code("high")),)))
        made = time.process_time() - begun
        path = folder / f"{size}.html"
        path.write_text(text, encoding="utf-8")
        with chromium() as browser, opened(browser, path) as page:
            paint = page.eval("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            ready = page.eval("performance.getEntriesByName('ready')[0].startTime")
            page.page.keyboard.press("Escape")
            moves = tuple(_frame(page, each) for each in (_MOVE, _ZOOM))
            frames: tuple[Frame, ...] = ()
            if size <= MOST_OPEN:
                page.eval("drawing.turnAll(false), drawing.fit()")
                frames = tuple(_frame(page, each) for each in (_MOVE, _ZOOM))
            if page.trouble:
                sys.exit(f"{size}: {page.trouble}")
        yield Measured(size, made, len(text.encode()) // 1_000, paint, ready, moves, frames)


def _frame(page: Opened, script: str) -> Frame:
    begun = _cpu_of_children()
    gap, longest = page.eval(script)
    return Frame(gap, longest, 1_000 * (_cpu_of_children() - begun) / FRAMES)


def _cpu_of_children() -> float:
    """CPU seconds of every process below this one."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        number = int(path.parent.name)
        parents[number], ticks[number] = int(fields[1]), sum(map(int, fields[11:15]))
    below = {os.getpid()}
    while found := {each for each, parent in parents.items() if parent in below} - below:
        below |= found
    return sum(ticks[each] for each in below - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


def page(rows: list[Measured]) -> str:
    """The page with every figure."""
    lines = (
        "# What the page costs",
        "",
        f"Written by `make bench-html` with Python {platform.python_version()} and headless",
        f"Chromium on {os.cpu_count()} cores, without a graphics card. The plans are instances of",
        f"a module of {MODULE} resources, each of which takes values from two others, and has",
        "findings. Frames are told by the median time between two, by the longest, in which the",
        "picture is drawn anew, and by the CPU time that all processes of the browser take for",
        "one: while the view moves, while it zooms, both as the page opens, and again with every",
        "module open, which a large plan does not begin with.",
        "On a machine that is busy with other things, only the CPU times tell something.",
        "",
        "| resources | made, CPU | file | first paint | drawn | move | zoom | open: move | zoom |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(each.row() for each in rows),
        "",
    )
    return "\n".join(lines)


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for each in measured(Path(folder)):
            rows.append(each)
            sys.stdout.write(f"{each.row()}\n")
            sys.stdout.flush()
    PAGE.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
