"""`policyscan scan`: plan, graph, rules, report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from policyscan.cli.commands import FORMATS, write
from policyscan.engine import (
    CONFIG_FILE,
    Outcome,
    Settings,
    built_in_pack,
    judge,
    load_pack,
    parse_assignment,
    read_config,
)
from policyscan.errors import ConfigError, PolicyscanError
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.plan.decode import read_bytes
from policyscan.report import json_document, render_json, render_text

if TYPE_CHECKING:
    from policyscan.source import Source

_NARROW, _WIDE = 60, 120


@dataclass(frozen=True, slots=True)
class _Target:
    """A report to write: its format and its file, None for stdout."""

    format: str
    path: str | None


def run_scan(  # noqa: PLR0913 - one argument per flag
    *,
    plans: Sequence[str],
    formats: Sequence[str],
    output: str | None,
    source_dir: str | None,
    no_source: bool,
    fail_on: str | None,
    exit_zero: bool,
    select: Sequence[str],
    ignore: Sequence[str],
    assignments: Sequence[str],
    config: str | None,
    no_checkov: bool,  # noqa: ARG001 - Checkov is not set up yet, so there is nothing to leave out
    quiet: bool,
    no_color: bool,
) -> int:
    """Judge plans and write every report. Returns the worst exit code."""
    targets = _targets(formats, output)
    settings = _settings(config, select, ignore, assignments, fail_on)
    pack = load_pack(built_in_pack())
    scanned: list[tuple[Outcome, int]] = []
    for name in plans:
        plan = read_plan(read_bytes(name), name)
        source = None if no_source else _source(name, source_dir)
        outcome = judge(ResourceGraph(plan, source), pack, settings)
        scanned.append((outcome, outcome.exit_code(settings.fail_on)))
    for target in targets:
        write(target.path, _rendered(target, scanned, quiet=quiet, no_color=no_color))
    worst = max((code for _, code in scanned), key=(0, 3, 1, 2).index)
    return 0 if exit_zero and worst == 1 else worst


def _targets(formats: Sequence[str], output: str | None) -> tuple[_Target, ...]:
    found = []
    for text in formats or ("text",):
        name, equals, path = text.partition("=")
        if name not in FORMATS:
            raise ConfigError(
                f"--format {text}: no format {name!r}; there are {', '.join(FORMATS)}"
            )
        found.append(_Target(name, path if equals else output))
    if sum(target.path in {None, output} for target in found) > 1:
        raise ConfigError("several formats for one place: give all but one a path, as -f json=out")
    return tuple(found)


def _settings(
    config: str | None,
    select: Sequence[str],
    ignore: Sequence[str],
    assignments: Sequence[str],
    fail_on: str | None,
) -> Settings:
    if config is not None:
        base = read_config(Path(config))
    elif Path(CONFIG_FILE).is_file():
        base = read_config(Path(CONFIG_FILE))
    else:
        base = Settings()
    return replace(
        base,
        select=tuple(select) or base.select,
        ignore=(*base.ignore, *ignore),
        fail_on=fail_on or base.fail_on,
        given={**base.given, **dict(parse_assignment(text) for text in assignments)},
    )


def _source(plan: str, source_dir: str | None) -> Source | None:
    """The source given, or the one beside the plan; reading it is worth its time only then."""
    if source_dir is not None:
        folder = Path(source_dir)
        if not folder.is_dir():
            raise PolicyscanError(f"--source-dir {source_dir}: no such folder")
        if not _holds_source(folder):
            raise PolicyscanError(f"--source-dir {source_dir}: no .tf file in it")
    else:
        folder = Path(plan).parent
        if plan == "-" or not _holds_source(folder):
            return None
    from policyscan.source import read_source  # noqa: PLC0415 - most scans have no source

    return read_source(folder)


def _holds_source(folder: Path) -> bool:
    return any(folder.glob("*.tf")) or any(folder.glob("*.tf.json"))


def _rendered(
    target: _Target, scanned: list[tuple[Outcome, int]], *, quiet: bool, no_color: bool
) -> str:
    if target.format == "json":
        return render_json([json_document(outcome, code) for outcome, code in scanned])
    width, colour = (100, False)
    if target.path is None and sys.stdout.isatty():
        width, colour = _terminal(no_color=no_color)
    return "\n".join(
        render_text(outcome, code, width=width, colour=colour, quiet=quiet)
        for outcome, code in scanned
    )


def _terminal(*, no_color: bool) -> tuple[int, bool]:
    """Columns to fill, and whether to use colour: rich knows terminals and NO_COLOR."""
    from rich.console import Console  # noqa: PLC0415 - only terminals need it

    console = Console(no_color=no_color or None)
    colour = console.color_system is not None and not console.no_color
    return min(max(console.width, _NARROW), _WIDE), colour
