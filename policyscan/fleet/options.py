"""What a run of a fleet is set to, beside how plans are judged."""

from __future__ import annotations

from msgspec import Struct

from policyscan.fleet.recipe import MIB


class FleetOptions(Struct, frozen=True):
    """The flags of these names. `out` is a path seen from anywhere, or a URL.

    `plans` are names, patterns and lists of them. `memory` is in bytes, for each worker; None is
    its share of the machine. `batch_plans` and `batch_bytes` bound a task.
    """

    plans: tuple[str, ...]
    out: str
    folder: str
    run: str | None = None
    resume: bool = False
    workspace_from: str | None = None
    scheduler: str | None = None
    workers: int | None = None
    memory: int | None = None
    batch_plans: int = 100
    batch_bytes: int = 32 * MIB
    retries: int = 4
