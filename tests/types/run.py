"""Hold that every type works: `python -m tests.types.run`, which takes some minutes.

Each of the AWS provider's resource types is planned, applied in simulation and planned again, which
must change nothing; each of its data sources must be read.
"""

from __future__ import annotations

import sys
from time import monotonic

from tests.types.check import problems, types_of

_AT_A_TIME = 200


def main() -> int:
    """Print a line for what does not work; 1 when there is one."""
    found = 0
    for mode in ("resource", "data"):
        types = types_of(mode)
        for start in range(0, len(types), _AT_A_TIME):
            begun = monotonic()
            some = types[start : start + _AT_A_TIME]
            for problem in problems(mode, some):
                found += 1
                sys.stdout.write(f"{problem}\n")
            seconds = monotonic() - begun
            sys.stdout.write(f"{mode}: {start + len(some)} of {len(types)}, {seconds:.0f} s\n")
            sys.stdout.flush()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
