"""What of a run is there already, and what is left to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from policyscan.errors import FleetError
from policyscan.fleet.batches import Batch
from policyscan.fleet.listing import Input
from policyscan.fleet.options import FleetOptions
from policyscan.fleet.tables import Tables, runs

_TIME: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_NAMED: Final = 5


class Left(Struct, frozen=True):
    """What is to be looked at again, part by part, and what is new."""

    again: tuple[Batch, ...]
    new: tuple[Input, ...]


def tables_of(options: FleetOptions) -> Tables:
    """The tables of the run that is meant. Raises FleetError: its name is none, or is taken."""
    if options.run is not None and not _NAME.fullmatch(options.run):
        raise FleetError(f"--run {options.run}: letters, digits, '.', '_' and '-' make a name")
    run = options.run or (_last(options) if options.resume else None)
    tables = Tables(options.out, run or datetime.now(UTC).strftime(_TIME), options.retries)
    if not options.resume and tables.exists:
        raise FleetError(
            f"run {tables.run} is there already: --resume goes on with it, --run NAME names another"
        )
    return tables


def _last(options: FleetOptions) -> str | None:
    """The run that is gone on with: the only one, else the latest that is called by its time."""
    found = runs(options.out, options.retries)
    if len(found) < 2:  # noqa: PLR2004 - one, or none
        return next(iter(found), None)
    timed = [each for each in found if _is_time(each)]
    if len(timed) < len(found):
        named = ", ".join(found[:_MOST_NAMED])
        raise FleetError(
            f"--resume: there are {len(found)} runs ({named}, ...): say which by --run"
        )
    return timed[-1]


def _is_time(run: str) -> bool:
    try:
        datetime.strptime(run, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def left_of(tables: Tables, plans: Sequence[Input]) -> Left:
    """What is left of a run for these plans; parts that do not fit them any more are removed."""
    tables.sweep()
    unseen = {each.name: each for each in plans}
    again = []
    for part, table in tables.of_each(lambda part: tables.plans(part, ["plan"])):
        names = table["plan"].to_pylist()
        if all(name in unseen for name in names):
            again.append(Batch(part, tuple(unseen.pop(name) for name in names), again=True))
        else:
            tables.remove(part)
    return Left(tuple(again), tuple(unseen.values()))
