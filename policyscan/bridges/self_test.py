"""Whether the worker says what Checkov's own command line says, so that it may stand in for it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from policyscan.bridges import asking
from policyscan.bridges.golden import golden
from policyscan.bridges.home import Checkov
from policyscan.bridges.running import CheckovResult, start
from policyscan.errors import CheckovError

Said = Counter[tuple[str, str, str | None]]


def compared(checkov: Checkov, folder: Path) -> tuple[int, int]:
    """How many results the golden plan has, and in how many the two differ.

    Raises CheckovError: one of them did not answer, or Checkov found nothing at all.
    """
    plan = folder / "plan.json"
    plan.write_text(json.dumps(golden(), indent=1), encoding="utf-8")
    own = by_command_line(checkov.python, plan)
    if not own:
        raise CheckovError("Checkov finds nothing to check in a plan that has much of it")
    outcome = start(checkov, plan).join()
    worker = said(outcome.results)
    return own.total(), (own - worker).total() + (worker - own).total() + len(outcome.errors)


def by_command_line(python: str, plan: Path) -> Said:
    """What Checkov's own command line says of a plan."""
    # From a folder of its own: Checkov takes the configuration file it finds where it is run.
    done = subprocess.run(  # noqa: S603 - the Python that was set up
        asking.command_line(python, plan),
        cwd=plan.parent,
        env=asking.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
    )
    return counted(done.stdout)


def counted(report: str) -> Said:
    """The results of a report of Checkov's command line."""
    answer = asking.read_command_line(report)
    return Counter((check, address, word) for check, address, word in answer["results"])


def said(results: Iterable[CheckovResult]) -> Said:
    """Results to compare with those of the command line."""
    return Counter((each.check, each.address, each.verdict) for each in results)
