"""Checkov beside our own analysis: started before it, joined after it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policyscan.engine import CheckovReport, CheckovSettings, CheckovState, Outcome, Settings
from policyscan.engine.gate import is_planned
from policyscan.errors import CheckovError, ConfigError

if TYPE_CHECKING:
    from policyscan.bridges.home import Checkov
    from policyscan.bridges.running import Running
    from policyscan.graph import ResourceGraph

_PREFIX: Final = "checkov_"


@dataclass(frozen=True, slots=True)
class Beside:
    """Whether Checkov runs in a scan, which, and how; `state` says why it does not."""

    settings: Settings
    state: CheckovState
    checkov: Checkov | None = None

    def start(self, plan: Path | bytes, opened: ExitStack) -> Running | None:
        """Set it to work on a plan, until the context is left; None where it does not run."""
        if self.checkov is None:
            return None
        from policyscan.bridges.running import CheckovOptions, start  # noqa: PLC0415 - as below

        asked = self.settings.checkov
        options = CheckovOptions(
            asked.check,
            asked.skip,
            tuple(map(Path, asked.external_checks_dir)),
            corrected=asked.edges == "corrected",
            seconds=asked.timeout,
        )
        return opened.enter_context(start(self.checkov, plan, options))

    def has_doubts(self, graph: ResourceGraph) -> bool:
        """Whether it would be lent an edge of which nobody knows whether it is meant."""
        if self.checkov is None or self.settings.checkov.edges != "corrected":
            return False
        from policyscan.bridges.lending import has_doubts  # noqa: PLC0415 - as below

        return has_doubts(graph)

    def joined(self, outcome: Outcome, running: Running | None) -> Outcome:
        """An outcome with what Checkov says; that it crashed or took too long is an error of it."""
        if running is None:
            return replace(outcome, checkov=CheckovReport(self.state))
        if not is_planned(outcome.platform.plan):
            return replace(outcome, checkov=CheckovReport(CheckovState.LEFT_OUT))
        from policyscan.bridges.lending import lendable  # noqa: PLC0415 - as below
        from policyscan.bridges.merging import failed, merged  # noqa: PLC0415 - as below

        try:
            running.lend(lendable(outcome.platform.graph))
            return merged(outcome, running.join(), running.edges, self.settings)
        except CheckovError as problem:
            return failed(outcome, str(problem))


def checkov_beside(settings: Settings) -> Beside:
    """The Checkov that a scan runs with.

    Raises CheckovError: it is set up and cannot be used, or has to run and is not set up. Raises
    ConfigError: a folder of checks that is none.
    """
    asked = settings.checkov
    if asked.run is False or not (asked.run or settings.chooses_checkov):
        return Beside(settings, CheckovState.LEFT_OUT)
    from policyscan.bridges.home import SETUP, set_up  # noqa: PLC0415 - many scans are without

    for folder in asked.external_checks_dir:
        if not Path(folder).is_dir():
            raise ConfigError(f"{folder}: no such folder of Checkov checks")
    found = set_up()
    if found is None and asked.run:
        raise CheckovError(f"Checkov is asked for and not set up; run `{SETUP}`, or --no-checkov")
    return Beside(settings, CheckovState.RAN if found else CheckovState.NOT_SET_UP, found)


def checkov_flags(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the flags of `with_checkov` say, by the names of `CheckovSettings`.

    Several ids may be in one, with commas, as for Checkov.
    """
    said: dict[str, Any] = {"run": options["checkov"]}
    said |= {
        each.name: options[_PREFIX + each.name]
        for each in fields(CheckovSettings)
        if _PREFIX + each.name in options
    }
    for key in ("check", "skip"):
        said[key] = [one.strip() for text in said[key] for one in text.split(",") if one.strip()]
    return {key: value for key, value in said.items() if value is False or value}
