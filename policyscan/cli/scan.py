"""`policyscan scan`: plan, graph, rules, report."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.cli.baselines import baselines
from policyscan.cli.inputs import expand
from policyscan.cli.judging import Judging, judging
from policyscan.cli.output import say, write
from policyscan.cli.progress import Progress
from policyscan.cli.waivers import waiver_terms
from policyscan.engine import (
    GATE,
    Outcome,
    PackRule,
    Settings,
    WaiverTerms,
    apply_waivers,
    threshold,
)
from policyscan.errors import ConfigError, PlanError, PlannerError, PolicyscanError, SourceError
from policyscan.report.formats import FORMATS, pieces
from policyscan.report.scans import Look, Refused, Report, Scan

if TYPE_CHECKING:
    from policyscan.bridges.running import Waiting

_NARROW, _WIDE = 60, 120


class _Target(Struct, frozen=True):
    """A report to write: its format and its file, None for stdout."""

    format: str
    path: str | None


class _Refused(Struct, frozen=True):
    """A plan that could not be read or judged, and the error that says why."""

    name: str
    error: PolicyscanError


_Scanned = Outcome | _Refused


def run_scan(  # noqa: PLR0913 - one argument per flag
    *,
    plans: Sequence[str],
    formats: Sequence[str],
    output: str | None,
    baseline: str | None,
    write_baseline: str | None,
    exit_zero: bool,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    show_waived: bool,
    ready: Sequence[Waiting] = (),
    **flags: Any,
) -> int:
    """Judge plans and write every report. Returns the worst exit code.

    `flags` are those of `judging`, and `ready` is Checkov's worker where it was started early.
    Of several plans one that cannot be read is reported in its place, and the others are judged.
    Raises PolicyscanError: a flag is wrong, or the only plan cannot be read.
    """
    targets = _targets(formats, output)
    names = expand(plans)
    how = judging(names, ready=ready, **flags)
    settings = how.chosen.settings
    terms = waiver_terms(how.chosen, tells_stale=len(names) == 1)
    known = baselines(baseline, write_baseline)
    # Reports quote the source, so it stays at hand until they are written.
    with ExitStack() as opened:
        scanned = []
        with Progress() as progress:
            for number, name in enumerate(names, 1):
                of = f" ({number} of {len(names)})" if len(names) > 1 else ""
                progress.say(f"judging {name}{of}")
                scanned.append(_scanned(name, how, terms, opened))
        scanned = [known.applied(each) if isinstance(each, Outcome) else each for each in scanned]
        match scanned:
            case [_Refused(error=error)]:
                raise error
        scans = tuple(_scan(each, settings) for each in scanned)
        look = Look(
            quiet=quiet,
            verbose=verbose,
            show_waived=show_waived,
            fail_on=threshold(settings.fail_on),
        )
        report = _report(scans, how.chosen.pack)
        for target in targets:
            seen = replace(report, look=_look(target, look, no_color=no_color))
            write(target.path, pieces(target.format, seen))
    for each in scanned:
        if isinstance(each, _Refused):
            say(str(each.error))
    outcomes = [each for each in scanned if isinstance(each, Outcome)]
    known.conclude(
        outcomes,
        how.chosen.pack,
        settings,
        is_whole=all(isinstance(each, Outcome) and not each.errors for each in scanned),
    )
    worst = max((each.exit_code for each in scans), key=(0, 3, 1, 2).index)
    return 0 if exit_zero and worst == 1 else worst


def _scanned(
    name: str,
    how: Judging,
    terms: WaiverTerms,
    opened: ExitStack,
) -> _Scanned:
    try:
        return apply_waivers(how.outcome(name, opened), terms)
    except (PlanError, SourceError, PlannerError) as error:
        # What is wrong with this plan is not wrong with the next; a wrong flag is.
        return _Refused(name, error)


def _scan(scanned: _Scanned, settings: Settings) -> Scan:
    if isinstance(scanned, _Refused):
        return Scan(Refused(scanned.name, str(scanned.error)), scanned.error.exit_code)
    return Scan(scanned, scanned.exit_code(settings.fail_on))


def _report(scans: tuple[Scan, ...], pack: tuple[PackRule, ...]) -> Report:
    folder = Path.cwd()
    tops = (each for each in (folder, *folder.parents) if (each / ".git").exists())
    pages = {each.rule.id: each.page for each in (GATE, *pack)}
    return Report(scans, pages, str(folder), str(next(tops, folder)))


def _targets(formats: Sequence[str], output: str | None) -> tuple[_Target, ...]:
    found = []
    for text in formats or ("text",):
        name, equals, path = text.partition("=")
        if name not in FORMATS:
            raise ConfigError(
                f"--format {text}: no format {name!r}; there are {', '.join(FORMATS)}"
            )
        found.append(_Target(name, _place(path if equals else output)))
    if len({target.path for target in found}) < len(found):
        raise ConfigError("several formats for one place: give all but one a path, as -f json=out")
    return tuple(found)


def _place(path: str | None) -> str | None:
    """Where a report goes, the same place always called the same; None is stdout."""
    if path is None or path == "-":
        return None
    # A device takes as many as there are.
    return os.path.realpath(path) if not path.startswith("/dev/") else path


def _look(target: _Target, look: Look, *, no_color: bool) -> Look:
    if target.path is None and sys.stdout is not None and sys.stdout.isatty():
        width, colour = _terminal(no_color=no_color)
        return replace(look, width=width, colour=colour)
    return look


def _terminal(*, no_color: bool) -> tuple[int, bool]:
    """Columns to fill, and whether to use colour: rich knows terminals and NO_COLOR."""
    from rich.console import Console  # noqa: PLC0415 - only terminals need it

    console = Console(no_color=no_color or None)
    colour = console.color_system is not None and not console.no_color
    return min(max(console.width, _NARROW), _WIDE), colour
