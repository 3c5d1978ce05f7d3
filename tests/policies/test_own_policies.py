"""Policies of our own, each operator among them, on a plan of their own.

`expected.json` holds the verdicts; `pytest --accept` rewrites it, and Checkov is asked for its
answers too, where it is installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from policyscan.engine import Settings, judge, load_pack
from policyscan.engine.policy_language import OPERATORS, Policy, parse_policy
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from tests.cli.commands import run
from tests.policies.comparison import DOCUMENTED, NOT_TOLD, SAME, compare
from tests.policies.conftest import ROOT, Ask

FOLDER = ROOT / "fixtures" / "policies"
PACK = load_pack(FOLDER / "pack")
PLAN = "fixtures/policies/plan.json"

BY_THE_DOCUMENTATION = {
    "CUSTOM_ANY": "any: one of the values is there; Checkov lets everything pass",
    "CUSTOM_IS_EMPTY": "is_empty: what is not set is empty; Checkov says it is not",
    "CUSTOM_IS_NOT_EMPTY": "is_not_empty: there has to be a value; Checkov lets none pass",
    "CUSTOM_NOT_CONNECTED": "not turns a connection round; Checkov refuses to load it",
    "CUSTOM_CONTAINS_ALL": "contains: every value of a list; Checkov finds no list in a list",
    "CUSTOM_REGEX_UNSET": "regex_match: what is not set matches nothing; Checkov reads `None`",
    "CUSTOM_INTERSECTS_LIST": "intersects: a text is one value; Checkov takes its letters",
}
"""Where Checkov does not do what its documentation says, and we do."""


def verdicts() -> dict[str, dict[str, str]]:
    plan = read_plan((ROOT / PLAN).read_bytes(), PLAN)
    outcome = judge(ResourceGraph(plan), PACK, Settings())
    assert outcome.errors == ()
    found: dict[str, dict[str, str]] = {}
    for each in outcome.judgements:
        if each.rule.id != "PS001":
            found.setdefault(each.rule.id, {})[each.finding.address] = str(each.verdict)
    return found


def test_every_policy_gives_the_verdicts_it_should(request: pytest.FixtureRequest) -> None:
    file = FOLDER / "expected.json"
    found = verdicts()
    if request.config.getoption("--accept"):
        file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    assert found == json.loads(file.read_text())


def test_each_operator_is_shown_by_a_policy_that_some_pass_and_some_fail() -> None:
    found = verdicts()
    shown = {name: set(found[f"CUSTOM_{name.upper()}"].values()) for name in OPERATORS}
    assert [name for name, words in shown.items() if not {"pass", "fail"} <= words] == []


def test_checkov_says_the_same_but_where_it_does_not_keep_to_its_documentation(
    checkov: Ask, record_property: Callable[[str, object], None]
) -> None:
    read = [parse_policy(path)[0] for path in sorted((FOLDER / "pack").glob("*.yaml"))]
    policies: tuple[Policy, ...] = tuple(policy for policy in read if policy is not None)
    answers = checkov([PLAN], FOLDER / "pack")
    comparison = compare(policies, answers, ROOT, BY_THE_DOCUMENTATION)
    record_property("figure", f"policies of our own: {comparison.figures}")
    assert comparison.unexplained == []
    named = {each.policy for each in comparison.differences if each.category == DOCUMENTED}
    assert named == set(BY_THE_DOCUMENTATION)
    assert comparison.counts[SAME] >= 200
    assert comparison.counts[NOT_TOLD] >= 5


def test_a_file_that_is_no_policy_and_one_that_is_off_are_left_out() -> None:
    off = Path(FOLDER / "pack" / "switched_off.yaml")
    assert off.exists()
    assert {each.path.name for each in PACK} == {
        path.name for path in (FOLDER / "pack").iterdir()
    } - {"structure_notes.yaml", "switched_off.yaml"}


@pytest.mark.usefixtures("terraform")
def test_a_replay_tells_what_stands_in_a_document_of_which_apply_will_fill_in_a_part() -> None:
    def verdict(mode: str) -> str:
        asked = ("--pack", FOLDER / "pack", "--select", "CUSTOM_DOCUMENT", "-f", "json")
        path = os.environ["PATH"]
        done = run(ROOT / PLAN, *asked, "--replay", mode, "--exit-zero", PATH=path)
        (found,) = (
            each["verdict"]
            for each in json.loads(done.stdout)["verdicts"]
            if each["address"] == "aws_iam_policy.undecided"
        )
        return str(found)

    assert (verdict("never"), verdict("always")) == ("unknown", "pass")
