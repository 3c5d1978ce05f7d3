"""A run of a fleet from its patterns to its summary."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, TextIO

from distributed import Client
from msgspec.structs import replace

from policyscan.errors import FleetError, PolicyscanError
from policyscan.fleet.batches import Batch, Tally, batches
from policyscan.fleet.cluster import connected, share_of_memory, workers_here
from policyscan.fleet.driving import tallies, threads_of
from policyscan.fleet.listing import Input, listed
from policyscan.fleet.options import FleetOptions
from policyscan.fleet.progress import Progress
from policyscan.fleet.recipe import MIB, Recipe
from policyscan.fleet.resuming import Left, left_of, tables_of
from policyscan.fleet.summary import counted, document
from policyscan.fleet.worker import Judging, Task, plugin_name

_MINUTE: Final = 60
_FOR_DASK: Final = 256 * MIB
"""Of a worker's memory, what is left to Dask, to reading and to writing."""
_LEAST_MEMORY: Final = 512 * MIB


@dataclass(slots=True)
class _Work:
    """How a run went."""

    began: datetime
    judged: int = 0
    kept: int = 0
    seconds: float = 0.0
    workers: int = 0

    def add(self, tally: Tally, workers: int) -> None:
        """One task more is done."""
        self.judged += tally.plans - tally.kept
        self.kept += tally.kept
        self.workers = max(self.workers, workers)


def run_fleet(
    options: FleetOptions,
    recipe: Recipe,
    *,
    stdin: TextIO | None = None,
    stderr: TextIO | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Judge all plans that are meant, write the tables, and return the summary.

    Raises FleetError: there is nothing to judge, or not every plan is accounted for at the end.
    """
    tables = tables_of(options)
    plans = listed(
        options.plans,
        workspace_from=options.workspace_from,
        stdin=stdin,
        retries=options.retries,
    )
    if not plans:
        raise NothingToScanError("no plan is named: nothing to scan")
    work = _Work(datetime.now(UTC))
    left = left_of(tables, plans) if tables.exists else Left((), tuple(plans))
    tables.prepare()
    task = Task(_bounded(recipe, options), tables, options.folder, options.retries)
    with connected(options) as client, Progress(len(plans), stderr, quiet=quiet) as progress:
        todo = chain(left.again, _new(left.new, threads_of(client), options))
        with _registered(client, task, options):
            # Of a long run the start is no part worth telling.
            began = time.monotonic()
            for tally in _judged(client, task, todo, progress):
                work.add(tally, progress.workers)
            work.seconds = time.monotonic() - began
    return _concluded(task, plans, work)


class NothingToScanError(FleetError):
    """There is no plan."""

    exit_code = 3


def _bounded(recipe: Recipe, options: FleetOptions) -> Recipe:
    """The recipe with how much memory the judging of a plan may take."""
    if options.scheduler is not None and options.memory is None:
        return recipe
    memory = max(share_of_memory(options) - _FOR_DASK, _LEAST_MEMORY)
    return replace(recipe, limits=replace(recipe.limits, memory=memory))


def _new(plans: tuple[Input, ...], threads: int, options: FleetOptions) -> Iterator[Batch]:
    return batches(
        plans,
        total=len(plans),
        workers=threads or workers_here(options),
        most=options.batch_plans,
        largest=options.batch_bytes,
    )


def _judged(
    client: Client, task: Task, todo: Iterator[Batch], progress: Progress
) -> Iterator[Tally]:
    """What becomes of each batch, told as it is known."""
    progress.workers = threads_of(client)
    for tally in tallies(client, task, todo):
        progress.add(tally)
        progress.workers = threads_of(client)
        yield tally


@contextmanager
def _registered(client: Client, task: Task, options: FleetOptions) -> Iterator[None]:
    """All workers, those to come too, know how to judge; those of others forget it in the end.

    Raises FleetError: one cannot.
    """
    try:
        client.register_plugin(Judging(task, is_silent=options.scheduler is None))
    except PolicyscanError:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever a worker raises
        why = " ".join(str(problem).split())[:300]
        where = options.scheduler or "this machine"
        raise FleetError(
            f"the workers of {where} cannot judge: {type(problem).__name__}: {why}; they need the "
            "same policyscan[fleet]"
        ) from None
    try:
        yield
    finally:
        if options.scheduler is not None:
            # Where the scheduler is gone there is nobody to forget anything.
            with suppress(Exception):
                client.unregister_worker_plugin(plugin_name(task.tables))


def _concluded(task: Task, plans: list[Input], work: _Work) -> dict[str, Any]:
    """Count what is there, and write the summary. Raises FleetError: a plan is missing."""
    tables = task.tables
    tables.sweep()
    counts = counted(tables)
    minutes = max(work.seconds, 0.001) / _MINUTE
    rate = work.judged / minutes
    about = {
        "started_at": work.began.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(),
        "seconds": round(work.seconds, 3),
        "judged": work.judged,
        "kept": work.kept,
        "workers": work.workers,
        "plans_per_minute": round(rate, 1),
        "plans_per_minute_per_core": round(rate / max(work.workers, 1), 1),
    }
    summary = document(tables, counts, inputs=len(plans), rules=task.recipe.rules, about=about)
    if counts.plans != len(plans):
        raise FleetError(
            f"{tables.out}: run {tables.run} has {counts.plans} rows for {len(plans)} plans; "
            "--resume makes up for it"
        )
    tables.summarise(f"{json.dumps(summary, indent=2, ensure_ascii=False)}\n".encode())
    return summary
