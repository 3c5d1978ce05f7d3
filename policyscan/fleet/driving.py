"""Gives a cluster its tasks, a bounded number at a time, and gives up on no plan too early."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import count, islice
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
    at_work: dict[Future[Tally], tuple[Batch, bool]] = {}
    suspects: deque[Batch] = deque()
    numbers, plugin = count(), plugin_name(task.tables)
    done = as_completed(loop=client.loop, raise_errors=False)

    def begin() -> None:
        for batch, is_alone in _next(client, batches, suspects, len(at_work)):
            # Never a key twice: the cluster may be forgetting the one before.
            key = f"{plugin}-{batch.part}-{next(numbers)}"
            future = client.submit(scan_batch, plugin, batch, key=key, pure=False)
            at_work[future] = batch, is_alone
            done.add(future)

    begin()
    try:
        for future in done:
            batch, is_alone = at_work.pop(future)
            try:
                yield _tally(future)
            except KilledWorker:
                suspects.extend(_alone(task, batch, is_alone=is_alone))
                if is_alone and len(batch.plans) == 1:
                    yield given_up(task, batch, "each worker that judged it was ended")
            future.release()
            begin()
    finally:
        if at_work:
            client.cancel(list(at_work), force=True)


def _next(
    client: Client, batches: Iterator[Batch], suspects: deque[Batch], at_work: int
) -> Iterator[tuple[Batch, bool]]:
    """What to begin now, and whether alone: a suspect has all workers, once all others are done."""
    most = max(threads_of(client) * _FOR_EACH_THREAD, _LEAST)
    for batch in islice(batches, max(most - at_work, 0)):
        at_work += 1
        yield batch, False
    if suspects and not at_work:
        yield suspects.popleft(), True


def _alone(task: Task, batch: Batch, *, is_alone: bool) -> Iterator[Batch]:
    """What is to be judged alone, of a batch whose workers died; perhaps for another's sake.

    Whatever it wrote is removed: each plan by itself has a part of its own.
    """
    task.tables.remove(batch.part)
    if not is_alone:
        yield batch_of(batch.plans)
    elif len(batch.plans) > 1:
        yield from (batch_of([each]) for each in batch.plans)


def threads_of(client: Client) -> int:
    """How many tasks the cluster works on at a time."""
    return sum(client.nthreads().values())


def _tally(future: Future[Tally]) -> Tally:
    """What became of a batch. Raises KilledWorker, or PolicyscanError: no batch can be judged."""
    problem = future.exception() if future.status != "finished" else None
    match problem:
        case None:
            tally: Tally = future.result()
            return tally
        case KilledWorker() | PolicyscanError():
            raise problem
        case FutureCancelledError():
            raise FleetError("the scheduler is gone; --resume goes on from what is written")
        case _:
            raise FleetError(
                f"a worker cannot judge: {type(problem).__name__}: "
                f"{' '.join(str(problem).split())[:300]}"
            )
