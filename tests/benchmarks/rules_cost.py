"""What the rules cost on the reference plan beyond reading it and building its graph.

Every run is a cold process. The graph is built whole first, every edge of it, so that nothing of it
is put down to the rules. A model of the platform is put down to the first rule that asks for it.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tests.benchmarks.cold import median, runs_of
from tests.benchmarks.figures import Table

if TYPE_CHECKING:
    from policyscan.engine import PackRule
    from policyscan.rule import Finding, Parameters, Platform

SLOWEST = 5
READ, GRAPH, LOAD, JUDGE = "reading", "graph, whole", "loading the rules", "judging"
PLAN = Path("fixtures/reference/plan.json")
TEXT = f"""\
The reference plan, step by step, imports included, and the {SLOWEST} slowest rules. The graph is
built whole, so nothing of it is put down to a rule; a model of the platform is put down to the
first that asks for it. Aimed at: 0.15 s for loading and judging together."""

Seconds = dict[str, float]


@contextmanager
def timed(seconds: Seconds, name: str) -> Iterator[None]:
    """Adds the CPU seconds of a block to those of a name."""
    start = time.process_time()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.process_time() - start


def scan(folder: str) -> Seconds:
    """CPU seconds of each step of one scan and of each rule, imports included."""
    seconds: Seconds = {}
    with timed(seconds, READ):
        from policyscan.plan import read_plan  # noqa: PLC0415 - imports are what is measured

        plan = read_plan(PLAN.read_bytes(), str(PLAN))
        source = None
        if folder:
            from policyscan.source import read_source  # noqa: PLC0415

            source = read_source(Path(folder))
    with timed(seconds, GRAPH):
        from policyscan.graph import ResourceGraph  # noqa: PLC0415

        graph = ResourceGraph(plan, source)
        edges = sum(1 for _ in graph.edges.all())
    with timed(seconds, LOAD):
        from policyscan.engine import Settings, built_in_pack, judge, load_pack  # noqa: PLC0415

        pack = load_pack(built_in_pack())
    measured = tuple(_measured(each, seconds) for each in pack)
    with timed(seconds, JUDGE):
        outcome = judge(graph, measured, Settings())
    if not edges or outcome.errors or len(outcome.judgements) < len(pack):
        sys.exit(f"only {len(outcome.judgements)} verdicts: nothing to measure")
    return seconds


def _measured(rule: PackRule, seconds: Seconds) -> PackRule:
    def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
        with timed(seconds, rule.rule.id):
            findings = tuple(rule.check(platform, parameters))
        yield from findings

    return replace(rule, check=check)


def medians(folder: str, turns: int) -> Seconds:
    """The medians over cold processes."""
    command = (sys.executable, "-m", "tests.benchmarks.rules_cost", folder)
    (runs,) = runs_of(command, turns=turns, keeps_output=True)
    told: list[Seconds] = [json.loads(each.output) for each in runs]
    return {name: median(each[name] for each in told) for name in told[0]}


def rules(turns: int) -> Table:
    """CPU seconds of each step, and of the slowest rules."""
    columns = (medians("", turns), medians("infra", turns))
    steps = (READ, GRAPH, LOAD, JUDGE)
    slowest = sorted(columns[1].keys() - set(steps), key=lambda rule: -columns[1][rule])[:SLOWEST]
    rows = [
        ("CPU", "plan alone", "with source"),
        *((step, *(f"{each[step]:.3f} s" for each in columns)) for step in steps),
        *((rule, *(f"{each[rule]:.4f} s" for each in columns)) for rule in slowest),
    ]
    return Table("Where the time goes", TEXT, tuple(rows))


if __name__ == "__main__":
    gc.disable()  # as the command has it
    sys.stdout.write(json.dumps(scan(sys.argv[1])))
