"""Commands about what was found in fleets of plans, and their flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from policyscan.cli.fleet_commands import fleet

_Command = TypeVar("_Command", bound=Callable[..., Any])
REPORTS = ("overview", "matrix", "worst", "rules", "trend", "new", "fixed", "lost")
"""Those of `policyscan.fleet`, an extra that `--help` need not have."""
SEVERITIES = ("critical", "high", "medium", "low")
"""Likewise, of `policyscan.rule`."""


def with_runs(command: _Command) -> _Command:
    """Give a command the flags that say which runs are looked at, and what of them."""
    flags = (
        click.option(
            "--from",
            "out",
            envvar="POLICYSCAN_FLEET_FROM",
            metavar="OUT",
            default="verdicts.parquet",
            show_default=True,
            help="What `policyscan fleet --out OUT` wrote: a folder, or a URL such as s3://...",
        ),
        click.option("--run", metavar="ID", help="The run to look at (default: the last)."),
        click.option(
            "--since",
            metavar="ID",
            help="The run to compare it with (default: the one before it).",
        ),
        click.option(
            "--rule",
            "rules",
            metavar="RULE",
            multiple=True,
            help="Only this rule or check, by id or name, with *; repeatable.",
        ),
        click.option(
            "--workspace",
            "workspaces",
            metavar="NAME",
            multiple=True,
            help="Only this workspace, with *; repeatable.",
        ),
        click.option(
            "--severity", type=click.Choice(SEVERITIES), help="Only what is this severe, or more."
        ),
        click.option(
            "--top",
            type=click.IntRange(min=1),
            default=20,
            show_default=True,
            help="Rows of each table of a report, and workspaces of the matrix.",
        ),
        click.option(
            "--memory",
            type=click.IntRange(min=64),
            default=4096,
            show_default=True,
            metavar="MIB",
            help="The most memory for a query, which goes on on disk then.",
        ),
        click.option("-o", "--output", metavar="PATH", help="Where it is written (stdout)."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


@fleet.command(
    help="Answer SQL, as DuckDB has it, about what was found: SQL, or - for stdin. It sees the "
    "views plans and verdicts, each also as latest_ and previous_, latest_workspaces, changes, "
    "runs and severities, and nothing else; `describe plans` lists columns. "
    "Exit codes: 0 answered, 2 the query or OUT is wrong."
)
@click.argument("sql", metavar="SQL")
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(("text", "json", "csv", "html")),
    default="text",
    help="text (default), json or csv for programs, html to look at.",
)
@click.option("--header/--no-header", default=True, help="Begin with the names of the columns.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help="The most rows, 0 for all (default: 1000 in text and html, all in json and csv).",
)
@with_runs
def query(**options: Any) -> int:
    """Answer a query."""
    from policyscan.cli.fleet_query import run_fleet_query  # noqa: PLC0415 - needs an extra

    return run_fleet_query(**options)


@fleet.command(
    help="Show a report that is ready: NAME is one of "
    f"{', '.join(REPORTS)}. Each says how many plans could not be judged. "
    "Exit codes: 0 shown, 2 a flag or OUT is wrong, or there is no run to compare with."
)
@click.argument("name", type=click.Choice(REPORTS), metavar="NAME")
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(("text", "json", "html")),
    default="text",
    help="text (default), json for programs, html to look at.",
)
@click.option("--sql", "shows_sql", is_flag=True, help="Print its SQL, to start own queries from.")
@with_runs
def report(**options: Any) -> int:
    """Show a report."""
    from policyscan.cli.fleet_query import run_fleet_report  # noqa: PLC0415 - needs an extra

    return run_fleet_report(**options)
