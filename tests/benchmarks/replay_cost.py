"""How much longer a scan takes with a replay of its source by Terraform.

Each plan is scanned by cold processes with and without, in turns. What a replay adds is the median
of the differences within a turn, and so are the CPU seconds, which count those of all processes.
"""

from __future__ import annotations

from tests.benchmarks.cold import POLICYSCAN, ROOT, Command, median, runs_of
from tests.benchmarks.figures import Table
from tests.benchmarks.tools import ALONE

PLANS = ("variants/chosen", "reference", "reference_placeholder")
TEXT = """\
What a replay by Terraform adds to a scan with source, as a median of differences within a turn.
Aimed at: 1.2 s on the clock."""


def scan(plan: str, replay: str) -> Command:
    """A scan of a fixture's plan with its source, which is that of infra unless it has its own."""
    folder = f"fixtures/{plan}"
    source = folder if any((ROOT / folder).glob("*.tf")) else "infra"
    return (POLICYSCAN, f"{folder}/plan.json", ALONE, "--source-dir", source, "--replay", replay)


def replays(turns: int) -> Table:
    """Seconds of each plan without and with, and what the replay adds."""
    rows: list[tuple[str, ...]] = [("plan", "without", "with", "adds", "adds CPU")]
    for plan in PLANS:
        without, replayed = runs_of(scan(plan, "never"), scan(plan, "always"), turns=turns)
        pairs = tuple(zip(without, replayed, strict=True))
        seconds = (
            median(one.seconds for one in without),
            median(one.seconds for one in replayed),
            median(other.seconds - one.seconds for one, other in pairs),
            median(other.cpu_seconds - one.cpu_seconds for one, other in pairs),
        )
        rows.append((f"`fixtures/{plan}`", *(f"{each:.2f} s" for each in seconds)))
    return Table("A replay", TEXT, tuple(rows))
