"""The command `policyscan`; `scan` is meant when the first argument names no command."""

from __future__ import annotations

from typing import Any

import click

EXIT_CODES = (
    "Exit codes: 0 clean or below --fail-on, 1 findings at or above it, 2 could not evaluate, "
    "3 nothing to scan."
)


class CommandByDefault(click.Group):
    """Takes `policyscan plan.json` for `policyscan scan plan.json`, where `scan` is the default."""

    def __init__(self, *arguments: Any, default: str = "scan", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default before what names no command."""
        own = {"--help", "-h", "--version"}
        if args and args[0] not in own and args[0] not in self.commands:
            args = [self._default, *args]
        return super().parse_args(ctx, args)


def _show_versions(ctx: click.Context, parameter: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's
    del parameter
    if not is_asked:
        return
    from policyscan.cli.version import versions  # noqa: PLC0415 - scans do not ask

    click.echo(versions(), nl=False)
    ctx.exit()


@click.group(
    cls=CommandByDefault,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
    help=f"Judge Terraform plans before apply. {EXIT_CODES}",
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
