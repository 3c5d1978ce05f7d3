"""From the name of a plan to what there is to say of it: the part of scans that others share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.bridges.beside import Beside, checkov_beside
from policyscan.cli.inputs import SourceChoice, open_input
from policyscan.cli.planning import Planning, planning_flags
from policyscan.cli.replayed import ReplayMode, judged
from policyscan.cli.settings import ChosenSettings, SettingFlags, chosen_settings
from policyscan.engine import CheckovSettings, Outcome, without_guesses
from policyscan.errors import PolicyscanError

if TYPE_CHECKING:
    from policyscan.bridges.running import Running, Waiting

_CHECKOV: Final = "checkov_"
"""What the names of Checkov's flags start with."""


class Judging(Struct, frozen=True):
    """How one command judges plans: by what settings, with what source, replay and Checkov."""

    chosen: ChosenSettings
    choice: SourceChoice
    mode: ReplayMode
    checkov: Beside
    planning: Planning

    def outcome(self, name: str, opened: ExitStack) -> Outcome:
        """Judge a plan, Checkov beside us; its source stays at hand until the context is left.

        Raises PlanError, SourceError or PlannerError: this plan cannot be read or judged.
        """
        with ExitStack() as working:
            at_work: list[tuple[Running | None, Path | bytes]] = []

            def start(plan: Path | bytes) -> None:
                at_work.append((self.checkov.start(plan, working), plan))

            # A plan that is not plain JSON is read once more for it: only where somebody asks.
            at_hand = start if self.checkov.checkov is not None else None
            given = open_input(name, self.choice, self.planning, at_hand)
            outcome = judged(
                opened.enter_context(given),
                mode=self.mode,
                pack=self.chosen.pack,
                settings=self.chosen.settings,
                has_doubts=self.checkov.has_doubts,
            )
            running, plan_json = at_work[0] if at_work else (None, b"")
            return without_guesses(self.checkov.joined(outcome, running, plan_json))


def judging(  # noqa: PLR0913 - one argument per flag
    plans: Sequence[str],
    *,
    ready: Sequence[Waiting] = (),
    source_dir: str | None,
    planfile: str | None,
    no_source: bool,
    graph: str | None,
    replay: str,
    **flags: Any,
) -> Judging:
    """What flags come to, for these plans: those of `with_source`, `with_settings` and others.

    `ready` is the worker of Checkov where it was started early.
    Raises PolicyscanError: one of them is wrong, or Checkov cannot be used.
    """
    planning = planning_flags(flags)
    own = {name: flags[name] for name in flags if not name.startswith("checkov")}
    try:
        chosen = chosen_settings(SettingFlags(**own, checkov=checkov_flags(flags)))
        checkov = checkov_beside(chosen.settings, ready)
        choice = SourceChoice(source_dir, planfile, no_source, graph)
        choice.check(len(plans))
        planning.check(plans)
    except PolicyscanError:
        for each in ready:
            each.end()
        raise
    return Judging(chosen, choice, ReplayMode(replay), checkov, planning)


def checkov_flags(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the flags of `with_checkov` say, by the names of `CheckovSettings`.

    Several ids may be in one, with commas, as for Checkov.
    """
    said: dict[str, Any] = {"run": options["checkov"]}
    said |= {
        name: options[_CHECKOV + name]
        for name in CheckovSettings.__struct_fields__
        if _CHECKOV + name in options
    }
    for key in ("check", "skip"):
        said[key] = [one.strip() for text in said[key] for one in text.split(",") if one.strip()]
    return {key: value for key, value in said.items() if value is False or value}
