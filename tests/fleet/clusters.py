"""A Dask cluster as a user has one: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.commands import ROOT

PATIENCE = 60.0
FLAKY = Path(__file__).with_name("flaky")
"""Of storage that fails, for every Python of a cluster."""


@dataclass
class Cluster:
    """A scheduler's address, and its workers."""

    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def kill_one(self) -> None:
        """Kill a worker and what looks after it, without a word."""
        os.killpg(self.workers.pop().pid, signal.SIGKILL)


@contextmanager
def cluster(folder: Path, *, workers: int, **env: str) -> Iterator[Cluster]:
    """A cluster on this machine, gone with the context."""
    file = folder / "scheduler.json"
    scheduler = _started(folder, ("scheduler", "--port", "0", "--scheduler-file", str(file)), env)
    found = Cluster("")
    try:
        found.address = _address(file)
        for _ in range(workers):
            flags = ("--nworkers", "1", "--nthreads", "1", "--scheduler-file", str(file))
            found.workers.append(_started(folder, ("worker", *flags), env))
        yield found
    finally:
        for each in (*found.workers, scheduler):
            with suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait(PATIENCE)


def _started(
    folder: Path, arguments: tuple[str, ...], env: dict[str, str]
) -> subprocess.Popen[bytes]:
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        return subprocess.Popen(
            (sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"),
            cwd=folder,
            stdout=log,
            stderr=log,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": f"{ROOT}{os.pathsep}{FLAKY}",
                "HOME": str(folder),
                **env,
            },
            start_new_session=True,
        )


def _address(file: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.1)
    raise AssertionError(f"no scheduler: {file.with_name('scheduler.log').read_text()}")
