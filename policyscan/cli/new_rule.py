"""`policyscan new-rule`: the files of a rule that is still to be written."""

from __future__ import annotations

import sys
from pathlib import Path

from policyscan.cli.packs import configuration, own_packs
from policyscan.rule import Severity
from policyscan.workbench.scaffold import Draft, scaffold


def run_new_rule(  # noqa: PLR0913 - one argument per flag
    *, name: str, rule_id: str, group: str, resource_type: str, severity: str, directory: str
) -> int:
    """Write the files and say what comes next. Raises ConfigError: nothing was written."""
    draft = Draft(name, rule_id, group, resource_type, Severity(severity))
    pack = Path(directory)
    others = (each for each in own_packs((), configuration()) if each.resolve() != pack.resolve())
    chosen, files = scaffold(draft, pack, *others)
    lines = [f"{chosen} {name}", *(f"  {file}" for file in files)]
    lines.append(f"Write what says TO WRITE, then try it: policyscan test {pack} --plan")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
