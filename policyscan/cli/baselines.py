"""The baseline of a scan: the one it is judged against, and the one it writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from policyscan.cli.output import say
from policyscan.engine import Outcome, PackRule, Settings

if TYPE_CHECKING:
    from policyscan.engine.baseline import Baseline


class Baselines(Struct, frozen=True):
    """What `--baseline` lists, None without one, and where `--write-baseline` writes."""

    known: Baseline | None = None
    path: Path | None = None

    def applied(self, outcome: Outcome) -> Outcome:
        """An outcome with the failures that are listed marked so."""
        return outcome if self.known is None else self.known.applied(outcome)

    def conclude(
        self,
        outcomes: Sequence[Outcome],
        pack: tuple[PackRule, ...],
        settings: Settings,
        *,
        is_whole: bool,
    ) -> None:
        """Say what of the baseline is gone, and write the new one.

        `is_whole`: every plan was judged. What was not would be missing, so nothing is written.
        Raises PolicyscanError: it cannot be written.
        """
        if not is_whole:
            if self.path is not None:
                say(f"--write-baseline {self.path}: not written, as not every plan was judged")
            return
        if self.known is not None:
            self._say_what_is_gone(self.known, outcomes, pack, settings)
        if self.path is not None:
            from policyscan.engine.baseline import baseline_of, write_baseline  # noqa: PLC0415

            write_baseline(self.path, baseline_of(outcomes))

    def _say_what_is_gone(
        self,
        known: Baseline,
        outcomes: Sequence[Outcome],
        pack: tuple[PackRule, ...],
        settings: Settings,
    ) -> None:
        ours = {each.rule.id for each in settings.chosen(pack)}
        checks = {each.rule.id for one in outcomes for each in one.checkov.judgements}
        gone = known.gone(outcomes, frozenset(ours | checks))
        if gone and self.path is None:
            total = len(known.entries)
            entries = "entry is" if total == 1 else "entries are"
            say(f"{gone} of {total} baseline {entries} gone: write it again")


def baselines(given: str | None, written: str | None) -> Baselines:
    """The baselines that flags name. Raises ConfigError: the one given cannot be read."""
    known = None
    if given is not None:
        from policyscan.engine.baseline import read_baseline  # noqa: PLC0415 - few scans have one

        known = read_baseline(Path(given))
    return Baselines(known, Path(written) if written is not None else None)
