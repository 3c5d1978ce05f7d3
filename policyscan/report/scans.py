"""What a report is made of: every plan of a run, and what it takes to name rules and files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec import Struct, field

from policyscan.rule import Severity

if TYPE_CHECKING:
    from policyscan.engine import Outcome
    from policyscan.source import Span

_STDIN = ("-", "stdin")


class Refused(Struct, frozen=True):
    """A plan that could not be read or judged, and the error that says why."""

    name: str
    error: str


class Scan(Struct, frozen=True):
    """What became of one plan, and the exit code that stands for it."""

    found: Outcome | Refused
    exit_code: int

    @property
    def name(self) -> str:
        """The plan as the command line calls it."""
        return self.found.name if isinstance(self.found, Refused) else self.found.platform.plan.name

    @property
    def outcome(self) -> Outcome | None:
        """What was found, None when the plan was refused."""
        return None if isinstance(self.found, Refused) else self.found

    @property
    def errors(self) -> tuple[str, ...]:
        """What kept the plan from being judged, or from being judged as a whole."""
        return (self.found.error,) if isinstance(self.found, Refused) else self.found.errors

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know about the plan, such as what in it was made up."""
        return () if isinstance(self.found, Refused) else self.found.warnings


_WORDS = ("PASS", "FAIL", "NOT JUDGED", "NOTHING TO SCAN")
"""What a plan comes to, by its exit code."""


def for_all(report: Report) -> str:
    """A last line for several plans, that of the last one being about that alone; "" for one."""
    if len(report.scans) == 1:
        return ""
    counts = Counter(_WORDS[scan.exit_code] for scan in report.scans)
    told = ", ".join(f"{counts[word]} {word}" for word in _WORDS if counts[word])
    return f"{len(report.scans)} plans: {told}\n"


class Place(Struct, frozen=True):
    """Where somebody has to look: a file as seen from the root, and what of it when that is known.

    Lines count from 1, both included; columns count code points from 1, `end_column` past the end.
    """

    file: str
    line: int = 1
    end_line: int = 1
    column: int | None = None
    end_column: int | None = None


class Look(Struct, frozen=True):
    """How the text report looks: its columns, whether in colour, and what is in it.

    `quiet` leaves it at failures and the summary; `show_waived` shows what is waived too, and
    `verbose` at length what cannot fail the scan, being milder than `fail_on`.
    """

    width: int = 100
    colour: bool = False
    quiet: bool = False
    show_waived: bool = False
    verbose: bool = False
    fail_on: Severity = Severity.HIGH


class Report(Struct, frozen=True):
    """Every plan of a run in the order of the arguments, to be told in some format.

    `pages` are those of the rules, by id. Files are named as seen from `root`, the top of the
    repository; those of the plans are relative to `folder`, where the command runs.
    """

    scans: tuple[Scan, ...]
    pages: Mapping[str, str] = field(default_factory=dict)
    folder: str = "/"
    root: str = "/"
    look: Look = Look()

    def plan_file(self, scan: Scan) -> str:
        """The file of a plan."""
        given, shown = _STDIN
        return shown if scan.name == given else _seen_from(self.root, self.folder, scan.name)

    def place(self, scan: Scan, span: Span | None) -> Place:
        """Where a span is, else the plan."""
        if span is None:
            return Place(self.plan_file(scan))
        return Place(self.file(span.file), span.line, span.end_line, span.column, span.end_column)

    def file(self, name: str) -> str:
        """A file as seen from the root, with `/`; of one outside what leads to it from there.

        Source out of a saved plan is called as if that lay in the folder it was made of.
        """
        for scan in self.scans:
            inside = name.removeprefix(f"{scan.name}:")
            if inside != name:
                name = os.path.join(os.path.dirname(scan.name), inside)  # noqa: PTH118, PTH120 - texts
                break
        return _seen_from(self.root, self.folder, name)


@cache
def _seen_from(root: str, folder: str, name: str) -> str:
    path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118 - the disk is not asked
    parts = PurePath(os.path.relpath(path, root)).parts
    return "/".join(part for part in parts if part != os.pardir)
