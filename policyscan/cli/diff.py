"""`policyscan diff`: the findings of two plans, compared."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from policyscan.cli.judging import judging
from policyscan.cli.output import write
from policyscan.cli.waivers import waiver_terms
from policyscan.engine import apply_waivers, difference
from policyscan.report.difference import render_difference_json, render_difference_text


def run_diff(*, old: str, new: str, format_name: str, output: str | None, **flags: Any) -> int:
    """Judge two plans alike and tell what differs; `flags` are some of those of `judging`.

    Raises PolicyscanError: a flag is wrong, or a plan cannot be read.
    """
    # Two branches have two sources: each is read beside its plan.
    how = judging((old, new), source_dir=None, planfile=None, graph=None, **flags)
    terms = waiver_terms(how.chosen, tells_stale=False)
    # Reports quote the source, so it stays at hand until they are written.
    with ExitStack() as opened:
        before, after = (apply_waivers(how.outcome(name, opened), terms) for name in (old, new))
        found = difference(before, after)
        code = found.exit_code(how.chosen.settings.fail_on)
        as_json = format_name == "json"
        render = render_difference_json if as_json else render_difference_text
        write(output, render(found, code))
    return code
