"""Compares the stock verdicts of our report with Checkov's own command line, plan by plan."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from policyscan.bridges import asking
from policyscan.bridges.home import Checkov
from policyscan.bridges.running import start
from policyscan.bridges.self_test import Said, counted, said

COMMAND_LINE = Path(__file__).with_name("command_line.py")
FLAGS = ("--select", "CHECKOV", "--checkov", "-f", "json", "--replay", "never")
_WORDS = {"pass": "pass", "fail": "fail", "na": "skipped"}

Ask = Callable[[Checkov, Path], tuple[Said, tuple[str, ...]]]
"""How a plan is judged by us: what of it is said, and errors."""


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


def compared(checkov: Checkov, plans: Iterable[Path], ask: Ask) -> Iterator[Compared]:
    """Each plan judged by both; `ask` is how ours is asked."""
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
            own.stdin.write(f"{plan.resolve()}\n")
            own.stdin.flush()
            ours, errors = ask(checkov, plan)
            stock = counted(own.stdout.readline())
            yield Compared(plan, stock.total(), stock - ours, ours - stock, errors)


def reported(checkov: Checkov, plan: Path) -> tuple[Said, tuple[str, ...]]:
    """What `policyscan plan.json` reports of Checkov's own edges.

    Of a plan that policyscan refuses, what the worker says.
    """
    done = subprocess.run(
        (sys.executable, "-m", "policyscan", str(plan), *FLAGS),
        check=False,
        capture_output=True,
    )
    document = json.loads(done.stdout) if done.stdout else {}
    if document.get("summary", {}).get("checkov") != "ran":
        return worked(checkov, plan)
    found = [each for each in document["checkov"] if each["stock"] is not None]
    told: Said = Counter((each["id"], each["address"], _WORDS[each["stock"]]) for each in found)
    return told, tuple(each for each in document["errors"] if "--checkov-skip" in each)


def worked(checkov: Checkov, plan: Path) -> tuple[Said, tuple[str, ...]]:
    """What the worker says of a plan."""
    outcome = start(checkov, plan).join()
    return said(outcome.results), outcome.errors


def is_plan(path: Path) -> bool:
    """Whether Checkov reads a plan in this file at all."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"terraform_version", "planned_values"} <= document.keys()
