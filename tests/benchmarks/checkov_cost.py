"""What `policyscan plan.json` with Checkov costs against `checkov -f plan.json`.

Run by `make bench-checkov`. For each size of plan, in turn and several times: Checkov's own command
line, our whole scan with all its checks beside all our rules, and, for the memory, the worker and
our scan alone. Prints the medians of wall time, CPU time and peak memory, and of the ratios of each
round, which a busy machine disturbs less. Leaves with 1 when the whole takes more than a fifth of
Checkov's time on the clock, or more than a minute for 20,000 resources, or more than 60 % of
Checkov's memory: the worker alone, and from 5,000 resources on both together.

Worker and scan are two processes, so the time on the clock says what it should only where two
processors are free.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policyscan.bridges import asking
from policyscan.bridges.golden import flat
from policyscan.bridges.home import Checkov, set_up

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
SCAN = (sys.executable, "-m", "policyscan", "--exit-zero", "--output", os.devnull)
LARGE = 5_000
SHARE, MEMORY, MINUTE = 1 / 5, 0.6, 60.0


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds of CPU, peak of memory in MB; the latter two summed up."""

    wall: float
    cpu: float
    memory: float


def cost(*commands: tuple[Sequence[str], str]) -> Cost:
    """Run commands at once, each with a text on its stdin."""
    began = time.perf_counter()
    children = [_started(command, text) for command, text in commands]
    cpu = memory = 0.0
    for child in children:
        _, status, usage = os.wait4(child, 0)
        if os.waitstatus_to_exitcode(status) not in {0, 1}:
            sys.exit(f"{commands}: left with {os.waitstatus_to_exitcode(status)}")
        cpu += usage.ru_utime + usage.ru_stime
        memory += usage.ru_maxrss / 1024
    return Cost(time.perf_counter() - began, cpu, memory)


def _started(command: Sequence[str], text: str) -> int:
    with tempfile.TemporaryFile() as request:
        request.write(text.encode())
        request.flush()
        request.seek(0)
        child = os.fork()
        if child == 0:
            os.dup2(request.fileno(), 0)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            os.execve(command[0], list(command), asking.environment())  # noqa: S606
        return child


@dataclass(frozen=True)
class Round:
    """One of each, one after the other; no `stock` where Checkov would take too long."""

    stock: Cost | None
    worker: Cost
    alone: Cost
    whole: Cost

    @property
    def memory(self) -> float:
        """Of worker and scan, as if both peaked at once, in MB."""
        return self.worker.memory + self.alone.memory


def rounds(checkov: Checkov, plan: Path, times: int, *, with_stock: bool) -> list[Round]:
    """Measure several times."""
    request = {"plan": str(plan), "edges": "stock"}
    text = json.dumps({**request, "check": [], "skip": [], "external": []}) + "\n"
    worker = (asking.worker(checkov.python, checkov.catalogue), text)
    alone, whole = (((*SCAN, flag, str(plan)), "") for flag in ("--no-checkov", "--checkov"))
    stock = (asking.command_line(checkov.python, plan), "")
    return [
        Round(cost(stock) if with_stock else None, cost(worker), cost(alone), cost(whole))
        for _ in range(times)
    ]


def shown(name: str, size: int, measured: list[Round]) -> list[str]:
    """Print the medians; return what is above its bound."""
    columns: dict[str, list[Cost]] = {
        "checkov": [each.stock for each in measured if each.stock],
        "worker alone": [each.worker for each in measured],
        "scan alone": [each.alone for each in measured],
        "scan with checkov": [each.whole for each in measured],
    }
    for column, costs in columns.items():
        if costs:
            wall, cpu, memory = (
                statistics.median(getattr(cost, part) for cost in costs)
                for part in ("wall", "cpu", "memory")
            )
            sys.stdout.write(
                f"{name:>16} {column:18}{wall:>8.2f} s{cpu:>8.2f} s CPU{memory:>8.0f} MB\n"
            )
    pairs = [(each, each.stock) for each in measured if each.stock]
    if not pairs:
        slow = statistics.median(each.whole.wall for each in measured) > MINUTE
        return [f"{name}: more than {MINUTE:g} s"] if slow else []
    ratios = {
        "clock": [each.whole.wall / stock.wall for each, stock in pairs],
        "CPU": [each.whole.cpu / stock.cpu for each, stock in pairs],
        "memory, worker alone": [each.worker.memory / stock.memory for each, stock in pairs],
        "memory, both": [each.memory / stock.memory for each, stock in pairs],
    }
    medians = {what: statistics.median(values) for what, values in ratios.items()}
    for what, ratio in medians.items():
        sys.stdout.write(f"{name:>16} {what:24} 1/{1 / ratio:.1f} of checkov ({ratio:.0%})\n")
    bounds = {"clock": SHARE, "memory, worker alone": MEMORY}
    if size >= LARGE:
        bounds["memory, both"] = MEMORY
    return [
        f"{name}: {what} is {medians[what]:.0%} of Checkov's, more than {bound:.0%}"
        for what, bound in bounds.items()
        if medians[what] > bound
    ]


def main() -> None:
    """Measure the reference plan, 5,000 resources and 20,000."""
    checkov = set_up()
    if checkov is None:
        sys.exit("Checkov is not set up: make checkov")
    above: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for size, times, with_stock in ((0, 7, True), (LARGE, 1, True), (20_000, 1, False)):
            plan = Path(folder) / f"plan-{size}.json" if size else REFERENCE
            if size:
                plan.write_text(json.dumps(flat(size), indent=1), encoding="utf-8")
            name = f"{size:,} resources" if size else "reference"
            above += shown(name, size, rounds(checkov, plan, times, with_stock=with_stock))
            sys.stdout.flush()
    if above:
        sys.exit("\n".join(above))


if __name__ == "__main__":
    main()
