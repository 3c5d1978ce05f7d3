"""Listens, until a signal says to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import uvicorn

from policyscan.errors import ConfigError
from policyscan.serve.app import PATH, application
from policyscan.serve.exchange import Exchange
from policyscan.serve.log import tell
from policyscan.serve.options import ServeOptions
from policyscan.serve.service import Service

_BACKLOG: Final = 1024
_MOST_CONNECTIONS: Final = 1000
_LAST_REPLIES: Final = 5
"""Seconds for replies that are on their way when all tasks are done."""


class _Server(uvicorn.Server):
    """Leaves signals to us: on the first one uvicorn would close its door, and nobody hear 503."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def serve(options: ServeOptions, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError: it cannot listen there."""
    with _listening(host, port) as listening:
        asyncio.run(_served(options, listening))


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as problem:
        raise ConfigError(
            f"--host {host} --port {port}: cannot listen there: {problem.strerror or problem}"
        ) from None


async def _served(options: ServeOptions, listening: socket.socket) -> None:
    exchange = Exchange(options)
    service = Service(options, exchange)
    server = _Server(
        uvicorn.Config(
            application(options, service),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_LAST_REPLIES,
        )
    )
    stopping: list[asyncio.Task[None]] = []

    async def stop() -> None:
        await service.stop()
        server.should_exit = True

    def on_signal() -> None:
        tell("stopping", accepted=service.accepted, grace=f"{options.grace:g}s")
        if stopping:
            service.give_up()
        else:
            stopping.append(asyncio.create_task(stop()))

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    address, port = listening.getsockname()[:2]
    host = f"[{address}]" if ":" in address else address
    tell("listening", at=f"http://{host}:{port}{PATH}", workers=options.workers)
    await server.serve(sockets=[listening])
    await exchange.close()
    tell("stopped")
