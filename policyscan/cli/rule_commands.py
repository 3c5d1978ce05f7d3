"""Commands about rules and what runs them, and their flags."""

from __future__ import annotations

from typing import Any

import click

from policyscan.cli.group import policyscan
from policyscan.cli.options import (
    FAIL_ON,
    with_packs,
    with_settings,
)


@policyscan.command(
    help="List the rules that a scan would run, and what they are set to. "
    "Exit codes: 0 listed, 2 a flag or a file is wrong."
)
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(("text", "json")),
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
    "pack-path", help="Print the folder for `checkov --external-checks-dir`: our rules in Checkov."
)
def pack_path() -> int:
    """Print where the bridge to Checkov is."""
    from policyscan.engine import HOSTED, built_in_pack  # noqa: PLC0415 - other commands need more

    click.echo(built_in_pack() / HOSTED)
    return 0
