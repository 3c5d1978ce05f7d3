"""What commands say beside a report, and where they write one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from policyscan.errors import PolicyscanError


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
