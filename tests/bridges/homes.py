"""What there is of a home of Checkov."""

from __future__ import annotations

from pathlib import Path

HOME = "POLICYSCAN_CHECKOV_HOME"


def files(folder: Path) -> list[str]:
    """Everything below, but for the file that is locked."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".lock"
    )
