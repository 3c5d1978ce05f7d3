"""What a service is set to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from policyscan.serve.hosts import Hosts

MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What a service is set to; sizes are in bytes, times in seconds.

    `scan` is the command that reads a plan from its standard input and prints the JSON report.
    `queue` counts the tasks that may wait beside the `workers` being judged. Of the times,
    `progress` passes between two signs of life, and `grace` is what accepted tasks get on stop.
    """

    scan: tuple[str, ...]
    key: bytes = field(repr=False)
    hosts: Hosts = field(default_factory=Hosts)
    workers: int = 2
    queue: int = 256
    largest_body: int = MIB
    largest_plan: int = 64 * MIB
    memory: int = 4096 * MIB
    request_seconds: float = 30.0
    fetch_seconds: float = 60.0
    scan_seconds: float = 300.0
    callback_seconds: float = 480.0
    progress: float = 60.0
    grace: float = 60.0
