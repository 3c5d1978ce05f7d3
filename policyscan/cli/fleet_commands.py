"""Commands about fleets of plans, and their flags."""

from __future__ import annotations

from typing import Any

import click

from policyscan.cli.group import EXIT_CODES, CommandByDefault, policyscan
from policyscan.cli.options import (
    with_changed_only,
    with_checkov,
    with_fleet,
    with_settings,
    with_waivers,
)


@policyscan.group(
    cls=CommandByDefault,
    default="run",
    help="Judge plans by the thousand on a cluster of workers, into Parquet. "
    "`policyscan fleet PLAN...` is short for `policyscan fleet run PLAN...`.",
)
def fleet() -> None:
    """Group of the commands about fleets."""


@fleet.command(
    context_settings={"auto_envvar_prefix": "POLICYSCAN_FLEET"},
    help="Judge plans: files and patterns, here or at a URL such as 's3://bucket/**/plan.json', "
    f"zip and tar archives of them, @FILE or - for a list of names. {EXIT_CODES}",
)
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
@click.option("--out", required=True, metavar="DIR|URL", help="Where the tables go.")
@click.option("--run", metavar="NAME", help="What the run is called (default: its time in UTC).")
@click.option(
    "--resume", is_flag=True, help="Go on with the last run, or that of --run: judge what is left."
)
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(("text", "json")),
    default="text",
    allow_from_autoenv=False,
    help="Of the summary on stdout: text (default), or json for programs.",
)
@with_fleet
@with_changed_only
@with_settings
@with_checkov
@with_waivers
@click.option("--baseline", metavar="FILE", help="Failures listed there do not fail the run.")
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the verdicts are.")
@click.option("-q", "--quiet", is_flag=True, help="Tell no progress.")
def run(**options: Any) -> int:
    """Judge a fleet."""
    from policyscan.cli.fleet import run_run  # noqa: PLC0415 - scans do not need it

    return run_run(**options)
