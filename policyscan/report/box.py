"""Lines of source as a terminal shows them: numbered, the part that matters marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from policyscan.report.screen import Style, plain

if TYPE_CHECKING:
    from policyscan.source import Span

_BAR = "\u2502"


def boxed(lines: Sequence[str], span: Span, style: Style) -> Iterator[str]:
    """The first lines of a span and how many more there are; a span of one line is underlined."""
    for number, line in enumerate(lines, span.line):
        yield f"{style.faint(f'{number:>5} {_BAR}')} {_shown(line, len(line))}".rstrip()
        if span.line == span.end_line:
            lead = columns_of(_shown(line, span.column - 1))
            marks = "^" * max(columns_of(_shown(line, span.end_column - 1)) - lead, 1)
            yield f"{style.faint(f'      {_BAR}')} {' ' * lead}{style.bad(marks)}"
    if lines and (more := span.end_line - span.line + 1 - len(lines)):
        yield style.faint(f"      {_BAR} ... {more} more {'line' if more == 1 else 'lines'}")


def _shown(line: str, end: int) -> str:
    """The characters of a line before a column, as they come to stand."""
    return plain(line[:end].expandtabs())


def columns_of(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for one that combines."""
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )
