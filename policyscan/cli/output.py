"""What commands say beside a report, and where they write one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from policyscan.errors import PolicyscanError


def say(message: str) -> None:
    """One line to the user, beside the report."""
    from policyscan.report.safe import inert  # noqa: PLC0415 - only when something is wrong
    from policyscan.report.screen import plain  # noqa: PLC0415 - likewise

    line = " ".join(plain(part) for part in message.splitlines())
    # Nobody can be told that nobody can be told.
    with suppress(OSError, AttributeError):
        click.echo(inert(f"policyscan: {line}"), err=True)


def write(path: str | None, text: str | Iterable[str]) -> None:
    """Write a report, whole or in pieces, to a file or to stdout.

    Raises PolicyscanError: it cannot be written. What making the pieces raises goes on.
    """
    pieces = (text,) if isinstance(text, str) else text
    if path is None or path == "-":
        _print(pieces)
        return
    try:
        with Path(path).open("w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.writelines(pieces)
    except OSError as problem:
        raise PolicyscanError(f"{path}: cannot be written: {problem.strerror}") from None


def _print(pieces: Iterable[str]) -> None:
    if sys.stdout is None:
        raise PolicyscanError("standard output is closed; write the report to a file with -o")
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader left: what it asked for was written as far as it wanted, the exit code stays.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise PolicyscanError(f"standard output: cannot be written: {problem.strerror}") from None
