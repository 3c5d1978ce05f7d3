"""Checkov hosting our pack says what policyscan says: of every fixture, rule and address.

A third of the plans, without their source, so that it takes less than a minute of a processor;
`make hosted-parity` takes all, with source.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policyscan.plan import read_plan
from tests.hosted.hosting import BRIDGE, ROOT, Checkov, Key, Told, differences, verdicts

FIXTURES = ROOT / "fixtures"
KNOWN_BAD = (
    FIXTURES / "fourteen_defects" / "plan.json",
    FIXTURES / "reference_broken" / "plan.json",
)
IS_WHOLE = os.environ.get("POLICYSCAN_HOSTED_PARITY") == "all"
FORGETTING = FIXTURES / "rules" / "PS703" / "pass_forgotten" / "plan.json"
EVERY = 1 if IS_WHOLE else 3
READ: dict[str, str] = {} if IS_WHOLE else {"POLICYSCAN_NO_SOURCE": "1"}
PLANS = sorted({*sorted(FIXTURES.rglob("plan.json"))[::EVERY], *KNOWN_BAD, FORGETTING})
LEAST = 90

# Passes on all that Checkov shows to a check, so that the test need not know what that is.
VISITOR = """
from checkov.common.checks.base_check import BaseCheck
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.registry import resource_registry


class Visitor(BaseCheck):
    def __init__(self):
        super().__init__("visited", "VISITED", (CheckCategories.CONVENTION,), ("*",), "resource")
        resource_registry.register(self)

    def scan_entity_conf(self, conf, entity_type):
        self.entity_type = entity_type
        return CheckResult.PASSED


Visitor()
"""


@dataclass(frozen=True)
class Compared:
    """What Checkov tells by our pack, what policyscan says, and what Checkov visits."""

    told: Mapping[Key, Told]
    own: Mapping[Key, Mapping[str, Any]]
    visited: frozenset[tuple[str, str]]


def judged(
    checkov: Checkov,
    bridge: Path,
    tmp_path: Path,
    *plans: Path,
    env: Mapping[str, str] | None = None,
) -> Compared:
    """Both, on the same plans; `tmp_path` takes the bridge and the visitor."""
    folder = tmp_path / "checks"
    folder.mkdir()
    for file in (*bridge.glob("*.*"), BRIDGE / "__init__.py"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "visitor.py").write_text(VISITOR)
    found = checkov.judged(*plans, bridge=folder, checks="PS*,VISITED", env={**READ, **(env or {})})
    return Compared(
        {key: told for key, told in found.items() if key[1] != "VISITED"},
        verdicts(*plans, env=READ),
        frozenset((plan, address) for plan, rule, address in found if rule == "VISITED"),
    )


@pytest.fixture(scope="module")
def compared(checkov: Checkov, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return judged(checkov, BRIDGE, tmp_path_factory.mktemp("bridge"), *PLANS)


def test_checkov_reports_every_verdict_of_policyscan_on_what_it_visits(
    compared: Compared, record_property: Callable[[str, object], None]
) -> None:
    assert differences(compared.told, compared.own, compared.visited) == []
    assert len(PLANS) >= LEAST
    rules = {rule for _, rule, _ in compared.told}
    figure = f"{len(compared.told)} verdicts of {len(rules)} rules on {len(PLANS)} plans"
    record_property("figure", f"our pack inside Checkov: {figure}, none differs")


def kind_of(plan: str, address: str) -> str:
    """What stands at an address of a plan."""
    for resource in read_plan(Path(plan).read_bytes(), plan).resources:
        if resource.address == address:
            return "data source" if resource.mode == "data" else " ".join(resource.actions)
    return address


def test_checkov_visits_nothing_that_goes_no_data_source_and_no_plan_as_a_whole(
    compared: Compared,
) -> None:
    missed = {
        (plan, address)
        for (plan, _, address), one in compared.own.items()
        if one["verdict"] in {"pass", "fail"} and (plan, address) not in compared.visited
    }
    assert {kind_of(*each) for each in missed} == {"(plan)", "data source", "delete", "forget"}


@pytest.mark.parametrize("plan", KNOWN_BAD, ids=[each.parent.name for each in KNOWN_BAD])
def test_a_known_bad_plan_shows_every_rule_that_fails_on_it(compared: Compared, plan: Path) -> None:
    def failing(found: Mapping[Key, str]) -> set[str]:
        return {
            rule for (file, rule, _), word in found.items() if file == str(plan) and word == "fail"
        }

    own = failing({key: one["verdict"] for key, one in compared.own.items()})
    assert failing({key: word for key, (word, _) in compared.told.items()}) == own
    assert own


@pytest.mark.parametrize(
    ("written", "instead", "env"),
    [
        ("host()\n", "host(\n", {}),
        ("", "", {"POLICYSCAN_COMMAND": "/nowhere/policyscan"}),
        ("", "", {"POLICYSCAN_COMMAND": "/bin/echo garbage"}),
    ],
    ids=["syntax error", "missing command", "garbage"],
)
def test_the_comparison_sees_a_broken_bridge(
    checkov: Checkov, tmp_path: Path, written: str, instead: str, env: dict[str, str]
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in BRIDGE.glob("*.*"):
        text = file.read_text(encoding="utf-8")
        (broken / file.name).write_text(text.replace(written, instead) if written else text)
    plan = KNOWN_BAD[0]
    found = judged(checkov, broken, tmp_path, plan, env=env)
    failing = {rule for (_, rule, _), one in found.own.items() if one["verdict"] == "fail"}
    told = differences(found.told, found.own, found.visited)
    assert failing
    assert failing <= {line.split()[1] for line in told}
