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
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from policyscan.bridges import asking
from policyscan.bridges.golden import flat
from policyscan.bridges.home import Checkov, set_up
from tests.benchmarks.cold import ROOT, Command, Run, median, run

REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
SCAN = (sys.executable, "-m", "policyscan", "--exit-zero", "--output", os.devnull)
LARGE = 5_000
SHARE, MEMORY, MINUTE = 1 / 5, 0.6, 60.0


def cost(command: Command, text: bytes = b"") -> Run:
    """Run a command with a text on its stdin. Leaves when it ends with 2, 3 or a signal."""
    done = run(command, stdin=text)
    if done.exit_code not in {0, 1}:
        sys.exit(f"{' '.join(command)}: left with exit {done.exit_code}")
    return done


@dataclass(frozen=True)
class Round:
    """One of each, one after the other; no `stock` where Checkov would take too long."""

    stock: Run | None
    worker: Run
    alone: Run
    whole: Run

    @property
    def memory(self) -> float:
        """Of worker and scan, as if both peaked at once, in MB."""
        return self.worker.megabytes + self.alone.megabytes


def rounds(checkov: Checkov, plan: Path, times: int, *, with_stock: bool) -> list[Round]:
    """Measure several times."""
    request = {"plan": str(plan), "edges": "stock"}
    text = json.dumps({**request, "check": [], "skip": [], "external": []}) + "\n"
    worker = asking.worker(checkov.python, checkov.catalogue)
    stock = asking.command_line(checkov.python, plan)
    return [
        Round(
            cost(stock) if with_stock else None,
            cost(worker, text.encode()),
            cost((*SCAN, "--no-checkov", str(plan))),
            cost((*SCAN, "--checkov", str(plan))),
        )
        for _ in range(times)
    ]


def shown(name: str, size: int, measured: list[Round]) -> list[str]:
    """Print the medians; return what is above its bound."""
    columns: dict[str, list[Run]] = {
        "checkov": [each.stock for each in measured if each.stock],
        "worker alone": [each.worker for each in measured],
        "scan alone": [each.alone for each in measured],
        "scan with checkov": [each.whole for each in measured],
    }
    for column, costs in columns.items():
        if costs:
            wall, cpu, memory = (
                median(getattr(cost, part) for cost in costs)
                for part in ("seconds", "cpu_seconds", "megabytes")
            )
            sys.stdout.write(
                f"{name:>16} {column:18}{wall:>8.2f} s{cpu:>8.2f} s CPU{memory:>8.0f} MB\n"
            )
    pairs = [(each, each.stock) for each in measured if each.stock]
    if not pairs:
        slow = median(each.whole.seconds for each in measured) > MINUTE
        return [f"{name}: more than {MINUTE:g} s"] if slow else []
    ratios = {
        "clock": [each.whole.seconds / stock.seconds for each, stock in pairs],
        "CPU": [each.whole.cpu_seconds / stock.cpu_seconds for each, stock in pairs],
        "memory, worker alone": [each.worker.megabytes / stock.megabytes for each, stock in pairs],
        "memory, both": [each.memory / stock.megabytes for each, stock in pairs],
    }
    medians = {what: median(values) for what, values in ratios.items()}
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
