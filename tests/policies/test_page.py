"""docs/yaml-rules.md lists the operators there are, and what each makes of what is not set."""

from __future__ import annotations

import re
from pathlib import Path

from policyscan.engine.policy_language import OPERATORS, parse_policy
from policyscan.engine.policy_language.operators import Takes
from tests.policies.conftest import ROOT

PAGE = (ROOT / "docs" / "yaml-rules.md").read_text()
SAMPLES = {
    Takes.NOTHING: None,
    Takes.ANYTHING: "x",
    Takes.TEXT: "x",
    Takes.PATTERN: ".*",
    Takes.NUMBER: 0,
    Takes.LIST: ["x"],
    Takes.NETWORKS: "10.0.0.0/8",
    Takes.RANGE: 80,
}


def listed() -> dict[str, bool]:
    """Each operator of the page, and whether it is marked as satisfied by what is not set."""
    table = PAGE.partition("## Operators")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    return {
        name: bool(mark)
        for row in rows
        for cell in row
        for name, mark in re.findall(r"`(\w+)`( ○)?", cell)
    }


def test_the_page_lists_every_operator() -> None:
    assert sorted(listed()) == sorted(OPERATORS)
    assert len(OPERATORS) == 45


def test_the_page_marks_what_is_satisfied_by_an_attribute_that_is_not_set() -> None:
    found = {name: one.holds(None, SAMPLES[one.takes]) for name, one in OPERATORS.items()}
    assert found == listed()


def test_the_policy_on_the_page_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    policy, problems = parse_policy(path)
    assert problems == ()
    assert policy is not None
    assert policy.rule.id == "CKV2_CUSTOM_1"
