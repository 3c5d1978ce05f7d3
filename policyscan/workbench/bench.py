"""Tries a whole pack on its fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from policyscan.engine import PackRule
from policyscan.errors import PolicyscanError
from policyscan.planner.fixtures import Outcome, regenerate
from policyscan.workbench.complaints import complaints, verdicts_of
from policyscan.workbench.expected import write_expected
from policyscan.workbench.fixture import (
    MAIN_FILE,
    REQUIRED,
    Fixture,
    fixtures_folder,
    fixtures_of,
)
from policyscan.workbench.templates import TO_WRITE

_END_OF_TEXT: Final = '", '


class Trial(Struct, frozen=True):
    """One fixture tried: what is not as expected, or the errors that kept it from being judged."""

    fixture: Fixture
    complaints: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Bench(Struct, frozen=True):
    """A pack tried on all its fixtures.

    `gaps` are what the pack lacks: cases of a rule, a rule of a fixture, texts still to be written.
    """

    rules: tuple[PackRule, ...]
    trials: tuple[Trial, ...]
    gaps: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 all is as expected, 1 something is not, 2 something could not be judged."""
        if any(each.errors for each in self.trials):
            return 2
        return 1 if self.gaps or any(each.complaints for each in self.trials) else 0


def tried(pack: Path, rules: tuple[PackRule, ...], *, plan: bool, accept: bool) -> Bench:
    """Try a pack's rules on its fixtures. Missing plans are made, with `plan` all of them.

    `accept` takes what the rules say now for what is expected.
    """
    fixtures = fixtures_of(pack)
    trials = tuple(_tried(each, rules, plan=plan, accept=accept) for each in fixtures)
    unwritten = (line for each in rules for line in _unwritten(each.path, str(each.path)))
    return Bench(rules, trials, (*unwritten, *_untested(pack, rules, fixtures)))


def _tried(fixture: Fixture, rules: tuple[PackRule, ...], *, plan: bool, accept: bool) -> Trial:
    if unwritten := tuple(_unwritten(fixture.folder / MAIN_FILE, MAIN_FILE)):
        # What is not written yet could only be planned wrongly, and judged for nothing.
        return Trial(fixture, unwritten)
    try:
        if plan or not fixture.plan_file.exists():
            make_plan_of(fixture)
        expected = fixture.expected()
        outcome = fixture.judged(rules, expected)
        if outcome.errors:
            return Trial(fixture, errors=outcome.errors)
        if accept:
            write_expected(fixture.folder, *verdicts_of(fixture, expected, outcome))
            expected = fixture.expected()
    except PolicyscanError as problem:
        return Trial(fixture, errors=(str(problem),))
    ids = frozenset(each.rule.id for each in rules)
    return Trial(fixture, tuple(complaints(fixture, expected, outcome, ids)))


def make_plan_of(fixture: Fixture) -> None:
    """Have Terraform plan a fixture, offline. Raises PolicyscanError: it cannot."""
    outcome, why = regenerate(fixture.folder, check=False)
    if outcome is Outcome.FAILED:
        raise PolicyscanError(f"it cannot be planned: {why}")


def _untested(
    pack: Path, rules: tuple[PackRule, ...], fixtures: Iterable[Fixture]
) -> Iterator[str]:
    """The cases that rules lack, and the fixtures that no rule wants."""
    cases = {(each.rule, each.case) for each in fixtures}
    root = fixtures_folder(pack)
    for rule in (each.rule for each in rules):
        missing = [str(root / rule.id / case) for case in REQUIRED if (rule.id, case) not in cases]
        if missing:
            yield f"{rule.id} {rule.name} is not tested: write {', '.join(missing)}"
    known = {each.rule.id for each in rules}
    for name in sorted({rule for rule, _ in cases} - known):
        yield f"{root / name}: no rule of the pack has this id"


def _unwritten(file: Path, called: str) -> Iterator[str]:
    """The lines of a file that wait for their author."""
    if not file.is_file():
        return
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        _, found, task = line.partition(TO_WRITE)
        if found:
            # The line may be code, whose text ends here.
            yield f"{called}:{number}: {found}{task.rstrip(_END_OF_TEXT)}"
