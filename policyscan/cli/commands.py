"""Runs a command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from policyscan.cli import fleet_commands, fleet_query_commands, plan_commands, rule_commands
from policyscan.cli.group import policyscan
from policyscan.cli.output import say
from policyscan.errors import PolicyscanError, crash_site

COMMANDS = (plan_commands, fleet_commands, fleet_query_commands, rule_commands)
"""The modules that add their commands to the group as they are imported."""


def _look_around() -> None:
    """Raises PolicyscanError: the working directory is gone, to which all else is relative."""
    try:
        Path.cwd()
    except OSError:
        raise PolicyscanError(
            "the working directory is gone; change to one that is there"
        ) from None


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; a refusal goes to stderr, line by line."""
    try:
        _look_around()
        code = policyscan.main(arguments, prog_name="policyscan", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        return 2
    except PolicyscanError as problem:
        for line in problem.lines:
            say(line)
        return problem.exit_code
    except SystemExit as ending:
        say("interrupted")
        return ending.code if isinstance(ending.code, int) else 2
    except BrokenPipeError:
        # The reader left; what it asked for was written as far as it wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as problem:  # noqa: BLE001 - a bug must not look like findings, whose code is 1
        say(f"internal error, please report it: {crash_site(problem)}")
        return 2
    return code if isinstance(code, int) else 0
