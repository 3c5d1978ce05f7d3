"""What is begun before all else of a scan, most of which is loaded meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from policyscan.errors import CheckovError

if TYPE_CHECKING:
    from policyscan.bridges.running import Waiting


def started_early(options: Mapping[str, Any]) -> list[Waiting]:
    """The worker at work on loading Checkov, where flags leave it possible that it will be asked.

    What keeps it from being used is told by `checkov_beside`, once all settings are known.
    """
    if options["checkov"] is False or (options["select"] and not options["checkov"]):
        return []
    from policyscan.bridges.home import set_up  # noqa: PLC0415 - many scans are without

    with suppress(CheckovError):
        found = set_up()
        if found is not None and found.quick:
            from policyscan.bridges.running import waiting  # noqa: PLC0415 - as above

            return [waiting(found)]
    return []
