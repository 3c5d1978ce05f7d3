"""The command line: the stages wired together.

Exit codes: 0 clean or below the threshold, 1 findings at or above it, 2 could not evaluate,
3 nothing to scan. One that a signal ends leaves with 128 and its number, as shells have it.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys

from policyscan.cli.ending import end_on_signals


def main() -> None:
    """Run the command line and leave at once.

    A scan lives for a third of a second, most of it imports: collecting garbage meanwhile and
    taking the interpreter down afterwards cost a quarter of that and free nothing that matters.
    """
    gc.disable()
    end_on_signals()
    if sys.argv[1:] == ["--version"]:
        from policyscan.cli.version import versions  # noqa: PLC0415 - nothing else is loaded

        sys.stdout.write(versions())
        return
    from policyscan.cli.commands import run  # noqa: PLC0415 - imports count once gc is off

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its code instead of no report at all.
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    with contextlib.suppress(OSError, AttributeError):
        sys.stderr.flush()
    os._exit(code)


__all__ = ["main"]
