"""Checkov beside our own analysis: started before it, joined after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from policyscan.engine import CheckovReport, CheckovState, Outcome, Settings
from policyscan.engine.gate import is_planned
from policyscan.errors import CheckovError, ConfigError
from policyscan.graph import ResourceGraph
from policyscan.plan import world_before

if TYPE_CHECKING:
    from policyscan.bridges.home import Checkov
    from policyscan.bridges.running import Running, Waiting


def _none_ready() -> Waiting | None:
    return None


class Beside(Struct, frozen=True):
    """Whether Checkov runs in a scan, which, and how; `state` says why it does not."""

    settings: Settings
    state: CheckovState
    checkov: Checkov | None = None
    ready: Callable[[], Waiting | None] = _none_ready
    """Gives a worker that is loaded already, None where there is none."""

    def start(self, plan: Path | bytes, opened: ExitStack) -> Running | None:
        """Set it to work on a plan, until the context is left; None where it does not run."""
        return self._started(plan, opened, self.settings.checkov.check)

    def _started(
        self, plan: Path | bytes, opened: ExitStack, checks: tuple[str, ...]
    ) -> Running | None:
        if self.checkov is None:
            return None
        from policyscan.bridges.running import CheckovOptions, start  # noqa: PLC0415 - as below

        asked = self.settings.checkov
        options = CheckovOptions(
            checks,
            asked.skip,
            tuple(map(Path, asked.external_checks_dir)),
            corrected=asked.edges == "corrected",
            seconds=asked.timeout,
        )
        return opened.enter_context(start(self.checkov, plan, options, self.ready()))

    def has_doubts(self, graph: ResourceGraph) -> bool:
        """Whether it would be lent an edge of which nobody knows whether it is meant."""
        if self.checkov is None or self.settings.checkov.edges != "corrected":
            return False
        from policyscan.bridges.lending import has_doubts  # noqa: PLC0415 - as below

        return has_doubts(graph)

    def joined(self, outcome: Outcome, running: Running | None, plan: Path | bytes) -> Outcome:
        """An outcome with what Checkov says; that it crashed or took too long is an error of it.

        `plan` is what it was set to work on.
        """
        if running is None:
            return replace(outcome, checkov=CheckovReport(self.state))
        if not is_planned(outcome.platform.plan):
            return replace(outcome, checkov=CheckovReport(CheckovState.LEFT_OUT))
        from policyscan.bridges.lending import lendable  # noqa: PLC0415 - as below
        from policyscan.bridges.merging import failed, merged  # noqa: PLC0415 - as below

        try:
            running.lend(lendable(outcome.platform.graph))
            found = merged(outcome, running.join(), running.edges, self.settings)
        except CheckovError as problem:
            return failed(outcome, str(problem))
        return self._told_standing(found, plan)

    def _told_standing(self, outcome: Outcome, plan: Path | bytes) -> Outcome:
        """Ask it about the world before too, where that tells what is new."""
        from policyscan.bridges.lending import lendable  # noqa: PLC0415 - as below
        from policyscan.bridges.merging import open_questions, told_standing  # noqa: PLC0415
        from policyscan.plan.before_json import json_before  # noqa: PLC0415 - few plans need it

        checks = open_questions(outcome)
        before = world_before(outcome.platform.plan) if checks else None
        content = (
            json_before(plan if isinstance(plan, bytes) else plan.read_bytes()) if before else None
        )
        if before is None or content is None:
            return outcome
        try:
            with ExitStack() as opened:
                running = self._started(content, opened, checks)
                if running is None:
                    return outcome
                running.lend(lendable(ResourceGraph(before)))
                return told_standing(outcome, running.join())
        except CheckovError as problem:
            warning = f"what Checkov finds on changed resources counts as new: {problem}"
            return replace(outcome, warnings=(*outcome.warnings, outcome.redacted(warning)))


def checkov_beside(settings: Settings, ready: Sequence[Waiting] = ()) -> Beside:
    """The Checkov that a scan runs with; `ready` is its worker, ended if it is no use.

    Raises CheckovError: it is set up and cannot be used, or has to run and is not set up. Raises
    ConfigError: a folder of checks that is none.
    """
    asked = settings.checkov
    if asked.run is False or not (asked.run or settings.chooses_checkov):
        for each in ready:
            each.end()
        return Beside(settings, CheckovState.LEFT_OUT)
    from policyscan.bridges.home import SETUP, set_up  # noqa: PLC0415 - many scans are without

    for folder in asked.external_checks_dir:
        if not Path(folder).is_dir():
            raise ConfigError(f"{folder}: no such folder of Checkov checks")
    found = set_up()
    if found is None and asked.run:
        raise CheckovError(f"Checkov is asked for and not set up; run `{SETUP}`, or --no-checkov")
    early = [*ready]
    return Beside(
        settings,
        CheckovState.RAN if found else CheckovState.NOT_SET_UP,
        found,
        lambda: early.pop() if early else None,
    )
