"""What a mutation check says: the survivors, and the figure for docs/quality.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.mutation.mutants import Mutant
from tests.mutation.session import Fate

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
BEGIN, END = "<!-- made by `make mutants`: begin -->\n", "<!-- made by `make mutants`: end -->\n"
ENOUGH = 0.9
"""The share of mutants that have to be killed."""
_LEFT = {Fate.SURVIVED, Fate.UNREACHED}

Change = tuple[str, str, str, str]
"""A file, a function or constant in it, a line of that, and what a mutant makes of the line."""


def read_equivalent(file: Path = EQUIVALENT) -> frozenset[Change]:
    """Mutants that nobody can tell from the original, as reviewed in `equivalent.toml`."""
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", [])
    return frozenset(
        (each["file"], each["where"], each["line"], each["becomes"]) for each in entries
    )


def change_of(mutant: Mutant, source: bytes) -> Change:
    """How `equivalent.toml` names a mutant: by text, as line numbers do not stay."""
    where = mutant.where or mutant.constant
    return (mutant.file.as_posix(), where, *mutant.change(source))


@dataclass(frozen=True, slots=True)
class Check:
    """What became of every mutant, those known to be equivalent, and the seconds it took.

    `drawn` says how a sample was drawn, "" where it is no sample.
    """

    fates: Mapping[Mutant, Fate]
    equivalent: frozenset[Change]
    seconds: float
    drawn: str = ""

    @property
    def is_enough(self) -> bool:
        """Whether the tests notice as much as they have to."""
        counted, killed = self._counts("")
        return killed >= ENOUGH * counted

    def survivors(self) -> str:
        """Every mutant that no test killed: where it is, and what it changes."""
        return "".join(
            f"{file}:{mutant.line}: {where}: {self.fates[mutant]}\n"
            + "".join(f"  - {line.strip()}\n" for line in before.splitlines())
            + "".join(f"  + {line.strip()}\n" for line in after.splitlines())
            for mutant, (file, where, before, after) in self._left()
        )

    def summary(self) -> str:
        """The figure, in a line."""
        counted, killed = self._counts("")
        return (
            f"{killed} of {counted} mutants killed ({_share(killed, counted)}), "
            f"{len(self.fates) - counted} equivalent, in {self.seconds:.0f} s"
            f"{' (' + self.drawn + ')' if self.drawn else ''}"
        )

    def table(self) -> str:
        """The figure by folder, as Markdown."""
        folders = sorted({each.file.parent.as_posix() for each in self.fates})
        rows = [(f"`{folder}/`", *self._counts(folder)) for folder in folders]
        rows.append(("together", *self._counts("")))
        lines = [
            f"| {name} | {counted} | {killed} | {_share(killed, counted)} |\n"
            for name, counted, killed in rows
        ]
        head = "| of | mutants | killed | share |\n| --- | ---: | ---: | ---: |\n"
        return head + "".join(lines)

    def _counts(self, folder: str) -> tuple[int, int]:
        """How many mutants of a folder count, and how many of them were killed."""
        left = [mutant for mutant, _ in self._left() if _is_in(mutant, folder)]
        killed = [
            mutant
            for mutant, fate in self.fates.items()
            if fate not in _LEFT and _is_in(mutant, folder)
        ]
        return len(killed) + len(left), len(killed)

    def _left(self) -> Iterator[tuple[Mutant, Change]]:
        for mutant, fate in self.fates.items():
            if fate in _LEFT:
                change = change_of(mutant, mutant.file.read_bytes())
                if change not in self.equivalent:
                    yield mutant, change


def write_page(page: Path, check: Check) -> None:
    """Put the figure between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    day = datetime.now(tz=UTC).date().isoformat()
    figure = f"{day}: {check.summary()}.\n\n{check.table()}"
    page.write_text(f"{before}{BEGIN}\n{figure}\n{END}{after}", encoding="utf-8")


def _is_in(mutant: Mutant, folder: str) -> bool:
    return folder in {"", mutant.file.parent.as_posix()}


def _share(part: int, whole: int) -> str:
    # Down, so that 90 % are never 89.96 %.
    return f"{1000 * part // whole / 10} %" if whole else "nothing"
