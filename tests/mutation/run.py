"""Breaks the rules in every small way and sees whether a test fails: `make mutants`.

`python -m tests.mutation.run --only rules/net --sample 200` tries some of it.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from policyscan import engine
from tests.mutation.listing import Check, read_equivalent, write_page
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.session import Fate, Suite, Trial
from tests.mutation.transplant import Namespace, namespaces

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("rules", "policyscan/rule")
TESTS = (
    "tests/rule",
    "tests/rules/test_fixtures.py",
    "tests/rules/test_told.py",
    "tests/rules/test_destroyed.py",
    "tests/rules/test_own_severities.py",
    "tests/rules/test_load_balancing.py",
    "tests/rules/test_image_tags.py",
    "tests/rules/test_name_illegal.py",
    "tests/rules/test_naming.py",
    "tests/rules/test_tables.py",
)
"""The tests of models, and those of single rules on their own fixtures."""
LISTING = Path("build") / "mutants.txt"
PAGE = Path("docs") / "quality.md"
LEAST = 500
"""Mutants from which a figure is one to write down."""


def main(arguments: list[str]) -> int:
    """Returns 1 if less than 90 % of the mutants were killed."""
    options = _options(arguments)
    os.chdir(ROOT)
    mutants = every_mutant(options.only)
    drawn = ""
    if 0 < options.sample < len(mutants):
        drawn = f"a sample of {options.sample} of {len(mutants)} by seed {options.seed}"
        random = Random(options.seed)  # noqa: S311 - a sample must follow from its seed
        mutants = sorted(random.sample(mutants, options.sample), key=mutants.index)
    begin = time.monotonic()
    fates = try_all(Trial(mutants, ROOT, Suite(TESTS, load, forget), options.workers))
    check = Check(fates, read_equivalent(), time.monotonic() - begin, drawn)
    LISTING.parent.mkdir(exist_ok=True)
    LISTING.write_text(check.survivors(), encoding="utf-8")
    sys.stdout.write(f"{check.survivors()}{check.summary()}\n")
    if not options.only and len(mutants) >= LEAST:
        write_page(PAGE, check)
    return int(not check.is_enough)


def every_mutant(only: Sequence[str] = ()) -> list[Mutant]:
    """The mutants of all files, or of those files and folders only; paths are from the root."""
    wanted = [Path(each) for each in only or FOLDERS]
    found = (path for top in FOLDERS for path in Path(top).rglob("*.py"))
    # The bridge to Checkov is no rule: tests/hosted tries it.
    files = sorted(path for path in found if engine.HOSTED not in path.parts)
    chosen = [path for path in files if any(path.is_relative_to(each) for each in wanted)]
    if not chosen:
        raise SystemExit(f"{' '.join(only)}: no file of {' or '.join(FOLDERS)}")
    return [mutant for path in chosen for mutant in mutants_of(path, path.read_bytes())]


def try_all(trial: Trial) -> dict[Mutant, Fate]:
    """What becomes of each mutant. Raises SystemExit: the tests fail without any."""
    options = ("-q", "--tb=native", "-p", "no:cacheprovider", "-p", "no:xdist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLICYSCAN_REQUIRE_TERRAFORM", "0")
        # Every test file loads the pack. All have to run the one that is mutated.
        patch.setattr(engine, "load_pack", functools.cache(engine.load_pack))
        code = pytest.main([*options, *trial.suite.tests], plugins=[trial])
    if code != pytest.ExitCode.OK:
        raise SystemExit("nothing was tried: the tests fail without any mutant")
    return trial.fates


def load() -> tuple[Namespace, ...]:
    """The models, and the rules of the pack that the tests run; reads their fixtures."""
    from tests.rules.test_fixtures import FOLDERS, PACK, outcome_of  # noqa: PLC0415 - see `load_pack`

    for folder in FOLDERS:
        outcome_of(folder)
    rules = (each.check.__globals__ for each in PACK)
    return (*namespaces("policyscan.rule"), *rules)


def forget() -> None:
    """Have the next test judge its fixture itself."""
    from tests.rules.test_fixtures import outcome_of  # noqa: PLC0415 - likewise

    outcome_of.cache_clear()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="a file or folder; repeatable")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, drawn by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
