"""Flags that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
REPLAYS = ("auto", "always", "never")
EDGES = ("corrected", "stock")
FAIL_ON = ("critical", "high", "medium", "low", "unknown")
"""Those of `policyscan.engine`, whose import `--version` and `--help` need not wait for."""


def with_source(command: _Command) -> _Command:
    """Give a command the flags that say where the source is, and what is made of it."""
    return _with(
        command,
        click.option(
            "--source-dir",
            envvar="POLICYSCAN_SOURCE_DIR",
            metavar="DIR",
            help="The .tf files the plan was made of (default: those in a saved plan, or beside "
            "the plan).",
        ),
        click.option(
            "--planfile",
            envvar="POLICYSCAN_PLANFILE",
            metavar="FILE",
            help="The saved plan that plan JSON was shown from; its .tf files are read.",
        ),
        click.option(
            "--no-source",
            envvar="POLICYSCAN_NO_SOURCE",
            is_flag=True,
            help="Read no .tf files, even beside the plan.",
        ),
        click.option(
            "--graph",
            envvar="POLICYSCAN_GRAPH",
            metavar="FILE",
            help="What `terraform graph` prints: what waits for what where there is no source.",
        ),
        click.option(
            "--replay",
            envvar="POLICYSCAN_REPLAY",
            type=click.Choice(REPLAYS),
            default=REPLAYS[0],
            help="Have Terraform evaluate the source again, to tell what is known after apply: "
            "auto (the default) where that may settle something.",
        ),
    )


with_terraform = click.option(
    "--terraform",
    envvar="POLICYSCAN_TERRAFORM",
    metavar="COMMAND",
    default="terraform",
    help="The Terraform to run (default: terraform); tofu for OpenTofu.",
)


def with_planning(command: _Command) -> _Command:
    """Give a command the flags that say how folders of `.tf` are planned.

    `policyscan.cli.planning` is what they come to.
    """
    return _with(
        command,
        click.option(
            "--var",
            "variables",
            metavar="NAME=VALUE",
            multiple=True,
            allow_from_autoenv=False,
            help="Set a variable.",
        ),
        click.option(
            "--var-file",
            "variable_files",
            metavar="FILE",
            multiple=True,
            allow_from_autoenv=False,
            help="Variables (.tfvars).",
        ),
        click.option(
            "--workspace", metavar="NAME", help="The workspace (default: the one selected there)."
        ),
        click.option(
            "--after",
            "applied",
            metavar="FILE",
            multiple=True,
            allow_from_autoenv=False,
            help="Plan after a simulated apply with this .tfvars file; repeatable, in order.",
        ),
        click.option(
            "--since",
            metavar="REVISION",
            help="Plan what changed since a git revision, which is applied in simulation first.",
        ),
        click.option(
            "--state", metavar="FILE", help="Plan from a state, as `terraform state pull` prints."
        ),
        click.option(
            "--target",
            "targets",
            metavar="ADDRESS",
            multiple=True,
            allow_from_autoenv=False,
            help="Plan only this; repeatable.",
        ),
        click.option(
            "--replace",
            "replaced",
            metavar="ADDRESS",
            multiple=True,
            allow_from_autoenv=False,
            help="Plan to replace this.",
        ),
        click.option("--destroy", is_flag=True, help="Plan the destruction of all that stands."),
        click.option(
            "--data",
            "answers",
            envvar="POLICYSCAN_DATA",
            metavar="FILE",
            help="What data sources find (YAML), instead of answers that are made up.",
        ),
        click.option(
            "--provider-schema",
            "schemas",
            envvar="POLICYSCAN_PROVIDER_SCHEMA",
            metavar="FILE",
            multiple=True,
            help="Schemas of providers, as `terraform providers schema -json` prints; repeatable.",
        ),
        click.option(
            "--module-cache",
            envvar="POLICYSCAN_MODULE_CACHE",
            metavar="DIR",
            help="Modules of registries and repositories, which are not downloaded.",
        ),
    )


with_packs = click.option(
    "--pack",
    "packs",
    envvar="POLICYSCAN_PACK",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="A folder of rules beside the built-in ones; repeatable.",
)


with_waivers = click.option(
    "--waivers",
    envvar="POLICYSCAN_WAIVERS",
    metavar="FILE",
    help="The file of waivers (default: .policyscan-waivers.yaml).",
)


def with_settings(command: _Command) -> _Command:
    """Give a command the flags that say which rules run, and set to what.

    `policyscan.cli.settings` reads their variables: there a flag adds to what they say.
    """
    return _with(
        command,
        click.option(
            "--profile",
            envvar="POLICYSCAN_PROFILE",
            metavar="NAME|FILE",
            help="The policy to start from: reference (the default), production, deploy-only, or "
            "a file.",
        ),
        click.option(
            "--config",
            envvar="POLICYSCAN_CONFIG",
            metavar="FILE",
            help="Configuration file (default: .policyscan.yaml, or [tool.policyscan] in "
            "pyproject.toml).",
        ),
        with_packs,
        click.option(
            "--select",
            multiple=True,
            allow_from_autoenv=False,
            metavar="RULE|GROUP",
            help="Run only these rules.",
        ),
        click.option(
            "--ignore",
            multiple=True,
            allow_from_autoenv=False,
            metavar="RULE|GROUP",
            help="Leave these rules out.",
        ),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            allow_from_autoenv=False,
            metavar="RULE.NAME=VALUE",
            help="Set a parameter.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(FAIL_ON),
            allow_from_autoenv=False,
            help="The least severity that fails a scan (default: high), or unknown.",
        ),
    )


def with_checkov(command: _Command) -> _Command:
    """Give a command the flags that say how Checkov runs beside the rules."""
    return _with(
        command,
        click.option(
            "--checkov/--no-checkov",
            envvar="POLICYSCAN_CHECKOV",
            default=None,
            help="Run Checkov too, or leave it out (default: it runs where it is set up).",
        ),
        click.option(
            "--checkov-edges",
            envvar="POLICYSCAN_CHECKOV_EDGES",
            type=click.Choice(EDGES),
            help="Whose edges its policies go by: corrected (the default) are those of our graph.",
        ),
        click.option(
            "--checkov-check",
            envvar="POLICYSCAN_CHECKOV_CHECK",
            multiple=True,
            metavar="ID",
            help="Run only these of its checks, with *; repeatable.",
        ),
        click.option(
            "--checkov-skip",
            envvar="POLICYSCAN_CHECKOV_SKIP",
            multiple=True,
            metavar="ID",
            help="Leave these of its checks out, with *; repeatable.",
        ),
        click.option(
            "--checkov-external-checks-dir",
            envvar="POLICYSCAN_CHECKOV_EXTERNAL_CHECKS_DIR",
            multiple=True,
            type=click.Path(),
            metavar="DIR",
            help="A folder of Checkov checks of your own; repeatable.",
        ),
        click.option(
            "--checkov-timeout",
            envvar="POLICYSCAN_CHECKOV_TIMEOUT",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="When to end it (default: 600).",
        ),
    )


def with_judging(command: _Command) -> _Command:
    """Give a command every flag that has to do with how a plan is judged."""
    for give in (
        with_waivers,
        with_checkov,
        with_settings,
        with_terraform,
        with_planning,
        with_source,
    ):
        command = give(command)
    return command


with_changed_only = click.option(
    "--changed-only/--no-changed-only",
    default=None,
    allow_from_autoenv=False,
    help="Fail only for what the plan brings, not for what stood before it.",
)


def with_serving(command: _Command) -> _Command:
    """Give a command the flags that say whom a service answers, and how much it takes on."""
    seconds = click.FloatRange(min=0, min_open=True, max=3600)
    count = click.IntRange(min=1)
    return _with(
        command,
        click.option(
            "--allow-callback-host",
            multiple=True,
            metavar="PATTERN",
            help="A host that plans are fetched from and results sent to, instead of "
            "app.terraform.io and archivist.terraform.io; repeatable.",
        ),
        click.option(
            "--allow-http-loopback",
            is_flag=True,
            help="Also talk to this machine, without TLS: for tests.",
        ),
        click.option("--workers", type=count, help="Plans judged at a time; all cores by default."),
        click.option("--queue", type=click.IntRange(min=0), default=256, help="Tasks that wait."),
        click.option("--max-body", type=count, default=1, help="MiB of a request."),
        click.option("--max-plan", type=count, default=64, help="MiB of a plan."),
        click.option("--memory", type=count, default=4096, help="MiB of one scan, on Linux."),
        click.option("--request-timeout", type=seconds, default=30, help="Seconds for a request."),
        click.option("--fetch-timeout", type=seconds, default=60, help="Seconds for a plan."),
        click.option("--scan-timeout", type=seconds, default=300, help="Seconds for a scan."),
        click.option(
            "--callback-timeout", type=seconds, default=480, help="Seconds to tell a result."
        ),
        click.option("--progress", type=seconds, default=60, help="Seconds between signs of life."),
        click.option(
            "--grace", type=seconds, default=60, help="Seconds for accepted tasks on SIGTERM."
        ),
    )


def with_fleet(command: _Command) -> _Command:
    """Give a command the flags that say who judges a fleet, and how much each plan may take."""
    count = click.IntRange(min=1)
    return _with(
        command,
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="The scheduler of a Dask cluster, such as tcp://10.0.0.5:8786 (default: a cluster "
            "of this machine's own).",
        ),
        click.option("--workers", type=count, help="Workers of its own (default: one a core)."),
        click.option(
            "--memory", type=count, help="MiB for each worker (default: its share of the machine)."
        ),
        click.option(
            "--time-per-plan",
            type=click.FloatRange(min=0, min_open=True),
            default=300,
            help="Seconds after which a plan is given up (default: 300).",
        ),
        click.option(
            "--max-plan-bytes",
            type=count,
            default=256 * 2**20,
            help="Bytes of a plan, unpacked too (default: 256 MiB).",
        ),
        click.option(
            "--batch-plans", type=count, default=100, help="Plans of a task at most (default: 100)."
        ),
        click.option(
            "--batch-bytes",
            type=count,
            default=32 * 2**20,
            help="Bytes of the plans of a task (default: 32 MiB).",
        ),
        click.option(
            "--retries",
            type=click.IntRange(min=0),
            default=4,
            help="How often storage that fails is asked again (default: 4).",
        ),
        click.option(
            "--workspace-from",
            metavar="REGEX",
            help="What in the name of a plan is its workspace: the first group (default: its "
            "folders).",
        ),
        click.option(
            "--keep",
            type=click.Choice(("open", "all")),
            default="open",
            help="Findings that are written: open (default) leaves out pass and na.",
        ),
    )


def _with(command: _Command, *flags: Callable[[_Command], _Command]) -> _Command:
    for flag in reversed(flags):
        command = flag(command)
    return command
