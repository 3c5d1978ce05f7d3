"""A stand-in for HCP Terraform, and services that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serve.hcp import PATIENCE, FakeHcp, started
from tests.serve.served import Served, start


@pytest.fixture
def hcp() -> Iterator[FakeHcp]:
    """The stand-in; that it never objects is part of each test."""
    fake = FakeHcp()
    server, thread = started(fake)
    yield fake
    server.should_exit = server.force_exit = True
    thread.join(PATIENCE)
    assert fake.objections == []


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts services; that none of them ever told a token or a traceback is part of each test."""
    running: list[Served] = []

    def serve(*flags: str, local: bool = True, **env: str) -> Served:
        running.append(start(tmp_path, *flags, local=local, **env))
        return running[-1]

    yield serve
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
        each.ended()
        assert "s3cr3t" not in each.log
        assert "Traceback" not in each.log
