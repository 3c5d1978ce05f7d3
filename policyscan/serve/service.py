"""Accepted tasks, from their acceptance until somebody knows what came of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from enum import Enum, auto
from typing import Final

from policyscan.errors import RunTaskError, crash_site
from policyscan.serve.exchange import Exchange
from policyscan.serve.log import tell
from policyscan.serve.options import ServeOptions
from policyscan.serve.request import JUDGED_STAGES, RunTask
from policyscan.serve.result import TaskResult, not_judged, result_of
from policyscan.serve.scan import scanned

_REMEMBERED: Final = 10_000
"""Ids of results, of a kilobyte at the most, by which a request is known again."""
_LAST_WORD: Final = 10.0
"""Seconds after the grace to say of the rest that nobody will judge it."""


class Reply(Enum):
    """What becomes of a task that is offered."""

    ACCEPTED = auto()
    SEEN = auto()
    FULL = auto()
    STOPPING = auto()


class Service:
    """Takes as many tasks as there are places, judges some at a time, and tells each result."""

    def __init__(self, options: ServeOptions, exchange: Exchange) -> None:
        self._options = options
        self._exchange = exchange
        self._workers = asyncio.Semaphore(options.workers)
        self._accepted: set[asyncio.Task[None]] = set()
        self._judging: set[asyncio.Task[TaskResult]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.is_stopping = False

    @property
    def accepted(self) -> int:
        """How many tasks wait for their verdict, or for somebody to take it."""
        return len(self._accepted)

    def offer(self, task: RunTask) -> Reply:
        """Take a task, unless it is known, or there is no place for it."""
        if task.id in self._seen:
            return Reply.SEEN
        if self.is_stopping:
            return Reply.STOPPING
        if self.accepted >= self._options.workers + self._options.queue:
            return Reply.FULL
        self._seen[task.id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        running = asyncio.create_task(self._settled(task))
        self._accepted.add(running)
        running.add_done_callback(self._accepted.discard)
        return Reply.ACCEPTED

    async def stop(self) -> None:
        """Take no more, and end what was taken: within the grace by a verdict, then without."""
        self.is_stopping = True
        await self._ended(self._options.grace)
        self.give_up()
        await self._ended(_LAST_WORD)
        for each in self._accepted:
            each.cancel()
        await asyncio.gather(*self._accepted, return_exceptions=True)

    def give_up(self) -> None:
        """Judge no further: what is not judged by now is told to be so."""
        for each in self._judging:
            each.cancel()

    async def _ended(self, seconds: float) -> None:
        if self._accepted:
            await asyncio.wait(self._accepted, timeout=seconds)

    async def _settled(self, task: RunTask) -> None:
        """Judge a task and tell the result; if it cannot be told, say so here."""
        try:
            result = await self._result(task)
            await self._exchange.answer(task, result)
        except RunTaskError as problem:
            tell("lost", run=task.run, task=task.id, status=result.status, why=problem)
        except asyncio.CancelledError:
            tell("lost", run=task.run, task=task.id, why="the service stopped before it was told")
            raise
        except Exception as problem:  # noqa: BLE001 - one task must not end the others silently
            tell("lost", run=task.run, task=task.id, why=f"internal error: {crash_site(problem)}")
        else:
            tell("answered", run=task.run, task=task.id, status=result.status, says=result.message)

    async def _result(self, task: RunTask) -> TaskResult:
        judging = asyncio.create_task(self._judged(task))
        beating = asyncio.create_task(self._beat(task))
        self._judging.add(judging)
        try:
            await asyncio.wait({judging})
        finally:
            judging.cancel()
            beating.cancel()
            # A sign of life after the result would be one too many.
            await asyncio.wait({judging, beating})
            self._judging.discard(judging)
        if judging.cancelled():
            return not_judged("the service was stopped before it could judge the plan")
        return judging.result()

    async def _beat(self, task: RunTask) -> None:
        while True:
            await asyncio.sleep(self._options.progress)
            await self._exchange.progress(task, "policyscan is at it")

    async def _judged(self, task: RunTask) -> TaskResult:
        if task.stage not in JUDGED_STAGES:
            when = "after the apply" if task.stage == "post_apply" else "before the plan"
            return TaskResult("passed", f"nothing to judge {when}")
        try:
            async with self._workers:
                tell("judging", run=task.run, task=task.id)
                plan = await self._exchange.plan(task)
                report = await scanned(plan, self._options)
                del plan
            return result_of(report)
        except RunTaskError as problem:
            return not_judged(str(problem))
        except Exception as problem:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            return not_judged(f"internal error, please report it: {crash_site(problem)}")
