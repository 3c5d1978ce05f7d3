"""What is begun before all else of a scan, most of which is loaded meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from policyscan.bridges.home import set_up
from policyscan.bridges.running import Waiting, waiting
from policyscan.errors import CheckovError


def started_early(options: Mapping[str, Any]) -> list[Waiting]:
    """The worker at work on loading Checkov, where flags leave it possible that it will be asked.

    What keeps it from being used is told by `checkov_beside`, once all settings are known.
    """
    if options["checkov"] is False or (options["select"] and not options["checkov"]):
        return []
    with suppress(CheckovError):
        found = set_up()
        if found is not None and found.quick:
            return [waiting(found)]
    return []
