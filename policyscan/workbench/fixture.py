"""Finds the fixtures of a pack, and judges one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from policyscan.engine import (
    Origin,
    Outcome,
    PackRule,
    Settings,
    configuration_form,
    flaws_of,
    judge,
    layer_of,
    load_pack,
    settled,
)
from policyscan.errors import ConfigError, PlanError
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.planner.fixtures import FIXTURE_FILE, PLAN_FILE
from policyscan.source import read_source
from policyscan.workbench.expected import EXPECTED_FILE, Expected, read_expected

FIXTURES: Final = "fixtures"
MAIN_FILE: Final = "main.tf"
REQUIRED: Final = ("pass", "fail", "unknown")
"""The cases a rule must have, each named after a verdict that it must show."""
_MARKS_OF_A_CASE: Final = (MAIN_FILE, FIXTURE_FILE, EXPECTED_FILE)


class Fixture(Struct, frozen=True, order=True):
    """One case of a rule: the folder `fixtures/<pack>/<rule>/<case>`."""

    folder: Path

    @property
    def rule(self) -> str:
        """The id of the rule it is a case of."""
        return self.folder.parent.name

    @property
    def case(self) -> str:
        """What the case is called: `pass`, `fail`, `unknown`, or one more of a rule's own."""
        return self.folder.name

    @property
    def plan_file(self) -> Path:
        """Where its plan is, once Terraform made it."""
        return self.folder / PLAN_FILE

    def expected(self) -> Expected:
        """What it says, on top of what holds for the whole pack. Raises ConfigError."""
        return read_expected(self.folder.parent.parent, self.folder)

    def graph(self, expected: Expected) -> ResourceGraph:
        """Its plan with the source beside it, if that counts.

        Raises PlanError or SourceError: its files cannot be read.
        """
        if not self.plan_file.exists():
            raise PlanError(f"{self.plan_file}: there is no plan yet")
        plan = read_plan(self.plan_file.read_bytes(), str(self.plan_file))
        return ResourceGraph(plan, read_source(self.folder) if expected.source else None)

    def judged(
        self,
        pack: tuple[PackRule, ...],
        expected: Expected,
        graph: ResourceGraph | None = None,
    ) -> Outcome:
        """What some rules say of it, or of its graph that has been read before.

        Raises PlanError or SourceError: as `graph()`. Raises ConfigError: it sets a parameter that
        the rule does not have, or to something it cannot be.
        """
        return judge(graph or self.graph(expected), pack, self._settings(pack, expected))

    def _settings(self, pack: tuple[PackRule, ...], expected: Expected) -> Settings:
        if not expected.parameters:
            return Settings()
        content = {"parameters": {self.rule: expected.parameters}}
        if flaws := flaws_of(configuration_form(pack), content):
            where = self.folder / EXPECTED_FILE
            raise ConfigError(*(f"{where}: {'.'.join(flaw.path)}: {flaw.text}" for flaw in flaws))
        return settled([layer_of(content, pack, Origin())])


def fixtures_folder(pack: Path) -> Path:
    """Where the fixtures of a pack lie: `fixtures/rules` for `rules`, beside each other."""
    named = pack if pack.name not in {"", ".."} else pack.resolve()
    return named.parent / FIXTURES / named.name


def fixtures_of(pack: Path) -> tuple[Fixture, ...]:
    """Every fixture of a pack, in order of rule and case."""
    folders = (each for each in fixtures_folder(pack).glob("*/*") if each.is_dir())
    return tuple(
        sorted(
            Fixture(folder)
            for folder in folders
            if any((folder / name).is_file() for name in _MARKS_OF_A_CASE)
        )
    )


def rules_in(pack: Path, *others: Path) -> tuple[PackRule, ...]:
    """The rules of one pack, none of whose ids and names another of the packs has.

    Raises PackError.
    """
    inside = pack.resolve()
    beside = (each for each in others if each.resolve() != inside)
    loaded = load_pack(*beside, pack)
    return tuple(each for each in loaded if each.path.resolve().is_relative_to(inside))
