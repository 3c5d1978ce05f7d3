"""Every format of a report, by its name; only the one that is asked for is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyscan.report.scans import Report, Scan

FORMATS: Final = (
    "text",
    "json",
    "sarif",
    "junit",
    "markdown",
    "github",
    "gitlab",
    "concise",
    "html",
)


def rendered(name: str, report: Report) -> str:
    """A report in one of `FORMATS`."""
    return "".join(pieces(name, report))


def pieces(name: str, report: Report) -> Iterator[str]:
    """The same, made piece by piece as they are asked for where it may be long."""
    match name:
        case "text":
            from policyscan.report.scans import for_all  # noqa: PLC0415 - so is the rest

            yield "\n".join(_text(scan, report) for scan in report.scans) + for_all(report)
        case "json":
            yield from _json(report)
        case _:
            module = import_module(f"policyscan.report.{name}_report")
            yield getattr(module, f"render_{name}")(report)


def _text(scan: Scan, report: Report) -> str:
    from policyscan.report.safe import inert  # noqa: PLC0415 - so is the rest
    from policyscan.report.text_report import render_refused, render_text  # noqa: PLC0415

    look = report.look
    if scan.outcome is None:
        return inert(render_refused(scan.errors[0], colour=look.colour))
    return inert(
        render_text(
            scan.outcome,
            scan.exit_code,
            width=look.width,
            colour=look.colour,
            quiet=look.quiet,
            verbose=look.verbose,
            show_waived=look.show_waived,
            fail_on=look.fail_on,
        )
    )


def _json(report: Report) -> Iterator[str]:
    from policyscan.report.json_report import (  # noqa: PLC0415
        json_document,
        refused_document,
        render_json,
    )
    from policyscan.report.safe import plain_json  # noqa: PLC0415

    documents = (
        refused_document(scan.name, scan.errors[0], scan.exit_code)
        if scan.outcome is None
        else json_document(scan.outcome, scan.exit_code)
        for scan in report.scans
    )
    return map(plain_json, render_json(list(documents)))
