"""A piece of a source file that knows where it stands."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from policyscan.errors import SourceError
from policyscan.plan.decode import printable_name
from policyscan.source.model import Span, shown_path

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE: Final = 16 * 2**20
"""Bytes. What people and generators write is far below."""


_END: Final = re.compile("\n")


class Text(Struct, frozen=True):
    """Characters of a file, the first of them on `line` at `column`.

    `file` is posix and relative to `root`, the source folder as the user gave it. `ends` are the
    positions of its line ends and its own, once a line or a column was asked for.
    """

    root: str
    file: str
    content: str
    line: int = 1
    column: int = 1
    ends: list[int] = []

    def line_at(self, position: int) -> int:
        """Line of the file, from 1, at a position in this piece."""
        return self.line + self._lines_before(position)

    def column_at(self, position: int) -> int:
        """Column of the file, from 1, at a position in this piece."""
        before = self._lines_before(position)
        return position - self.ends[before - 1] if before else self.column + position

    def _lines_before(self, position: int) -> int:
        # To count them anew for each block would take longer the longer the file is.
        if not self.ends:
            self.ends.extend(found.start() for found in _END.finditer(self.content))
            self.ends.append(len(self.content))
        return bisect_left(self.ends, position)

    def span(self, start: int, end: int) -> Span:
        """What stands in the file between two positions in this piece."""
        return Span(
            self.file,
            self.line_at(start),
            self.line_at(end),
            self.column_at(start),
            self.column_at(end),
        )

    def cut(self, start: int, end: int) -> Text:
        """A smaller piece of the same file."""
        content = self.content[start:end]
        return Text(self.root, self.file, content, self.line_at(start), self.column_at(start))

    def error(self, position: int, message: str) -> SourceError:
        """An error at a position in this piece."""
        return error_at(self.root, self.span(position, position), message)


def error_at(root: str, span: Span, message: str) -> SourceError:
    """`infra/ecs.tf:12: message`, the file as seen from where the user stands."""
    return SourceError(f"{printable_name(shown_path(root, span.file))}:{span.line}: {message}")


def read_text(root: str, file: str, path: Path) -> Text:
    """A file's characters, without a byte order mark and with plain line ends.

    Raises SourceError: it cannot be opened, is larger than LARGEST_FILE, or is not UTF-8, the only
    encoding of HCL.
    """
    top = Span(file, 1, 1)
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise error_at(root, top, f"cannot be opened: {error.strerror}") from error
    if len(content) > LARGEST_FILE:
        raise error_at(root, top, f"is larger than {LARGEST_FILE} bytes; no configuration is")
    try:
        characters = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = Span(file, line, line)
        raise error_at(root, place, "is not UTF-8; save the file as UTF-8") from error
    return Text(root, file, characters.replace("\r\n", "\n"))
