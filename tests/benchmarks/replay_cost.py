"""How much longer a scan takes with a replay of its source by Terraform.

`make bench`. Each plan is scanned by cold processes with and without, in turns. What a replay adds
is the median of the differences within a turn, and so are the CPU seconds, which count those of all
processes and hardly depend on what else the machine does. Prints a table and never judges: machines
differ.
"""

from __future__ import annotations

from functools import partial

from tests.benchmarks.cold import POLICYSCAN, ROOT, Command, median, print_table, runs_of

TARGET_SECONDS = 1.2
PLANS = (
    "variants/chosen",
    "reference",
    "reference_broken",
    "reference_data_source",
    "reference_placeholder",
)


def scan(plan: str, replay: str) -> Command:
    """A scan of a fixture's plan with its source, which is that of infra unless it has its own."""
    folder = f"fixtures/{plan}"
    source = folder if any((ROOT / folder).glob("*.tf")) else "infra"
    return (POLICYSCAN, f"{folder}/plan.json", "--source-dir", source, "--replay", replay)


def main() -> None:
    show = partial(print_table, widths=(24, 8, 8, 8, 8))
    show([("wall s", "never", "always", "adds", "CPU s")])
    for plan in PLANS:
        without, replayed = runs_of(scan(plan, "never"), scan(plan, "always"))
        pairs = tuple(zip(without, replayed, strict=True))
        seconds = (
            median(one.seconds for one in without),
            median(one.seconds for one in replayed),
            median(other.seconds - one.seconds for one, other in pairs),
            median(other.cpu_seconds - one.cpu_seconds for one, other in pairs),
        )
        show([(plan, *(f"{each:.3f}" for each in seconds))])
    show([("target", "", "", f"{TARGET_SECONDS:.3f}")])


if __name__ == "__main__":
    main()
