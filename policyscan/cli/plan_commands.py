"""Commands about plans, and their flags."""

from __future__ import annotations

from typing import Any

import click

from policyscan.cli.group import EXIT_CODES, policyscan
from policyscan.cli.options import (
    REPLAYS,
    with_changed_only,
    with_checkov,
    with_judging,
    with_planning,
    with_serving,
    with_settings,
    with_source,
    with_terraform,
    with_waivers,
)
from policyscan.report.formats import FORMATS

_SAYS_WHERE_SOURCE_IS = ("source_dir", "planfile", "graph")
GRAPH_FORMATS = ("text", "json", "dot", "mermaid", "svg", "html")


@policyscan.command(
    context_settings={"auto_envvar_prefix": "POLICYSCAN"},
    help="Judge plans: files of `terraform show -json`, saved plans of `terraform plan -out`, "
    f"patterns such as '**/plan.json', folders of .tf, or - for stdin. {EXIT_CODES}",
)
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
@click.option(
    "-f",
    "--format",
    "formats",
    envvar="POLICYSCAN_FORMAT",
    multiple=True,
    metavar="NAME[=PATH]",
    help=f"Report format: {', '.join(FORMATS)}; repeatable.",
)
@click.option("-o", "--output", metavar="PATH", help="Where a format without a path is written.")
@with_judging
@click.option("--show-waived", is_flag=True, help="Show what is waived too, and by whom.")
@with_changed_only
@click.option("--baseline", metavar="FILE", help="Failures listed there do not fail the scan.")
@click.option("--write-baseline", metavar="FILE", help="List the failures of now there.")
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the verdicts are.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the summary only.")
@click.option("-v", "--verbose", is_flag=True, help="Tell at length what cannot fail the scan.")
@click.option("--no-color", is_flag=True, help="Plain text even on a terminal.")
def scan(**options: Any) -> int:
    """Judge plans."""
    from policyscan.cli.early import started_early  # noqa: PLC0415 - other commands need none of it

    # Checkov takes as long to load as we do, so it had better begin at once.
    ready = started_early(options)
    from policyscan.cli.scan import run_scan  # noqa: PLC0415 - likewise

    return run_scan(ready=ready, **options)


@policyscan.command(
    help="Judge the root modules that changed files of source belong to, planned offline: for "
    "hooks before a commit. Takes the flags of `scan`. Exit codes: 0 clean, below --fail-on, or "
    "nothing to scan, 1 findings at or above it, 2 could not evaluate.",
    context_settings={"auto_envvar_prefix": "POLICYSCAN"},
    params=[
        click.Argument(["files"], nargs=-1, metavar="FILE..."),
        *(each for each in scan.params if each.name not in {"plans", *_SAYS_WHERE_SOURCE_IS}),
    ],
)
def hook(files: tuple[str, ...], **options: Any) -> int:
    """Judge what a commit changes."""
    from policyscan.cli.hook import run_hook  # noqa: PLC0415 - scans do not need it

    return run_hook(files, options)


@policyscan.command(
    context_settings={"auto_envvar_prefix": "POLICYSCAN"},
    help="Compare the findings of two plans, such as those of the base branch and a pull request. "
    "Exit codes: 0 nothing new at or above --fail-on, 1 something new is, 2 could not evaluate, "
    "3 nothing to scan in NEW.",
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(("text", "json")),
    default="text",
    allow_from_autoenv=False,
    help="text (default), or json for programs.",
)
@click.option("-o", "--output", metavar="PATH", help="Where it is written (default: stdout).")
@click.option("--no-source", is_flag=True, help="Read no .tf files, even beside the plans.")
@click.option("--replay", type=click.Choice(REPLAYS), default=REPLAYS[0], help="As of a scan.")
@with_terraform
@with_settings
@with_checkov
@with_waivers
def diff(**options: Any) -> int:
    """Compare two plans."""
    from policyscan.cli.diff import run_diff  # noqa: PLC0415 - scans do not need it

    return run_diff(**options)


@policyscan.command(help="Plan a folder of .tf files offline, without cloud or credentials.")
@click.argument("directory", metavar="DIR")
@click.option("-o", "--output", metavar="PATH", help="Where the plan JSON goes (default: stdout).")
@with_planning
@with_terraform
def plan(**options: Any) -> int:
    """Plan offline."""
    from policyscan.cli.offline_plan import run_plan  # noqa: PLC0415 - needs grpc, scans do not

    return run_plan(**options)


@policyscan.command(
    help="Show the instances of a plan and what each takes from which, attribute by attribute. "
    "Exit codes: 0 shown, 2 the plan or an address cannot be read."
)
@click.argument("plan", metavar="PLAN")
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(GRAPH_FORMATS),
    default="text",
    help="text (default), json for programs, dot or mermaid to draw, svg or html to look at.",
)
@click.option("-o", "--output", metavar="PATH", help="Where it is written (default: stdout).")
@click.option("--of", metavar="ADDRESS", help="Only what this depends on and what depends on it.")
@click.option("--path", nargs=2, metavar="FROM TO", help="How FROM depends on TO, hop by hop.")
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Steps from --of (default: all); without it, levels the text nests (default: 1).",
)
@click.option(
    "--kind",
    type=click.Choice(("value", "depends", "all")),
    help="Edges by which values flow, those by which one waits, or all "
    "(default: value and depends_on; all with json and --path).",
)
@click.option(
    "--failing", is_flag=True, help="Only what fails, and what its evidence leads through."
)
@with_planning
@with_terraform
@with_source
def graph(**options: Any) -> int:
    """Show the graph."""
    from policyscan.cli.graph import run_graph  # noqa: PLC0415 - scans do not need it

    return run_graph(**options)


@policyscan.command(
    help="Waive findings of a plan: write why, who answers for it and until when into the file of "
    "waivers. ADDRESS may be a pattern, such as 'aws_s3_bucket.logs[*]'. Exit codes: 0 written, 2 "
    "there is no such finding, or it cannot be waived."
)
@click.argument("plan", metavar="PLAN")
@click.argument("rule", metavar="RULE")
@click.argument("address", metavar="ADDRESS")
@click.option("--reason", required=True, help="Why the finding may stay.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day it counts.")
@with_judging
def waive(**options: Any) -> int:
    """Write a waiver."""
    from policyscan.cli.waivers import run_waive  # noqa: PLC0415 - scans do not need it

    return run_waive(**options)


@policyscan.command(
    "waivers",
    help="List waivers, with what each waives of the plans; without a plan, those of the file. "
    "Exit codes: 0 listed, 1 with --check when one is wrong, expired or waives nothing, 2 "
    "something cannot be read.",
)
@click.argument("plans", nargs=-1, metavar="[PLAN]...")
@click.option("--check", is_flag=True, help="Fail when a waiver is to be mended or removed.")
@click.option("-o", "--output", metavar="PATH", help="Where it is written (default: stdout).")
@with_judging
def list_waivers(**options: Any) -> int:
    """List waivers."""
    from policyscan.cli.waivers import run_waivers  # noqa: PLC0415 - scans do not need it

    return run_waivers(**options)


@policyscan.command(
    context_settings={"show_default": True},
    help="Judge the plans of HCP Terraform as a run task, until SIGTERM. "
    "Exit codes: 0 stopped by a signal, 2 it cannot start.",
)
@click.option("--run-task", is_flag=True, help="Serve run tasks; there is nothing else to serve.")
@click.option("--host", default="127.0.0.1", help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, help="0 takes a free one.")
@click.option(
    "--hmac-key-file",
    metavar="FILE",
    help="The key that requests are signed with, else in POLICYSCAN_RUN_TASK_HMAC_KEY.",
)
@with_serving
@with_changed_only
@with_settings
@with_checkov
@with_waivers
def serve(**options: Any) -> int:
    """Serve."""
    from policyscan.cli.serve import run_serve  # noqa: PLC0415 - scans do not need it

    return run_serve(**options)
