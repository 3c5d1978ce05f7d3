"""Comments that say of a block what is not to be reported: ours, and those for Checkov."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from policyscan.source.model import Comment
from policyscan.source.scan import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policyscan.source.declaration import Declaration
    from policyscan.source.text import Text

OURS: Final = "policyscan:"
_CHECKOVS: Final = re.compile(r"(?:checkov|bridgecrew|cortex):skip=.*")
"""What Checkov looks for, anywhere in a line. Source: checkov/common/comment/enum.py."""
_MARKS: Final = (OURS, ":skip=")
_FRAME: Final = "#/* \t"


class _Remark(NamedTuple):
    """A comment for a program, and the line of code that it is about.

    That is its own line where code stands on it, else the one below its run of comment lines.
    """

    text: str
    line: int
    about: int


def comments(text: Text, declared: Iterable[tuple[str, Declaration]]) -> Iterator[Comment]:
    """The comments of a file for this program and for Checkov, each with the block it is about.

    `declared` are the blocks of the file in order, by the addresses that name them.
    """
    # Most files hold none, and to split every file into tokens takes longer than all of the rest.
    if not any(mark in text.content for mark in _MARKS):
        return
    spans = [(each.span.line, each.span.end_line, address) for address, each in declared]
    starts = [line for line, _, _ in spans]
    for remark in _remarks(text):
        place = bisect_right(starts, remark.about) - 1
        first, last, block = spans[place] if place >= 0 else (0, 0, "")
        is_ours = remark.text.startswith(OURS)
        # Checkov itself looks between the first line of a block and its last.
        is_about = remark.about <= last if is_ours else first < remark.line < last
        yield Comment(remark.text, text.file, remark.line, block if is_about else "")


def _remarks(text: Text) -> Iterator[_Remark]:
    content = text.content
    said: list[tuple[str, int, bool]] = []
    alone: set[int] = set()
    line, counted = text.line, 0
    for kind, start, end in tokens(text):
        if kind != "comment":
            continue
        line += content.count("\n", counted, start)
        written = content[start:end].split("\n")
        stop = content.find("\n", end)
        before = content[content.rfind("\n", 0, start) + 1 : start]
        after = content[end:] if stop < 0 else content[end:stop]
        is_alone = not (before.strip() or after.strip())
        if is_alone:
            alone.update(range(line, line + len(written)))
        for number, each in enumerate(written, line):
            if found := _for_a_program(each):
                said.append((found, number, is_alone))
        line, counted = line + len(written) - 1, end
    below: dict[int, int] = {}
    for number in sorted(alone, reverse=True):
        below[number] = below.get(number + 1, number + 1)
    for found, number, is_alone in said:
        yield _Remark(found, number, below[number] if is_alone else number)


def _for_a_program(line: str) -> str:
    """What a line of a comment says to this program or to Checkov, "" if it is for people."""
    said = line.rstrip().removesuffix("*/").strip()
    if said.lstrip(_FRAME).startswith(OURS):
        return said.lstrip(_FRAME)
    skip = _CHECKOVS.search(said)
    return skip[0] if skip else ""
