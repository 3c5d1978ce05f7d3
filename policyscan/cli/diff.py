"""`policyscan diff`: the findings of two plans, compared."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from policyscan.cli.commands import write
from policyscan.cli.inputs import SourceChoice, open_input
from policyscan.cli.replayed import ReplayMode, judged
from policyscan.cli.settings import SettingFlags, chosen_settings
from policyscan.engine import difference
from policyscan.report.difference import render_difference_json, render_difference_text


def run_diff(  # noqa: PLR0913 - one argument per flag
    *,
    old: str,
    new: str,
    format_name: str,
    output: str | None,
    no_source: bool,
    replay: str,
    **flags: Any,
) -> int:
    """Judge two plans alike and tell what differs; `flags` are those of `SettingFlags`.

    Raises PolicyscanError: a flag is wrong, or a plan cannot be read.
    """
    chosen = chosen_settings(SettingFlags(**flags))
    choice = SourceChoice(no_source=no_source)
    # Reports quote the source, so it stays at hand until they are written.
    with ExitStack() as opened:
        before, after = (
            judged(
                opened.enter_context(open_input(name, choice)),
                mode=ReplayMode(replay),
                pack=chosen.pack,
                settings=chosen.settings,
            )
            for name in (old, new)
        )
        found = difference(before, after)
        code = found.exit_code(chosen.settings.fail_on)
        as_json = format_name == "json"
        render = render_difference_json if as_json else render_difference_text
        write(output, render(found, code))
    return code
