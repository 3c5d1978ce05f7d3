"""What is asked of HCP Terraform: the plan of a task, and to take its result."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx

from policyscan.errors import RunTaskError
from policyscan.serve.options import MIB, ServeOptions
from policyscan.serve.request import RunTask
from policyscan.serve.result import TaskResult

_JSON_API: Final = "application/vnd.api+json"
_MOST_REDIRECTS: Final = 3
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_LONGEST_SILENCE: Final = httpx.Timeout(30.0, connect=10.0, pool=None)
"""After which one try is given up; the time for all of them is another."""

_Answer = TypeVar("_Answer")


class _MayPassError(Exception):
    """What went wrong, where another try may go better, and in how many seconds at the soonest."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


class Exchange:
    """Asks with the token of each task, and asks again where that may help.

    Only hosts that are allowed get asked, redirects included, and only the host that a task names
    gets its token.
    """

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        # Proxies and certificates are those of the environment.
        self._client = httpx.AsyncClient(timeout=_LONGEST_SILENCE, follow_redirects=False)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def plan(self, task: RunTask) -> bytes:
        """The plan as it is handed out, perhaps gzip. Raises RunTaskError: it cannot be had."""
        try:
            return await _persistently(lambda: self._plan(task), self._options.fetch_seconds)
        except RunTaskError as problem:
            raise RunTaskError(f"the plan cannot be fetched: {problem}") from None

    async def answer(self, task: RunTask, result: TaskResult) -> None:
        """Tell the result. Raises RunTaskError: nobody took it until the time was over."""
        seconds = self._options.callback_seconds
        rich, plain = result.payload(with_outcomes=True), result.payload(with_outcomes=False)
        if task.takes_outcomes and result.outcomes:
            code = await _persistently(lambda: self._patch(task, rich), seconds)
            if code != HTTPStatus.UNPROCESSABLE_ENTITY:
                _accepted(code)
                return
            # What is wrong with the outcomes is not wrong with the verdict.
        _accepted(await _persistently(lambda: self._patch(task, plain), seconds))

    async def progress(self, task: RunTask, message: str) -> None:
        """Say that a task is not forgotten, once: the next sign of life comes soon enough."""
        try:
            await self._patch(task, TaskResult("running", message).payload(with_outcomes=False))
        except (_MayPassError, httpx.HTTPError):
            return

    async def _patch(self, task: RunTask, payload: dict[str, Any]) -> int:
        """The status code of an answer that will stay the same."""
        answer = await self._client.patch(
            self._options.hosts.checked(task.callback_url, "task_result_callback_url"),
            json=payload,
            headers={"Authorization": f"Bearer {task.token}", "Content-Type": _JSON_API},
        )
        _may_pass(answer)
        return answer.status_code

    async def _plan(self, task: RunTask) -> bytes:
        url = self._options.hosts.checked(task.plan_url, "plan_json_api_url")
        # Unpacked here, a few bytes could become many: a scan unpacks, and counts.
        headers = {"Authorization": f"Bearer {task.token}", "Accept-Encoding": "identity"}
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._client.stream("GET", url, headers=headers) as answer:
                if not answer.has_redirect_location:
                    return await self._body(answer)
                named = url
                try:
                    url = url.join(answer.headers["Location"])
                except httpx.InvalidURL:
                    raise RunTaskError("it is redirected to no URL") from None
                url = self._options.hosts.checked(url, "what it is redirected to")
                if _origin(url) != _origin(named):
                    headers.pop("Authorization", None)
        raise RunTaskError(f"more than {_MOST_REDIRECTS} redirects")

    async def _body(self, answer: httpx.Response) -> bytes:
        _may_pass(answer)
        if answer.status_code == HTTPStatus.NO_CONTENT:
            raise _MayPassError("it is not there yet")
        if answer.status_code != HTTPStatus.OK:
            raise RunTaskError(f"HTTP {answer.status_code}")
        most = self._options.largest_plan
        too_large = RunTaskError(f"it is larger than {most // MIB} MiB; see --max-plan")
        announced = answer.headers.get("Content-Length", "0")
        if announced.isdecimal() and int(announced) > most:
            raise too_large
        content = bytearray()
        async for chunk in answer.aiter_raw():
            content += chunk
            if len(content) > most:
                raise too_large
        return bytes(content)


def _may_pass(answer: httpx.Response) -> None:
    code = answer.status_code
    if code == HTTPStatus.TOO_MANY_REQUESTS or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        after = answer.headers.get("Retry-After", "")
        pause = float(after) if after.isdecimal() and len(after) <= len("3600") else 0.0
        raise _MayPassError(f"HTTP {code}", pause)


def _accepted(code: int) -> None:
    if not HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES:
        raise RunTaskError(f"HTTP {code}")


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port


async def _persistently(attempt: Callable[[], Awaitable[_Answer]], seconds: float) -> _Answer:
    """Try until it works. Raises RunTaskError: it never will, or not until the time is over."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    pause = _FIRST_PAUSE
    why = ""
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                return await attempt()
        except _MayPassError as problem:
            why, wanted = str(problem), problem.pause
        except httpx.HTTPError as problem:
            why, wanted = _told(problem), 0.0
        except TimeoutError:
            raise RunTaskError(f"{why or 'no answer'}; given up after {seconds:g} s") from None
        # Those that failed together need not come back together.
        wait = max(wanted, pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        if clock() + wait >= deadline:
            raise RunTaskError(f"{why}; given up after {seconds:g} s")
        await asyncio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _told(problem: httpx.HTTPError) -> str:
    """What went wrong on the way; what the exception says may quote a URL."""
    match problem:
        case httpx.TimeoutException():
            return "no answer in time"
        case httpx.ConnectError():
            return "no connection"
    return f"the connection broke ({type(problem).__name__})"
