"""The part of a graph that fails: `policyscan graph --failing`."""

from __future__ import annotations

from policyscan.cli.inputs import Input
from policyscan.cli.replayed import ReplayMode, judged
from policyscan.cli.settings import SettingFlags, chosen_settings
from policyscan.report.failing_graph import failing_graph
from policyscan.report.graph_selection import Selection
from policyscan.report.problems import problems_of
from policyscan.report.scans import Report, Scan


def failing(given: Input, mode: ReplayMode) -> Selection:
    """What fails by the settings of where the command runs, and what its evidence leads through."""
    chosen = chosen_settings(SettingFlags())
    outcome = judged(
        given,
        mode=mode,
        pack=chosen.pack,
        settings=chosen.settings,
        has_doubts=lambda _: False,
    )
    scan = Scan(outcome, 0)
    findings = [each.judgement.finding for each in problems_of(Report((scan,)), scan)]
    return failing_graph(outcome, findings, len(outcome.platform.plan.resources))
