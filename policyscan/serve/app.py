"""What the service answers over HTTP."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from policyscan.errors import RunTaskError, crash_site
from policyscan.serve.log import tell
from policyscan.serve.options import ServeOptions
from policyscan.serve.request import SIGNATURE, RunTask, is_signed, read_request
from policyscan.serve.service import Reply, Service

PATH: Final = "/run-task"
_RETRY_AFTER: Final = {"Retry-After": "10"}


class _RefusedError(Exception):
    """A request that is not taken: what it is answered, and why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def application(options: ServeOptions, service: Service) -> Starlette:
    """Takes run tasks at `PATH`, and says at /health how it is."""

    async def run_task(request: Request) -> Response:
        try:
            return _replied(await _task(request, options), service)
        except _RefusedError as refused:
            tell("refused", status=int(refused.status), why=refused)
            return JSONResponse({"error": str(refused)}, refused.status)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except Exception as problem:  # noqa: BLE001 - told in a line, without what it may quote
            tell("internal-error", where=crash_site(problem))
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)

    async def health(_: Request) -> Response:
        status = "stopping" if service.is_stopping else "ok"
        return JSONResponse(
            {"status": status, "accepted": service.accepted},
            HTTPStatus.SERVICE_UNAVAILABLE if service.is_stopping else HTTPStatus.OK,
        )

    return Starlette(
        routes=[
            Route(PATH, run_task, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
        ]
    )


def _replied(task: RunTask | None, service: Service) -> Response:
    if task is None:
        tell("verified")
        return Response(status_code=HTTPStatus.OK)
    reply = service.offer(task)
    tell(reply.name.lower(), run=task.run, task=task.id, stage=task.stage)
    if reply in {Reply.ACCEPTED, Reply.SEEN}:
        return Response(status_code=HTTPStatus.OK)
    return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=_RETRY_AFTER)


async def _task(request: Request, options: ServeOptions) -> RunTask | None:
    """The task of a request that is signed. Raises _RefusedError: it is not, or is none."""
    body = await _body(request, options)
    if not is_signed(body, request.headers.get(SIGNATURE, ""), options.key):
        raise _RefusedError(HTTPStatus.UNAUTHORIZED, f"{SIGNATURE} is not that of the body")
    try:
        return read_request(body, options.hosts)
    except RunTaskError as problem:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, str(problem)) from None


async def _body(request: Request, options: ServeOptions) -> bytes:
    content = bytearray()
    try:
        async with asyncio.timeout(options.request_seconds):
            async for chunk in request.stream():
                content += chunk
                if len(content) > options.largest_body:
                    raise _RefusedError(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than any run task"
                    )
    except TimeoutError:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body came too slowly") from None
    return bytes(content)
