"""A piece of a source file that knows where it stands."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from policyscan.errors import SourceError
from policyscan.plan.decode import printable_name
from policyscan.source.model import Span

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Text:
    """Characters of a file, the first of them on `line`.

    `file` is posix and relative to `root`, the source folder as the user gave it.
    """

    root: str
    file: str
    content: str
    line: int = 1

    def line_at(self, position: int) -> int:
        """Line of the file, from 1, at a position in this piece."""
        return self.line + self.content.count("\n", 0, position)

    def span(self, start: int, end: int) -> Span:
        """Lines of the file between two positions in this piece."""
        return Span(self.file, self.line_at(start), self.line_at(end))

    def cut(self, start: int, end: int) -> Text:
        """A smaller piece of the same file."""
        return Text(self.root, self.file, self.content[start:end], self.line_at(start))

    def error(self, position: int, message: str) -> SourceError:
        """An error at a position in this piece."""
        return error_at(self.root, self.span(position, position), message)


def error_at(root: str, span: Span, message: str) -> SourceError:
    """`infra/ecs.tf:12: message`, the file as seen from where the user stands."""
    path = PurePath(os.path.normpath(os.path.join(root, span.file)))  # noqa: PTH118 - lexical
    return SourceError(f"{printable_name(path.as_posix())}:{span.line}: {message}")


def read_text(root: str, file: str, path: Path) -> Text:
    """A file's characters, without a byte order mark and with plain line ends.

    Raises SourceError: it cannot be opened, or is not UTF-8, the only encoding of HCL.
    """
    top = Span(file, 1, 1)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise error_at(root, top, f"cannot be opened: {error.strerror}") from error
    try:
        characters = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = Span(file, line, line)
        raise error_at(root, place, "is not UTF-8; save the file as UTF-8") from error
    return Text(root, file, characters.replace("\r\n", "\n"))
