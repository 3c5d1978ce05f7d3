"""Breaks real plans for a while: `python -m tests.fuzz.run --minutes 10 [--seed N]`.

Each case follows from its seed and the plans at hand. What a scan must not do is printed with the
seed, and the plan that made it do so is kept under build/fuzz.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz.mutate import mutated
from tests.fuzz.oracle import check, check_command, limit_memory, limited_time, load, plans

KEPT = Path("build") / "fuzz"
COMMAND_EACH = 5
"""One case of so many is scanned by the command too, which loads the rules anew each time."""


def main(arguments: list[str]) -> int:
    """Run until the time is over. Returns 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="of the first case")
    options = parser.parse_args(arguments)
    first = seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    pack, documents = load(), plans(with_corpus=True)
    codes: Counter[int] = Counter()
    seen: dict[str, int] = {}
    limit_memory()
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            random = Random(seed)  # noqa: S311 - a case must follow from its seed
            content = mutated(random.choice(documents), random)
            try:
                with limited_time():
                    codes[check(content, pack)] += 1
                    if seed % COMMAND_EACH == 0:
                        check_command(content, Path(folder))
            except Exception as problem:  # noqa: BLE001 - finding any is what this is for
                _report(problem, seed, content, seen)
            seed += 1
    shown = ", ".join(f"{count} exit {code}" for code, count in sorted(codes.items()))
    sys.stdout.write(
        f"{seed - first} cases of {len(documents)} plans from seed {first}: {shown}; "
        f"{len(seen)} kinds of trouble\n"
    )
    return 1 if seen else 0


def _report(problem: Exception, seed: int, content: bytes, seen: dict[str, int]) -> None:
    trace = traceback.extract_tb(problem.__traceback__)[-1]
    kind = f"{type(problem).__name__} at {Path(trace.filename).name}:{trace.lineno}"
    what = f"{kind} {str(problem)[:300]}"
    if what in seen:
        return
    seen[what] = seed
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{seed}.json").write_bytes(content)
    sys.stdout.write(f"seed {seed}: {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
