"""The cluster that judges: one of this machine's own, or one that is there already."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from distributed.system import MEMORY_LIMIT

from policyscan.errors import FleetError
from policyscan.fleet.options import FleetOptions
from policyscan.scratch import private_folder

_SHARE_OF_MEMORY: Final = 0.8
_CONNECT_SECONDS: Final = 15
_CLOSE_SECONDS: Final = 10
_OWN: Final = {
    # A task whose worker dies is tried once more before its plans are judged one by one.
    "distributed.scheduler.allowed-failures": 1,
    # A worker that comes up again and again is not to be taken for lost in between.
    "distributed.deploy.lost-worker-timeout": "7d",
    # All are on this machine: who does not answer soon is gone.
    "distributed.comm.timeouts.connect": "5s",
}


def share_of_memory(options: FleetOptions) -> int:
    """Bytes of memory for each worker of this machine's own cluster."""
    return options.memory or int(MEMORY_LIMIT * _SHARE_OF_MEMORY / workers_here(options))


def workers_here(options: FleetOptions) -> int:
    """How many workers a cluster of this machine's own has."""
    return int(options.workers or CPU_COUNT)


def silence() -> None:
    """Have Dask not log: what it says as workers come and go is not for users of ours."""
    own = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    for name in ("distributed", "tornado.application", *own):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def connected(options: FleetOptions) -> Iterator[Client]:
    """A client of the cluster; one that was started for it ends with it.

    Raises FleetError: there is none at the address, or it cannot be started.
    """
    silence()
    with ExitStack() as opened:
        opened.enter_context(dask.config.set(_OWN))
        address: Any = options.scheduler
        if address is None:
            address = opened.enter_context(_local(options, opened))
        try:
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as problem:
            why = " ".join(str(problem).split())
            raise FleetError(
                f"--scheduler {options.scheduler}: no scheduler answers there: {why}"
            ) from None
        try:
            yield client
        finally:
            client.close(timeout=_CLOSE_SECONDS)


def _local(options: FleetOptions, opened: ExitStack) -> LocalCluster:
    try:
        return LocalCluster(
            n_workers=workers_here(options),
            # Our own code holds the interpreter's lock, so that more threads would only wait.
            threads_per_worker=1,
            processes=True,
            memory_limit=share_of_memory(options),
            # A free port: another run may be at work here.
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            local_directory=str(opened.enter_context(private_folder())),
        )
    except (OSError, RuntimeError) as problem:
        raise FleetError(f"no cluster can be started here: {problem}") from None
