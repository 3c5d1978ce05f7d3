"""A stand-in for HCP Terraform that speaks the documented protocol, and objects where we do not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

Answer = Callable[[Request], Awaitable[Response]]

PATIENCE = 120.0
"""Seconds after which a test gives up; nothing is expected to take long."""

_TAGS = {
    "type": "array",
    "items": {
        "required": ["label"],
        "properties": {
            "label": {"type": "string"},
            "level": {"enum": ["none", "info", "warning", "error"]},
        },
        "additionalProperties": False,
    },
}
RESULT = {
    "required": ["data"],
    "properties": {
        "data": {
            "required": ["type", "attributes"],
            "properties": {
                "type": {"const": "task-results"},
                "attributes": {
                    "required": ["status"],
                    "properties": {
                        "status": {"enum": ["running", "passed", "failed"]},
                        "message": {"type": "string"},
                        "url": {"type": "string", "pattern": "^https?://"},
                    },
                    "additionalProperties": False,
                },
                "relationships": {
                    "properties": {
                        "outcomes": {
                            "properties": {
                                "data": {
                                    "type": "array",
                                    "items": {
                                        "required": ["type", "attributes"],
                                        "properties": {
                                            "type": {"const": "task-result-outcomes"},
                                            "attributes": {
                                                "required": ["outcome-id", "description"],
                                                "properties": {
                                                    "outcome-id": {"type": "string"},
                                                    "description": {
                                                        "type": "string",
                                                        "pattern": "^[^\\n]*$",
                                                    },
                                                    "body": {
                                                        "type": "string",
                                                        "maxLength": 1_000_000,
                                                    },
                                                    "url": {"type": "string"},
                                                    "tags": {"additionalProperties": _TAGS},
                                                },
                                                "additionalProperties": False,
                                            },
                                        },
                                    },
                                }
                            }
                        }
                    }
                },
            },
            "additionalProperties": False,
        }
    },
    "additionalProperties": False,
}
"""What a result looks like, after the tables of the "Run tasks integration API"."""


@dataclass(frozen=True)
class Callback:
    """What was told of a task, and whether that was taken."""

    task: str
    data: dict[str, Any]
    code: int

    @property
    def status(self) -> str:
        """Passed, failed or running."""
        return str(self.data["attributes"]["status"])

    @property
    def message(self) -> str:
        """The line that was told."""
        return str(self.data["attributes"]["message"])

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """The attributes of each outcome."""
        told = self.data.get("relationships", {}).get("outcomes", {}).get("data", [])
        return [each["attributes"] for each in told]


@dataclass
class FakeHcp:
    """Serves plans, and takes results.

    `plans` answers for the plan of a task, `mishaps` are codes for results before one is taken,
    `delay` seconds before each answer to a result. `asked` are the paths asked for, with the
    token that came along.
    """

    plans: dict[str, Answer] = field(default_factory=dict)
    mishaps: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    delay: float = 0.0
    callbacks: list[Callback] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    retry_after: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def final(self, task: str) -> list[Callback]:
        """The results of a task that were taken, signs of life apart."""
        return [
            each
            for each in list(self.callbacks)
            if each.task == task and each.status != "running" and each.code == 200
        ]

    def result(self, task: str) -> Callback:
        """The result of a task, once it is there."""
        wait_for(lambda: self.final(task), f"a result of {task}")
        [found] = self.final(task)
        return found

    async def plan(self, request: Request) -> Response:
        """Hand out a plan."""
        name = request.path_params["name"]
        self.asked.append((request.url.path, request.headers.get("Authorization", "")))
        return await self.plans[name](request)

    async def callback(self, request: Request) -> Response:
        """Take a result, or object."""
        name = request.path_params["name"]
        body = await request.json()
        if request.headers.get("Authorization") != f"Bearer {token_of(name)}":
            self.objections.append(f"{name}: another token")
        if request.headers.get("Content-Type") != "application/vnd.api+json":
            self.objections.append(f"{name}: no JSON:API")
        try:
            jsonschema.validate(body, RESULT)
        except jsonschema.ValidationError as problem:
            self.objections.append(f"{name}: {problem.message}")
            return Response(status_code=422)
        await asyncio.sleep(self.delay)
        code = self.mishaps[name].pop(0) if self.mishaps[name] else 200
        self.callbacks.append(Callback(name, body["data"], code))
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return Response(status_code=code, headers=headers)


def token_of(task: str) -> str:
    """The token of a task; a secret that must turn up nowhere."""
    return f"s3cr3t.atlasv1.{task}"


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def given(content: bytes, **headers: str) -> Answer:
    async def answer(_: Request) -> Response:
        return Response(content, headers={"Content-Type": "application/json", **headers})

    return answer


def coded(*codes: int, then: bytes = b"") -> Answer:
    """These codes in turn, then the content."""
    left = list(codes)

    async def answer(_: Request) -> Response:
        return Response(status_code=left.pop(0)) if left else Response(then)

    return answer


def redirected(url: str) -> Answer:
    async def answer(_: Request) -> Response:
        return Response(status_code=307, headers={"Location": url})

    return answer


def dripped(chunk: bytes, pause: float, headers: dict[str, str] | None = None) -> Answer:
    """The chunk again and again, without end."""

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield chunk
            await asyncio.sleep(pause)

    async def answer(_: Request) -> Response:
        return StreamingResponse(chunks(), headers=headers)

    return answer


def started(fake: FakeHcp) -> tuple[uvicorn.Server, threading.Thread]:
    """Serve it in a thread, and tell it its port."""
    routes = [
        Route("/plans/{name}", fake.plan, methods=["GET"]),
        Route("/results/{name}/callback", fake.callback, methods=["PATCH"]),
    ]
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=routes),
            host="127.0.0.1",
            port=0,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=0,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, "the stand-in to start")
    fake.port = server.servers[0].sockets[0].getsockname()[1]
    return server, thread
