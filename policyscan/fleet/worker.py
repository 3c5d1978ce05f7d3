"""What a worker of the cluster does: reads plans, has them judged, writes what is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, cast

import pyarrow as pa
from distributed import Worker, WorkerPlugin, get_worker
from msgspec import Struct

from policyscan.fleet.batches import Batch, Tally
from policyscan.fleet.cluster import silence
from policyscan.fleet.ending import Ending
from policyscan.fleet.judge import Judged, Row, failed
from policyscan.fleet.judging import Judge
from policyscan.fleet.listing import Input
from policyscan.fleet.messages import Work
from policyscan.fleet.reading import contents
from policyscan.fleet.recipe import Recipe
from policyscan.fleet.schema import PLANS_FOLDER, VERDICTS_FOLDER
from policyscan.fleet.storage import StorageError, located, read
from policyscan.fleet.tables import Tables, merged, of_plans, table_of

_DONE_WITH: Final = (Ending.SCANNED, Ending.INCONCLUSIVE)
"""What is not judged again as long as the plan and the rules are the same."""
_KNOWN_BY: Final = ("plan", "sha256", "outcome", "rules")


class Task(Struct, frozen=True):
    """What all tasks of a run share; `folder` is where paths are seen from."""

    recipe: Recipe
    tables: Tables
    folder: str
    retries: int = 4


class Judging(WorkerPlugin):
    """Keeps the processes that judge, for as long as the run lasts; as many as tasks at a time."""

    def __init__(self, task: Task, *, is_silent: bool) -> None:
        self.task = task
        self.name = plugin_name(task.tables)
        self._is_silent = is_silent

    def setup(self, worker: Worker) -> None:
        """Nothing is started before it is needed."""
        del worker
        if self._is_silent:
            silence()
        self._idle: SimpleQueue[Judge] = SimpleQueue()
        self._all: list[Judge] = []

    def teardown(self, worker: Worker) -> None:
        """End them."""
        del worker
        for each in self._all:
            each.end()

    @contextmanager
    def judge(self) -> Iterator[Judge]:
        """One that nobody else uses."""
        try:
            judge = self._idle.get_nowait()
        except Empty:
            judge = Judge(self.task.recipe)
            self._all.append(judge)
        try:
            yield judge
        finally:
            self._idle.put(judge)


def plugin_name(tables: Tables) -> str:
    """What the plugin of a run is called on the cluster."""
    return f"policyscan-{tables.run}"


def scan_batch(plugin: str, batch: Batch) -> Tally:
    """Judge a batch and write its part. Raises PolicyscanError: no batch can be."""
    judging = cast("Judging", get_worker().plugins[plugin])
    with judging.judge() as judge:
        # Before anything is read: a worker whose storage ends it has to have come up by then, or
        # whoever looks after it takes it for one that cannot start.
        judge.start()
        return scanned(judging.task, batch, judge)


def scanned(task: Task, batch: Batch, judge: Judge) -> Tally:
    """Judge a batch and write its part."""
    before = _before(task, batch)
    judged: list[tuple[Input, Judged]] = []
    kept: list[str] = []
    for plan, content in contents(batch.plans, partial(_content, task), task.recipe.limits.seconds):
        if isinstance(content, StorageError):
            judged.append((plan, Judged(failed(str(content)))))
            continue
        found = judge.judged(Work(plan.name, content, before.get(plan.name)))
        if found.is_unchanged:
            kept.append(plan.name)
        else:
            judged.append((plan, found))
    if batch.again and not judged:
        table = task.tables.plans(batch.part, ["outcome"])
        return Tally(batch.part, Counter(table["outcome"].to_pylist()), len(kept))
    return _written(task, batch, judged, kept)


def given_up(task: Task, batch: Batch, reason: str) -> Tally:
    """Write the part of plans that nobody could judge."""
    return _written(task, batch, [(each, Judged(failed(reason))) for each in batch.plans], [])


def _content(task: Task, plan: Input) -> bytes:
    if plan.trouble:
        raise StorageError(plan.trouble)
    return read(
        located(plan.name, task.folder),
        size=plan.size,
        limit=task.recipe.limits.largest,
        retries=task.retries,
    )


def _before(task: Task, batch: Batch) -> dict[str, str]:
    """The digests of plans that are done with, unless they have changed."""
    if not batch.again:
        return {}
    table = task.tables.plans(batch.part, _KNOWN_BY)
    return {
        row["plan"]: row["sha256"]
        for row in table.to_pylist()
        if row["outcome"] in _DONE_WITH and row["rules"] == task.recipe.rules
    }


def _written(
    task: Task, batch: Batch, judged: list[tuple[Input, Judged]], kept: list[str]
) -> Tally:
    plans = table_of(PLANS_FOLDER, (_plan_row(task, *each) for each in judged))
    verdicts = table_of(
        VERDICTS_FOLDER, (row for each in judged for row in _verdict_rows(task, *each))
    )
    if kept:
        plans = _with_kept(PLANS_FOLDER, plans, task.tables.plans(batch.part), kept)
        verdicts = _with_kept(VERDICTS_FOLDER, verdicts, task.tables.verdicts(batch.part), kept)
    task.tables.commit(batch.part, plans, verdicts, is_another=batch.again)
    return Tally(batch.part, Counter(plans["outcome"].to_pylist()), len(kept))


def _with_kept(folder: str, new: pa.Table, old: pa.Table, kept: list[str]) -> pa.Table:
    return merged(folder, [new, of_plans(old, kept)])


def _plan_row(task: Task, plan: Input, judged: Judged) -> Row:
    return {
        **_named(task, plan),
        **judged.plan,
        "policyscan": task.recipe.policyscan,
        "rules": task.recipe.rules,
    }


def _verdict_rows(task: Task, plan: Input, judged: Judged) -> Iterator[Row]:
    shared = {**_named(task, plan), "sha256": judged.plan["sha256"]}
    for row in judged.verdicts:
        yield {**shared, **row}


def _named(task: Task, plan: Input) -> dict[str, Any]:
    return {"run": task.tables.run, "plan": plan.name, "workspace": plan.workspace}
