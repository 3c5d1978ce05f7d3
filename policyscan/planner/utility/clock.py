"""The time provider: moments it is told, and the one at which the simulated clock stands still.

Source: terraform-provider-time 0.13, internal/provider/resource_time_static.go and
resource_time_offset.go.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policyscan.planner.change import Versions
    from policyscan.planner.provider import Configuration
    from policyscan.planner.schema import Block, TypeHints

Attributes = dict[str, Any]

NOW = "2000-01-01T00:00:00Z"
_UNITS = ("days", "hours", "minutes", "months", "seconds", "years")


def moment(planned: Attributes, _seed: str) -> Attributes:
    """What `time_static` says of its moment."""
    given = planned.get("rfc3339")
    text = given if isinstance(given, str) else NOW
    return {**_clock(datetime.fromisoformat(text)), "id": text, "rfc3339": text}


def offset(planned: Attributes, _seed: str) -> Attributes:
    """What `time_offset` says of a moment so far from its base."""
    base = planned.get("base_rfc3339")
    start = datetime.fromisoformat(base if isinstance(base, str) else NOW)
    shifted = start
    for unit in _UNITS:
        # As in the provider: offsets are not added up, the last unit that is set wins.
        if count := int(planned.get(f"offset_{unit}") or 0):
            shifted = _shifted(start, unit, count)
    return {**_clock(shifted), "id": _text(start), "base_rfc3339": _text(start)}


def rotating(planned: Attributes, seed: str) -> Attributes:
    """What `time_rotating` says: far in the future, or the next plan saw a rotation that is due."""
    return {"rotation_rfc3339": "2999-01-01T00:00:00Z", **moment(planned, seed)}


def sleep(_planned: Attributes, _seed: str) -> Attributes:
    """What `time_sleep` says after it did not wait."""
    return {"id": NOW}


def settle_time(
    _configuration: Configuration,
    block: Block,
    _hints: TypeHints,
    versions: Versions,
    planned: Attributes,
) -> Attributes:
    """The planned object with the parts of a moment that is known already."""
    try:
        if versions.prior is None:
            is_told = _is_static(block) and isinstance(planned["rfc3339"], str)
            return planned | moment(planned, "") if is_told else planned
        if "base_rfc3339" in block.attributes and any(
            planned[f"offset_{unit}"] != versions.prior[f"offset_{unit}"] for unit in _UNITS
        ):
            return planned | offset(planned, "")
    except (ValueError, TypeError, OverflowError):
        # No moment, or an unknown count: the provider would say so when it applies.
        return planned
    return planned


def _is_static(block: Block) -> bool:
    return not block.attributes.keys() & {"base_rfc3339", "rotation_rfc3339"} and (
        "rfc3339" in block.attributes
    )


def _shifted(start: datetime, unit: str, count: int) -> datetime:
    if unit not in {"months", "years"}:
        return start + timedelta(**{unit: count})
    months = start.year * 12 + start.month - 1 + count * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    # A day that the month does not have runs over into the next one.
    beyond = max(0, start.day - monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=start.day - beyond) + timedelta(beyond)


def _text(point: datetime) -> str:
    written = point.isoformat(timespec="seconds")
    return written.removesuffix("+00:00") + "Z" if point.utcoffset() == timedelta(0) else written


def _clock(point: datetime) -> Attributes:
    point = point if point.tzinfo else point.replace(tzinfo=UTC)
    parts = ("year", "month", "day", "hour", "minute", "second")
    return {
        "rfc3339": _text(point),
        "unix": int(point.timestamp()),
        **{part: getattr(point, part) for part in parts},
    }
