"""Commands and flags; `scan` is meant when the first argument names no command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from policyscan.cli.options import (
    FAIL_ON,
    REPLAYS,
    with_checkov,
    with_judging,
    with_packs,
    with_serving,
    with_settings,
    with_source,
    with_waivers,
)
from policyscan.errors import PolicyscanError, crash_site
from policyscan.report.formats import FORMATS

_SAYS_WHERE_SOURCE_IS = ("source_dir", "planfile", "graph")
GRAPH_FORMATS = ("text", "json", "dot", "mermaid")
_EXIT_CODES = (
    "Exit codes: 0 clean or below --fail-on, 1 findings at or above it, 2 could not evaluate, "
    "3 nothing to scan."
)


class _ScanByDefault(click.Group):
    """Takes `policyscan plan.json` for `policyscan scan plan.json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        if args and args[0] not in own and args[0] not in self.commands:
            args = ["scan", *args]
        return super().parse_args(ctx, args)


def _show_versions(ctx: click.Context, parameter: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's
    del parameter
    if not is_asked:
        return
    from policyscan.cli.version import versions  # noqa: PLC0415 - scans do not ask

    click.echo(versions(), nl=False)
    ctx.exit()


@click.group(
    cls=_ScanByDefault,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
    help=f"Judge Terraform plans before apply. {_EXIT_CODES}",
    epilog="`policyscan plan.json` is short for `policyscan scan plan.json`.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_versions,
    help="Show the versions of policyscan, of its rules and of the Checkov it runs, and exit.",
)
def policyscan() -> None:
    """Group of all commands."""


@policyscan.command(
    context_settings={"auto_envvar_prefix": "POLICYSCAN"},
    help="Judge plans: files of `terraform show -json`, saved plans of `terraform plan -out`, "
    f"patterns such as '**/plan.json', folders of .tf, or - for stdin. {_EXIT_CODES}",
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
@click.option(
    "--changed-only/--no-changed-only",
    default=None,
    allow_from_autoenv=False,
    help="Fail only for what the plan brings, not for what stood before it.",
)
@click.option("--baseline", metavar="FILE", help="Failures listed there do not fail the scan.")
@click.option("--write-baseline", metavar="FILE", help="List the failures of now there.")
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the verdicts are.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the summary only.")
@click.option("--no-color", is_flag=True, help="Plain text even on a terminal.")
def scan(**options: Any) -> int:
    """Judge plans."""
    from policyscan.cli.scan import run_scan  # noqa: PLC0415 - other commands need none of it

    return run_scan(**options)


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
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable.")
@click.option("--var-file", "variable_files", multiple=True, metavar="FILE", help="Variables.")
@click.option(
    "--after",
    "applied",
    multiple=True,
    metavar="FILE",
    help="Plan after a simulated apply with this .tfvars file; repeatable, in order.",
)
@click.option("--destroy", is_flag=True, help="Plan the destruction of everything applied.")
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
    help="text (default), json for programs, dot or mermaid to draw.",
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
@with_source
def graph(**options: Any) -> int:
    """Show the graph."""
    from policyscan.cli.graph import run_graph  # noqa: PLC0415 - scans do not need it

    return run_graph(**options)


@policyscan.command(
    help="List the rules that a scan would run, and what they are set to. "
    "Exit codes: 0 listed, 2 a flag or a file is wrong."
)
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    default="text",
    help="text (default), or json for programs.",
)
@click.option("-o", "--output", metavar="PATH", help="Where it is written (default: stdout).")
@with_settings
def rules(**options: Any) -> int:
    """List rules."""
    from policyscan.cli.rules import run_rules  # noqa: PLC0415 - scans do not need it

    return run_rules(**options)


@policyscan.command(
    help="Explain a rule: why, how to mend it, examples, what it is set to. "
    "Exit codes: 0 explained, 2 there is no such rule, or a flag or a file is wrong."
)
@click.argument("name", metavar="RULE")
@click.option("-o", "--output", metavar="PATH", help="Where it is written (default: stdout).")
@with_settings
def rule(**options: Any) -> int:
    """Explain one rule."""
    from policyscan.cli.rules import run_rule  # noqa: PLC0415 - scans do not need it

    return run_rule(**options)


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
    help="Try the rules of a pack on its fixtures, in fixtures/NAME beside the folder NAME of the "
    "pack. Exit codes: 0 all is as expected, 1 something is not, 2 something cannot be judged."
)
@click.argument("directory", required=False, metavar="[DIR]")
@with_packs
@click.option("--plan", is_flag=True, help="Plan every fixture again, not only those without one.")
@click.option("--accept", is_flag=True, help="Take what the rules say now for what is expected.")
def test(**options: Any) -> int:
    """Try a pack."""
    from policyscan.cli.bench import run_test  # noqa: PLC0415 - scans do not need it

    return run_test(**options)


@policyscan.command("new-rule", help="Start a rule of your own: its file, and its fixtures.")
@click.argument("name", metavar="NAME")
@click.option(
    "--id", "rule_id", default="", help="An id, or its letters: ACME takes the next free."
)
@click.option("--group", default="", help="Its group (default: the letters of the id).")
@click.option("--type", "resource_type", default="aws_s3_bucket", help="The type it judges.")
@click.option("--severity", type=click.Choice(FAIL_ON[:-1]), default="medium")
@click.option("--dir", "directory", default="rules", help="The folder of the pack (./rules).")
def new_rule(**options: Any) -> int:
    """Start a rule."""
    from policyscan.cli.new_rule import run_new_rule  # noqa: PLC0415 - scans do not need it

    return run_new_rule(**options)


@policyscan.command(
    help="Set up Checkov for scans to run beside our rules: in an environment of its own, in the "
    "user's cache or where POLICYSCAN_CHECKOV_HOME says. Exit codes: 0 it can be used, 2 it cannot."
)
@click.option("--check", is_flag=True, help="Only say which Checkov is set up, and see it run.")
@click.option("--remove", is_flag=True, help="Remove what was set up.")
@click.option(
    "--checkov-python",
    envvar="POLICYSCAN_CHECKOV_PYTHON",
    metavar="PATH",
    help="Install nothing, and use the Checkov of this Python.",
)
def setup(**options: Any) -> int:
    """Set up Checkov."""
    from policyscan.cli.setup import run_setup  # noqa: PLC0415 - scans do not need it

    return run_setup(**options)


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
@with_settings
@with_checkov
@with_waivers
def serve(**options: Any) -> int:
    """Serve."""
    from policyscan.cli.serve import run_serve  # noqa: PLC0415 - scans do not need it

    return run_serve(**options)


@policyscan.command(
    "pack-path", help="Print the folder for `checkov --external-checks-dir`: our rules in Checkov."
)
def pack_path() -> int:
    """Print where the bridge to Checkov is."""
    from policyscan.engine import HOSTED, built_in_pack  # noqa: PLC0415 - other commands need more

    click.echo(built_in_pack() / HOSTED)
    return 0


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; a refusal goes to stderr, line by line."""
    try:
        code = policyscan.main(arguments, prog_name="policyscan", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        return 2
    except PolicyscanError as problem:
        for line in problem.lines:
            say(line)
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return 2
    except BrokenPipeError:
        # The reader left; what it asked for was written as far as it wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as problem:  # noqa: BLE001 - a bug must not look like findings, whose code is 1
        say(f"internal error, please report it: {crash_site(problem)}")
        return 2
    return code if isinstance(code, int) else 0


def say(message: str) -> None:
    """One line to the user, beside the report."""
    from policyscan.report.screen import plain  # noqa: PLC0415 - only when something is wrong

    line = " ".join(plain(part) for part in message.splitlines())
    click.echo(f"policyscan: {line}", err=True)


def write(path: str | None, text: str) -> None:
    """Write a report to a file or to stdout. Raises PolicyscanError: it cannot be written."""
    if path is None or path == "-":
        sys.stdout.write(text)
        return
    try:
        Path(path).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as problem:
        raise PolicyscanError(f"{path}: cannot be written: {problem.strerror}") from None
