"""What a shared problem takes from the rule of ours that tells it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from policyscan.engine import (
    CHECKOV,
    CheckovSays,
    CheckovSettings,
    Judgement,
    Settings,
    beside,
    built_in_pack,
    load_pack,
)
from policyscan.rule import Rule, Severity, Verdict, fail

ADDRESS = "aws_ecs_service.api"
PUBLIC = next(each.rule for each in load_pack(built_in_pack()) if each.rule.id == "PS204")
CHECK = Rule("CKV_AWS_333", "no public addresses", CHECKOV, Severity.MEDIUM, "as named", ())
THEIRS = Judgement(CHECK, fail(ADDRESS, "public"), checkov=CheckovSays(Verdict.FAIL))


@pytest.mark.parametrize("is_new", [True, False])
def test_it_is_as_new_as_ours(is_new: bool) -> None:  # noqa: FBT001 - a parameter
    ours = Judgement(PUBLIC, fail(ADDRESS, "public"), is_new=is_new)
    [told] = beside((THEIRS,), (ours,), Settings())
    assert told.checkov is not None
    assert (told.checkov.shared_with, told.is_new) == ("PS204", is_new)


@pytest.mark.parametrize(
    ("said", "shared_with", "severity"),
    [
        ({}, "PS204", "high"),
        ({"CKV_*": "low"}, "PS204", "low"),
        ({"CKV_*": "critical"}, "", "critical"),
    ],
)
def test_one_that_counts_for_more_than_ours_is_seen_by_itself(
    said: dict[str, str], shared_with: str, severity: str
) -> None:
    severities = {key: Severity(word) for key, word in said.items()}
    settings = Settings(checkov=CheckovSettings(severity=severities))
    rule = replace(CHECK, severity=settings.checkov.severity_of(CHECK.id, None))
    ours = Judgement(PUBLIC, fail(ADDRESS, "public"))
    [told] = beside((replace(THEIRS, rule=rule),), (ours,), settings)
    assert told.checkov is not None
    assert (told.checkov.shared_with, told.severity) == (shared_with, severity)
