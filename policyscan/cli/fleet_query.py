"""`policyscan fleet query` and `policyscan fleet report`: what was found in many plans."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

from policyscan.cli.fleet import missing
from policyscan.cli.output import write
from policyscan.rule import Severity

if TYPE_CHECKING:
    from policyscan.fleet.views import Asked


def run_fleet_query(  # noqa: PLR0913 - a flag each
    *,
    sql: str,
    out: str,
    format_name: str,
    output: str | None,
    header: bool,
    limit: int | None,
    **flags: Any,
) -> int:
    """Answer a query; `flags` are those of `with_runs`.

    Raises PolicyscanError: a flag or the query is wrong, or there is nothing to ask.
    """
    asked = _asked(flags)
    from policyscan.fleet.query import answered  # noqa: PLC0415 - of an extra, as `_asked` says
    from policyscan.fleet.shown import Look, query_pieces  # noqa: PLC0415 - likewise
    from policyscan.fleet.views import opened  # noqa: PLC0415 - likewise

    sql = sys.stdin.read() if sql == "-" else sql
    look = Look(format_name, _width(output), header=header, limit=limit)
    with opened(out, asked, sql) as views:
        write(output, query_pieces(sql, answered(views, sql), look))
    return 0


def run_fleet_report(
    *, name: str, out: str, format_name: str, output: str | None, shows_sql: bool, **flags: Any
) -> int:
    """Show a report, or the SQL of it; `flags` are those of `with_runs`.

    Raises PolicyscanError: a flag is wrong, or there is nothing to report on.
    """
    asked = _asked(flags)
    from policyscan.fleet.reports import REPORTS, sql_of, told  # noqa: PLC0415 - of an extra
    from policyscan.fleet.shown import Look, report_shown  # noqa: PLC0415 - likewise

    report = REPORTS[name]
    if shows_sql:
        write(output, sql_of(report))
    else:
        write(output, report_shown(told(report, out, asked), Look(format_name, _width(output))))
    return 0


def _width(output: str | None) -> int | None:
    """Columns of the terminal that is written to; None where it is none."""
    is_screen = output in {None, "-"} and sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_screen else None


def _asked(flags: dict[str, Any]) -> Asked:
    """Which runs, and what of them. Raises ConfigError: the packages of fleets are missing."""
    try:
        from policyscan.fleet.views import Asked  # noqa: PLC0415 - loads all of the extra
    except ModuleNotFoundError as problem:
        raise missing(problem) from None
    severity = flags.pop("severity")
    return Asked(severity=Severity(severity) if severity else None, **flags)
