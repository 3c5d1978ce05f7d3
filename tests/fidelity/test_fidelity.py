"""docs/fidelity.md says what was measured, every difference has a reason, and the targets hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fidelity.page import NEEDED, PAGE, ROOT, added, page, percent
from tests.fidelity.published import measured_published
from tests.fidelity.real import ENVIRONMENT, VERSION
from tests.fidelity.stored import (
    CONFIGURATIONS,
    RESULT,
    digest,
    explanations,
    result,
    unexplained,
)


def test_the_page_is_the_one_of_what_was_measured() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(result(), explanations()), "run `make fidelity`"


def test_what_was_measured_are_the_configurations_as_they_are() -> None:
    measured = result()
    assert measured["digest"] == digest(), "run `make fidelity`"
    assert list(measured["configurations"]) == sorted(
        each.name for each in CONFIGURATIONS.iterdir()
    )


def test_every_difference_has_a_reason_and_every_reason_a_difference() -> None:
    assert unexplained(result(), explanations()) == ((), ())


def test_a_difference_without_a_reason_is_told_and_a_reason_without_a_difference() -> None:
    measured = result()
    open_, idle = unexplained(measured, ())
    assert len(open_) > 10
    assert idle == ()
    silent = measured | {"differences": [], "fixtures": {"differences": []}, "published": {}}
    assert len(unexplained(silent, explanations())[1]) == len(explanations())


def test_offline_plans_are_as_faithful_as_they_are_said_to_be() -> None:
    measured = result()
    plans = measured["configurations"].values()
    full = [each for each in measured["types"].values() if each["table"] == "full"]
    equal = percent(added(each["create"] for each in full))
    assert len(plans) >= 12
    assert equal is not None
    assert equal >= NEEDED
    assert measured["actions"] == []
    for which in ("create", "change"):
        assert [each[which]["same_actions"] for each in plans] == [
            each[which]["resources"] for each in plans
        ]


def test_changes_are_of_every_kind() -> None:
    kinds = [each["change"]["actions"].keys() for each in result()["configurations"].values()]
    assert sum({"update", "no-op"} < each for each in kinds) >= 8
    assert {"create", "create/delete", "delete", "delete/create", "no-op", "update"} == set().union(
        *kinds
    )


def test_published_plans_are_at_least_two_and_have_all_resources() -> None:
    published = result()["published"].values()
    assert len(published) >= 2
    assert {each["provider"].partition(".")[0] for each in published} == {"5", "6"}
    assert [each["alone"] for each in published] == [[] for _ in published]


@pytest.mark.usefixtures("terraform")
def test_published_plans_still_compare_as_they_did() -> None:
    assert measured_published(explanations()) == result()["published"], "run `make fidelity`"


def test_the_provider_that_was_asked_is_the_one_that_is_locked() -> None:
    locked = (ROOT / "constraints" / "fidelity.txt").read_text(encoding="utf-8")
    assert result()["provider"] == VERSION
    assert locked.count("==") == 1
    assert ENVIRONMENT.name == ".venv-fidelity"


@pytest.mark.parametrize("file", [RESULT, *sorted(RESULT.parent.glob("*/*/*.*"))])
def test_no_account_of_others_is_named(file: Path) -> None:
    numbers = re.findall(r"(?<![\w.-])\d{12}(?![\w.-])", file.read_text(encoding="utf-8"))
    assert set(numbers) <= {"123456789012"}
