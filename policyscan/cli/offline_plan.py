"""`policyscan plan`: real Terraform core over the offline provider."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from policyscan.cli.output import write
from policyscan.errors import PlannerError
from policyscan.planner import Inputs, make_plan


def run_plan(  # noqa: PLR0913 - one argument per flag
    *,
    directory: str,
    output: str | None,
    variables: Sequence[str],
    variable_files: Sequence[str],
    applied: Sequence[str],
    destroy: bool,
) -> int:
    """Plan a folder and write the plan JSON. Answers made up by the planner are named."""
    folder = Path(directory)
    if not folder.is_dir():
        raise PlannerError(f"{directory}: no such folder")
    outcome = make_plan(
        folder,
        Inputs(dict(_assigned(each) for each in variables), tuple(map(Path, variable_files))),
        after=[Inputs({}, (Path(each),)) for each in applied],
        destroy=destroy,
    )
    write(output, outcome.plan_json.decode())
    for stand_in in outcome.stand_ins:
        sys.stderr.write(f"note: {stand_in.address}: the answer is a stand-in, not a look-up\n")
    return 0


def _assigned(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise PlannerError(f"--var {text}: write it as NAME=VALUE")
    return name, value
