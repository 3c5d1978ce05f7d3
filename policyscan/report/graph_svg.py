"""A resource graph as one SVG picture, which loads nothing and follows dark and light."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from policyscan.report.graph_selection import Selection
from policyscan.report.html.page import part
from policyscan.report.html.resources import resource_scene
from policyscan.report.html.scene import Box, Scene
from policyscan.report.html.signs import SIGNS, tone_of
from policyscan.report.screen import plain

_MARGIN = 8
_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path class="head" d="M0 0.5l7 3.5-7 3.5z"/></marker></defs>'
)


def render_graph_svg(selection: Selection) -> str:
    """Instances as boxes in their modules, an arrow from what depends to what it depends on."""
    scene = resource_scene(selection)
    return "\n".join(_lines(scene, frozenset(selection.focus))) + "\n"


def _lines(scene: Scene, focus: frozenset[str]) -> Iterator[str]:
    corner, width, height = -_MARGIN, scene.width + 2 * _MARGIN, scene.height + 2 * _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{corner} {corner} {width} {height}"'
        f' width="{width}" height="{height}" role="img" aria-label="Resource graph">'
    )
    yield f"<style>{part('colours.css')}{part('drawing.css')}</style>"
    yield _HEAD
    yield f'<rect class="paper" x="{corner}" y="{corner}" width="{width}" height="{height}"/>'
    frames = {each.parent for each in scene.boxes}
    for number, box in enumerate(scene.boxes):
        if number in frames:
            yield _frame(box)
    for line in scene.lines:
        d = _curve(scene.boxes[line.source], scene.boxes[line.target])
        title = f"<title>{_text(line.label)}</title>"
        yield f'<path class="line {line.kind}" d="{d}" marker-end="url(#head)">{title}</path>'
    for number, box in enumerate(scene.boxes):
        if number not in frames:
            yield _leaf(box, is_asked=box.cell.address in focus)
    yield "</svg>"


def _frame(box: Box) -> str:
    title = _text(_cut(box.cell.title, max(8, box.width // 9)))
    return (
        f'<g class="box frame" transform="translate({box.left} {box.top})">'
        f'<rect class="body" width="{box.width}" height="{box.height}" rx="10"/>'
        f'<text class="title" x="14" y="21">{title}</text></g>'
    )


def _leaf(box: Box, *, is_asked: bool) -> str:
    cell = box.cell
    tone = tone_of(cell.tone)
    sign, outline = SIGNS.get(cell.tone, ("?", SIGNS["no change"][1]))
    return (
        f'<g class="box leaf {tone}{" on" if is_asked else ""}"'
        f' transform="translate({box.left} {box.top})">'
        f"<title>{_text(f'{cell.address}, {cell.tone}')}</title>"
        f'<rect class="body" width="{box.width}" height="{box.height}" rx="6"/>'
        f'<path class="sign" d="{outline}" transform="translate(10 13)"/>'
        f'<text class="glyph" x="20" y="27.5">{sign}</text>'
        f'<text class="note" x="38" y="18">{_text(_cut(cell.note, 29))}</text>'
        f'<text class="name" x="38" y="35">{_text(_cut(cell.title, 24))}</text></g>'
    )


def _curve(source: Box, target: Box) -> str:
    """From the side of one box to the side of another that faces it, as the page bends it."""
    middles = [each.top + each.height / 2 for each in (source, target)]
    if source.left + source.width <= target.left:
        return _bent(source.left + source.width, middles[0], target.left, middles[1], 1)
    if target.left + target.width <= source.left:
        return _bent(source.left, middles[0], target.left + target.width, middles[1], -1)
    is_down = source.top + source.height <= target.top
    x1, x2 = (each.left + each.width / 2 for each in (source, target))
    y1 = source.top + (source.height if is_down else 0)
    y2 = target.top + (0 if is_down else target.height)
    half = (y1 + y2) / 2
    return f"M{x1:g} {y1:g}C{x1:g} {half:g} {x2:g} {half:g} {x2:g} {y2:g}"


def _bent(x1: float, y1: float, x2: float, y2: float, way: int) -> str:
    bow = way * max(24, abs(x2 - x1) / 2)
    return f"M{x1:g} {y1:g}C{x1 + bow:g} {y1:g} {x2 - bow:g} {y2:g} {x2:g} {y2:g}"


def _cut(text: str, most: int) -> str:
    """A text without its middle: names begin alike, and keys tell them apart."""
    if len(text) <= most:
        return text
    tail = int(most / 2.2)
    return f"{text[: most - tail - 1]}\u2026{text[-tail:]}"


def _text(text: str) -> str:
    return escape(plain(text))
