"""Gives every cell its place: containers from the inside out, layers by a library.

Inside each container the cells are layered by Sugiyama's method, as Graphviz does it, by the
library fast-sugiyama, which has wheels for every platform and no dependencies. It knows nothing of
sizes, so its layers and their order are taken, and heights are ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from policyscan.report.html.scene import BAND, Arrangement, Arrow, Box, Cell, Line, Scene

LEAF: Final = (232, 46)
"""Width and height of a cell that holds no others, in pixels."""
_PADDING: Final = 18
_HEADER: Final = 30
_GAP: Final = 16
_STEP: Final = 32
_BETWEEN_LAYERS: Final = 64
_BETWEEN_PARTS: Final = 32
_MOST_LAYERED: Final = 200
_MOST_LINES: Final = 600
"""Cells and lines of one container beyond which nobody reads lines: they become a grid, which
takes next to no time to make."""
_UNIT: Final = 100
"""What the library takes for the height of a cell."""


class _Frame(Struct, frozen=True):
    """A cell of known size, with the places of those inside it."""

    cell: Cell
    width: int
    height: int
    inside: tuple[tuple[_Frame, int, int], ...] = ()


class _Part(Struct, frozen=True):
    """Frames that belong together, with their places in it."""

    width: int
    height: int
    inside: tuple[tuple[_Frame, int, int], ...]


_Links = dict[str, list[tuple[int, int]]]
"""By the key of a container: which of its cells point at which, by position."""


def placed(root: Cell, arrows: Sequence[Arrow]) -> Scene:
    """A scene of everything inside the root, which is not drawn itself."""
    where = dict(_places(root, ()))
    known = [each for each in arrows if each.source in where and each.target in where]
    frame = _framed(root, _links(root, where, known))
    boxes: list[Box] = []
    numbers: dict[str, int] = {}
    _collect(frame, (0, 0), -1, boxes, numbers)
    lines = (Line(numbers[a.source], numbers[a.target], a.kind, a.label) for a in known)
    return Scene(tuple(boxes), tuple(lines), frame.width, frame.height)


def size_of(cell: Cell) -> tuple[int, int]:
    """The width and height a cell takes where no lines matter."""
    frame = _framed(cell, {})
    return frame.width, frame.height


def _places(cell: Cell, path: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every key with the way to it from the root, by positions."""
    for position, each in enumerate(cell.cells):
        here = (*path, position)
        yield each.key, here
        yield from _places(each, here)


def _links(root: Cell, where: dict[str, tuple[int, ...]], arrows: Iterable[Arrow]) -> _Links:
    """Each arrow in the innermost container that holds both its ends."""
    found: dict[str, dict[tuple[int, int], None]] = {}
    for arrow in arrows:
        holder = root
        for near, far in zip(where[arrow.source], where[arrow.target], strict=False):
            if near != far:
                found.setdefault(holder.key, {})[near, far] = None
                break
            holder = holder.cells[near]
    return {key: list(pairs) for key, pairs in found.items()}


def _framed(cell: Cell, links: _Links) -> _Frame:
    is_drawn = cell.kind != BAND
    if not cell.cells:
        width, height = LEAF if is_drawn else (0, 0)
        return _Frame(cell, max(width, cell.least[0]), max(height, cell.least[1]))
    frames = [_framed(each, links) for each in cell.cells]
    match cell.arrangement:
        case Arrangement.LAYERS:
            part = _in_layers(frames, links.get(cell.key, []))
        case Arrangement.ROW:
            part = _in_a_row(frames)
        case Arrangement.COLUMN:
            part = _in_a_column(frames)
    around, above = (_PADDING, _HEADER) if is_drawn else (0, 0)
    return _Frame(
        cell,
        max(part.width + 2 * around, cell.least[0]),
        max(part.height + above + around, cell.least[1]),
        tuple((frame, left + around, top + above) for frame, left, top in part.inside),
    )


def _collect(
    frame: _Frame, at: tuple[int, int], parent: int, boxes: list[Box], numbers: dict[str, int]
) -> None:
    for inner, left, top in frame.inside:
        x, y = at[0] + left, at[1] + top
        if inner.cell.kind == BAND:
            _collect(inner, (x, y), parent, boxes, numbers)
            continue
        number = len(boxes)
        numbers.setdefault(inner.cell.key, number)
        boxes.append(Box(inner.cell, x, y, inner.width, inner.height, parent))
        _collect(inner, (x, y), number, boxes, numbers)


# -- one container ---------------------------------------------------------------------------------


def _in_layers(frames: list[_Frame], links: list[tuple[int, int]]) -> _Part:
    if len(frames) > _MOST_LAYERED or len(links) > _MOST_LINES:
        links = []
    joined = {end for link in links for end in link}
    loose = [frame for number, frame in enumerate(frames) if number not in joined]
    parts = [_layered(frames, layers) for layers in _layers(links)]
    parts.sort(key=lambda part: -len(part.inside))
    return _packed([*parts, *([_packed(map(_alone, loose), _GAP)] if loose else ())])


def _layers(links: list[tuple[int, int]]) -> Iterator[list[list[tuple[int, float]]]]:
    """Each connected part as layers of (frame, height it had best have)."""
    if not links:
        return
    from fast_sugiyama import from_edges  # noqa: PLC0415 - only drawings need it

    # Numbered without gaps: the library gives the numbers that follow to bends.
    ends = sorted({end for link in links for end in link})
    numbers = {end: number for number, end in enumerate(ends)}
    edges = [(numbers[source], numbers[target]) for source, target in links]
    for positions, *_ in from_edges(edges, vertex_spacing=_UNIT):
        layers: dict[float, list[tuple[int, float]]] = {}
        for number, (across, along) in positions:
            if isinstance(number, int) and number < len(ends):
                layers.setdefault(-along, []).append((ends[number], across))
        yield [sorted(layers[key], key=lambda each: (each[1], each[0])) for key in sorted(layers)]


def _layered(frames: Sequence[_Frame], layers: list[list[tuple[int, float]]]) -> _Part:
    """Layers side by side; one that is far too high is folded into several columns."""
    count = sum(map(len, layers))
    most = max(6, math.ceil(math.sqrt(3 * count)))
    unit = median(frames[number].height + _GAP for layer in layers for number, _ in layer) / _UNIT
    inside: list[tuple[_Frame, int, int]] = []
    left = 0
    for layer in layers:
        columns = math.ceil(len(layer) / most)
        rows = math.ceil(len(layer) / columns)
        for start in range(0, len(layer), rows):
            column = layer[start : start + rows]
            floor = -math.inf
            for number, across in column:
                wanted = across * unit - frames[number].height / 2
                top = max(wanted, floor) if columns == 1 else max(floor, 0)
                inside.append((frames[number], left, round(top)))
                floor = top + frames[number].height + _GAP
            left += max(frames[number].width for number, _ in column) + _GAP
        left += _BETWEEN_LAYERS - _GAP
    return _cut(inside)


def _cut(inside: list[tuple[_Frame, int, int]]) -> _Part:
    """Moved so that nothing is left of or above the corner."""
    first = min(top for _, _, top in inside)
    return _Part(
        max(left + frame.width for frame, left, _ in inside),
        max(top + frame.height for frame, _, top in inside) - first,
        tuple((frame, left, top - first) for frame, left, top in inside),
    )


def _alone(frame: _Frame) -> _Part:
    return _Part(frame.width, frame.height, ((frame, 0, 0),))


def _packed(parts: Iterable[_Part], gap: int = _BETWEEN_PARTS) -> _Part:
    """In rows, the whole about half as wide again as it is high."""
    every = list(parts)
    area = sum((part.width + gap) * (part.height + gap) for part in every)
    most = max(math.sqrt(1.6 * area), *(part.width for part in every))
    inside: list[tuple[_Frame, int, int]] = []
    left = top = height = 0
    for part in every:
        if left and left + part.width > most:
            left, top, height = 0, top + height + gap, 0
        inside += [(frame, left + x, top + y) for frame, x, y in part.inside]
        left, height = left + part.width + gap, max(height, part.height)
    return _cut(inside)


def _in_a_row(frames: list[_Frame]) -> _Part:
    inside, left = [], 0
    for frame in frames:
        inside.append((frame, left, 0))
        left += frame.width + _STEP
    return _cut(inside)


def _in_a_column(frames: list[_Frame]) -> _Part:
    inside, top = [], 0
    width = max(frame.width for frame in frames)
    for frame in frames:
        inside.append((frame, (width - frame.width) // 2, top))
        top += frame.height + _STEP
    return _cut(inside)
