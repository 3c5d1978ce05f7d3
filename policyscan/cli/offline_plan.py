"""`policyscan plan`: real Terraform core over the offline provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from policyscan.cli.output import say, write
from policyscan.cli.planning import planning_flags
from policyscan.engine.gate import offline_warnings
from policyscan.errors import PlannerError
from policyscan.plan import Offline
from policyscan.planner import make_plan


def run_plan(*, directory: str, output: str | None, **flags: Any) -> int:
    """Plan a folder and write the plan JSON; what was made up for it is said, and stands in it.

    `flags` are those of `with_planning`. Raises PolicyscanError: one is wrong, or there is no plan.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise PlannerError(f"{directory}: no such folder")
    outcome = make_plan(folder, planning_flags(flags).request())
    write(output, outcome.labelled.decode())
    for warning in offline_warnings(
        Offline(
            outcome.stand_ins,
            outcome.imported,
            outcome.schema_only,
            outcome.notes,
            is_simulated=outcome.is_simulated,
        )
    ):
        say(f"note: {warning}")
    return 0
