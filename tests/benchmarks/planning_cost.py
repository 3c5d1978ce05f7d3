"""How long it takes to plan a folder offline and judge the plan, from a cold process.

`make bench`. Prints a table and never judges: machines differ. The peak is that of the largest
process, which is Terraform; CPU seconds count all of them.
"""

from __future__ import annotations

from tests.benchmarks.cold import POLICYSCAN, median, print_table, runs_of

TARGET_SECONDS = 2.5

COMMANDS = {
    "policyscan plan infra": (POLICYSCAN, "plan", "infra"),
    "policyscan infra": (POLICYSCAN, "infra", "--no-checkov"),
    "without replay": (POLICYSCAN, "infra", "--no-checkov", "--replay", "never"),
}


def main() -> None:
    rows = [("", "wall s", "CPU s", "peak MB")]
    for name, runs in zip(COMMANDS, runs_of(*COMMANDS.values()), strict=True):
        seconds = median(one.seconds for one in runs)
        cpu = median(one.cpu_seconds for one in runs)
        rows.append((name, f"{seconds:.3f}", f"{cpu:.3f}", f"{max(r.megabytes for r in runs):.0f}"))
    print_table([*rows, ("target", f"{TARGET_SECONDS:.3f}")], (24, 8, 8, 10))


if __name__ == "__main__":
    main()
