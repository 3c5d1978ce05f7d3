"""Compares the worker with Checkov's own command line, plan by plan."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from policyscan.bridges import asking
from policyscan.bridges.home import Checkov
from policyscan.bridges.running import start
from policyscan.bridges.self_test import Said, counted, said

COMMAND_LINE = Path(__file__).with_name("command_line.py")


@dataclass(frozen=True)
class Compared:
    """What both say of a plan: as many results as Checkov's own, and those in which they differ."""

    plan: Path
    results: int
    missing: Said
    extra: Said
    errors: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether none is missing and none is extra."""
        return not self.missing and not self.extra

    @property
    def judged(self) -> bool:
        """Whether either has anything to say."""
        return bool(self.results or self.extra)


def compared(checkov: Checkov, plans: Iterable[Path]) -> Iterator[Compared]:
    """Each plan judged by both."""
    with subprocess.Popen(
        (checkov.python, "-I", str(COMMAND_LINE)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=asking.environment(),
    ) as own:
        assert own.stdin is not None
        assert own.stdout is not None
        for plan in plans:
            with start(checkov, plan) as running:
                own.stdin.write(f"{plan.resolve()}\n")
                own.stdin.flush()
                stock = counted(own.stdout.readline())
                outcome = running.join()
            worker = said(outcome.results)
            yield Compared(plan, stock.total(), stock - worker, worker - stock, outcome.errors)


def is_plan(path: Path) -> bool:
    """Whether Checkov reads a plan in this file at all."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"terraform_version", "planned_values"} <= document.keys()
