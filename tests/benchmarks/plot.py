"""The picture of the page: seconds over resources, both by powers of ten, a line a tool and shape.

The drawing depends on the figures alone. It brings its background along, light or dark as the
reader's browser has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.benchmarks.figures import Figures

WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM = 72, 250, 24, 56
COLOURS = ("#d9480f", "#1c7ed6", "#7048e8", "#2b8a3e", "#c2255c", "#0b7285", "#868e96")
DARK = ("#ff922b", "#4dabf7", "#9775fa", "#51cf66", "#f783ac", "#22b8cf", "#adb5bd")
DASHES = {"flat": "", "modules": "7 4", "keyed": "2 4"}
LOADS = "orjson.loads"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """From one power of ten to another, on so many pixels."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value."""
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    @property
    def powers(self) -> range:
        """Of ten, where lines of the grid are."""
        return range(self.low, self.high + 1)


def lines_of(figures: Figures) -> dict[tuple[str, str], list[Point]]:
    """Tool and shape to resources and wall seconds; of orjson, CPU seconds."""
    lines: dict[tuple[str, str], list[Point]] = {}
    for each in figures.timed:
        if not each.failure:
            point = (float(each.resources), each.wall)
            lines.setdefault((each.tool, each.shape), []).append(point)
    for plan in figures.grown:
        point = (float(plan.resources), plan.loads)
        lines.setdefault((LOADS, plan.shape), []).append(point)
    return lines


def plot(figures: Figures) -> str:
    """The picture as SVG."""
    lines = lines_of(figures)
    points = [point for line in lines.values() for point in line]
    across = _axis((x for x, _ in points), LEFT, WIDTH - RIGHT)
    up = _axis((y for _, y in points), HEIGHT - BOTTOM, TOP)
    tools = tuple(dict.fromkeys(tool for tool, _ in lines))
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Seconds on the clock over resources, for each tool and shape of plan</title>",
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        *_grid(across, up),
        *(
            _line(line, DASHES.get(shape, ""), tools.index(tool), across, up)
            for (tool, shape), line in lines.items()
        ),
        *_legend(tools, tuple(dict.fromkeys(shape for _, shape in lines))),
        "</svg>",
        "",
    )
    return "\n".join(parts)


def _axis(values: Iterable[float], start: float, end: float) -> Axis:
    logs = [math.log10(each) for each in values]
    low = math.floor(min(logs))
    return Axis(low, max(math.ceil(max(logs)), low + 1), start, end)


def _style() -> str:
    def scheme(page: str, text: str, grid: str, colours: tuple[str, ...]) -> str:
        tools = "".join(f".t{at}{{stroke:{each};fill:{each}}}" for at, each in enumerate(colours))
        return f".page{{fill:{page}}}text{{fill:{text}}}.grid{{stroke:{grid}}}{tools}"

    light = scheme("#ffffff", "#343a40", "#dee2e6", COLOURS)
    dark = scheme("#0d1117", "#ced4da", "#30363d", DARK)
    always = "text{font:13px sans-serif}.key{stroke:#868e96}"
    return f"{always}{light}@media(prefers-color-scheme:dark){{{dark}}}"


def _grid(across: Axis, up: Axis) -> Iterator[str]:
    for power in across.powers:
        x = across.at(10.0**power)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield _text(x, HEIGHT - BOTTOM + 20, f"{10**power:,}", "middle")
    for power in up.powers:
        y = up.at(10.0**power)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 8, y + 4, f"{10.0**power:g} s", "end")
    yield _text((across.start + across.end) / 2, HEIGHT - 14, "resources", "middle")


def _line(line: list[Point], dash: str, tool: int, across: Axis, up: Axis) -> str:
    places = [(across.at(x), up.at(y)) for x, y in line]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    return (
        f'<g class="t{tool}"><path d="M{path}" fill="none" stroke-width="2"'
        f' stroke-dasharray="{dash}"/>{dots}</g>'
    )


def _legend(tools: tuple[str, ...], shapes: tuple[str, ...]) -> Iterator[str]:
    x, y = WIDTH - RIGHT + 24, TOP + 12
    for at, tool in enumerate(tools):
        yield f'<path class="t{at}" d="M{x} {y}h28" stroke-width="4"/>'
        yield _text(x + 38, y + 4, tool, "start")
        y += 22
    y += 14
    for shape in shapes:
        yield (
            f'<path class="key" d="M{x} {y}h28" stroke-width="2"'
            f' stroke-dasharray="{DASHES.get(shape, "")}"/>'
        )
        yield _text(x + 38, y + 4, shape, "start")
        y += 22


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
