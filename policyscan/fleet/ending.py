"""How a plan of a fleet ends."""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """Each plan that was given ends in one of these ways."""

    SCANNED = "scanned"
    """It was judged as a whole."""
    INCONCLUSIVE = "inconclusive"
    """It was read and cannot be judged as a whole: planning had failed, or a rule crashed."""
    FAILED = "failed"
    """It cannot be had, is no plan, is too large, or took more time or memory than it may."""
