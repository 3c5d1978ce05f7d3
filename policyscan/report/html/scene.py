"""What is drawn: boxes inside boxes and lines between them, placed, whatever they stand for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

BAND: Final = "band"


class Arrangement(StrEnum):
    """How the cells inside a cell are placed.

    `LAYERS`: from what depends, at the left, to what it depends on; cells without a line fill up
    rows. `ROW` and `COLUMN`: one after the other.
    """

    LAYERS = "layers"
    ROW = "row"
    COLUMN = "column"


class Cell(Struct, frozen=True):
    """Something to draw, before it has a place.

    `key` is what no other cell is called, and `address` what it stands for, "" for nothing of the
    plan. `kind` says what it is and `tone` what becomes of it; style and script know both. A `BAND`
    only keeps together what is in it, and is not drawn. `least` is the width and height it has at
    least, in pixels.
    """

    key: str
    kind: str
    title: str = ""
    note: str = ""
    tone: str = ""
    address: str = ""
    cells: tuple[Cell, ...] = ()
    arrangement: Arrangement = Arrangement.LAYERS
    least: tuple[int, int] = (0, 0)


class Arrow(Struct, frozen=True):
    """A line from one cell to another, by their keys."""

    source: str
    target: str
    kind: str
    label: str = ""


class Box(Struct, frozen=True):
    """A cell with its place: pixels from the upper left corner of the scene.

    `parent` is the index of the box it stands in, -1 for none.
    """

    cell: Cell
    left: int
    top: int
    width: int
    height: int
    parent: int


class Line(Struct, frozen=True):
    """An arrow by the indices of its boxes."""

    source: int
    target: int
    kind: str
    label: str


class Scene(Struct, frozen=True):
    """Boxes, each behind the one it stands in, and lines, in the order they are drawn."""

    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    width: int = 0
    height: int = 0
