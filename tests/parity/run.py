"""Compares our reports with Checkov's own command line on every plan at hand: `make parity`.

The plans are those of the fixtures, synthetic ones, and those in the folders named. Prints each
difference; leaves with 1 when there is one.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from policyscan.bridges.golden import SHAPES
from policyscan.bridges.home import set_up
from tests.parity.compare import compared, is_plan, reported

ROOT = Path(__file__).resolve().parents[2]
SIZE = 1_000


def plans(folders: list[Path], made: Path) -> Iterator[Path]:
    """Every file that Checkov reads a plan in."""
    for shape in SHAPES:
        path = made / f"{shape.__name__}.json"
        path.write_text(json.dumps(shape(SIZE), indent=1), encoding="utf-8")
        yield path
    for folder in (ROOT / "fixtures", *folders):
        yield from (path for path in sorted(folder.rglob("*.json")) if is_plan(path))


def main() -> None:
    """Compare them all."""
    checkov = set_up()
    if checkov is None:
        sys.exit("Checkov is not set up: make checkov")
    number = judged = results = different = 0
    with tempfile.TemporaryDirectory() as made:
        for each in compared(
            checkov, plans([Path(name) for name in sys.argv[1:]], Path(made)), reported
        ):
            number += 1
            judged += each.judged
            results += each.results
            different += not each.equal
            for word, several in (("missing", each.missing), ("extra", each.extra)):
                for result, times in sorted(several.items(), key=str):
                    sys.stdout.write(f"{each.plan}: {word} {times}x {result}\n")
            for error in each.errors:
                sys.stdout.write(f"{each.plan}: {error}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{number} plans, {judged} of them with results; {results:,} results; "
        f"{different} plans differ\n"
    )
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
