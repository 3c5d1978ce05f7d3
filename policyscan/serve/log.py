"""One line on stderr for each event: when, what, and its details."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

from policyscan.report.screen import plain


def tell(event: str, **details: object) -> None:
    """Say what happened. Details never hold a token, nor a URL, which may hold one."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = " ".join(f"{name}={_shown(value)}" for name, value in details.items())
    # That nobody reads it any more must not keep a task from its result.
    with suppress(OSError):
        os.write(sys.stderr.fileno(), f"{now} {event} {shown}".rstrip().encode() + b"\n")


def _shown(value: object) -> str:
    text = plain(str(value))
    return '"' + text.replace('"', "'") + '"' if " " in text or not text else text
