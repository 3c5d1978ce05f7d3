"""Gives a cluster its tasks, a bounded number at a time, and gives up on no plan too early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distributed import Client, Future, KilledWorker, as_completed
from distributed.client import FutureCancelledError

from policyscan.errors import FleetError, PolicyscanError
from policyscan.fleet.batches import Batch, Tally, batch_of
from policyscan.fleet.worker import Task, given_up, plugin_name, scan_batch

_FOR_EACH_THREAD: Final = 3
"""Tasks under way: one at work, and enough behind it that nobody waits."""
_LEAST: Final = 4


def tallies(client: Client, task: Task, batches: Iterator[Batch]) -> Iterator[Tally]:
    """What becomes of each batch, in the order they are done.

    Raises PolicyscanError: no more can be judged or written.
    """
    at_work: dict[Future[Tally], Batch] = {}
    alone: list[Batch] = []
    done = as_completed(loop=client.loop, raise_errors=False)

    def begin() -> None:
        while len(at_work) < max(threads_of(client) * _FOR_EACH_THREAD, _LEAST):
            batch = alone.pop() if alone else next(batches, None)
            if batch is None:
                return
            future = client.submit(
                scan_batch, plugin_name(task.tables), batch, key=_key(task, batch), pure=False
            )
            at_work[future] = batch
            done.add(future)

    begin()
    try:
        for future in done:
            batch = at_work.pop(future)
            tally = _tally(task, future, batch, alone)
            future.release()
            if tally is not None:
                yield tally
            begin()
    finally:
        if at_work:
            client.cancel(list(at_work), force=True)


def threads_of(client: Client) -> int:
    """How many tasks the cluster works on at a time."""
    return sum(client.nthreads().values())


def _key(task: Task, batch: Batch) -> str:
    return f"{plugin_name(task.tables)}-{batch.part}"


def _tally(task: Task, future: Future[Tally], batch: Batch, alone: list[Batch]) -> Tally | None:
    """What became of a batch; None where its plans are to be judged one by one."""
    problem = future.exception() if future.status != "finished" else None
    match problem:
        case None:
            tally: Tally = future.result()
            return tally
        case KilledWorker():
            # Whatever was written before: its plans will have parts of their own.
            if len(batch.plans) == 1:
                return given_up(task, batch, "each worker that judged it was ended")
            task.tables.remove(batch.part)
            alone.extend(batch_of([each]) for each in reversed(batch.plans))
            return None
        case PolicyscanError():
            raise problem
        case FutureCancelledError():
            raise FleetError("the scheduler is gone; --resume goes on from what is written")
        case _:
            raise FleetError(
                f"a worker cannot judge: {type(problem).__name__}: "
                f"{' '.join(str(problem).split())[:300]}"
            )
