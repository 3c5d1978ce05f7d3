"""Every relation of a rule to a check, shown by what Checkov itself says of a plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from policyscan.bridges.home import Checkov
from policyscan.bridges.running import CheckovOptions, start
from policyscan.engine import (
    CheckovSays,
    Conflict,
    Judgement,
    Settings,
    beside,
    built_in_pack,
    judge,
    load_pack,
    read_profile,
    settled,
)
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.rule import Agrees, Finding, Opposes, Rule, Setting, Severity, Verdict

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
PACK = load_pack(built_in_pack())
TYPES = "PS701/fail_required_types"
PUBLIC = "PS502/fail_public"


class At(NamedTuple):
    """An address in the plan of a fixture."""

    fixture: str
    address: str


class Shown(NamedTuple):
    """Where fixtures show what a rule has to do with a check, under a profile.

    Of a check that agrees both fail `bad` and pass `good`. Of one that opposes, `bad` fails the
    check and passes the rule; `good` is what the check wants, and fails the rule.
    """

    rule: str
    check: str
    bad: At
    good: At
    profile: str = "reference"

    def __str__(self) -> str:
        return f"{self.rule}-{self.check}"


def protected(check: str, kind: str, profile: str) -> Shown:
    bad, good = (At(TYPES, f'{kind}.this["{key}"]') for key in ("bare", "guarded"))
    return Shown("PS701", check, bad, good, profile)


def public(check: str, policy: str) -> Shown:
    bad, good = (At(PUBLIC, f'{policy}["{key}"]') for key in ("anybody", "account"))
    return Shown("PS502", check, bad, good)


PROTECTED = {
    "CKV_AWS_139": "aws_rds_cluster",
    "CKV_AWS_150": "aws_lb",
    "CKV_AWS_172": "aws_qldb_ledger",
    "CKV_AWS_293": "aws_db_instance",
    "CKV_AWS_344": "aws_networkfirewall_firewall",
    "CKV2_AWS_58": "aws_neptune_cluster",
}
TASK_ROLE = At("PS502/fail_module", 'module.role["all"].aws_iam_role.this')
AGREES = (
    Shown(
        "PS204",
        "CKV_AWS_333",
        At("PS204/fail", "aws_ecs_service.address"),
        At("PS204/pass", "aws_ecs_service.beside"),
    ),
    Shown(
        "PS401",
        "CKV_AWS_338",
        At("PS401/fail", "aws_cloudwatch_log_group.day"),
        At("PS401/fail", "aws_cloudwatch_log_group.year"),
        "production",
    ),
    Shown(
        "PS402",
        "CKV_AWS_65",
        At("PS402/fail", "aws_ecs_cluster.unset"),
        At("PS402/pass", "aws_ecs_cluster.enabled"),
    ),
    Shown("PS502", "CKV_AWS_60", At("PS502/fail", "aws_iam_role.open"), TASK_ROLE),
    Shown("PS502", "CKV_AWS_274", At(PUBLIC, 'aws_iam_role.admin["tasks"]'), TASK_ROLE),
    Shown(
        "PS502",
        "CKV_AWS_70",
        At("PS502/fail", "aws_s3_bucket_policy.shop"),
        At("PS502/pass", "aws_s3_bucket_policy.logs"),
    ),
    public("CKV_AWS_32", "aws_ecr_repository_policy.shop"),
    public("CKV_AWS_168", "aws_sqs_queue_policy.orders"),
    public("CKV_AWS_387", "aws_sqs_queue_policy.orders"),
    public("CKV_AWS_169", "aws_sns_topic_policy.alarms"),
    Shown(
        "PS503",
        "CKV_AWS_249",
        At("PS503/fail", "aws_ecs_task_definition.text"),
        At("PS503/pass", "aws_ecs_task_definition.external"),
    ),
    *(protected(check, kind, "production") for check, kind in PROTECTED.items()),
    Shown(
        "PS903",
        "CKV2_AWS_19",
        At("PS903/fail", "aws_eip.spare[0]"),
        At("PS903/pass", 'aws_eip.nat["a"]'),
    ),
)
OPPOSES = (
    Shown(
        "PS401",
        "CKV_AWS_338",
        At("PS109/fail", "aws_cloudwatch_log_group.app"),
        At("PS401/fail", "aws_cloudwatch_log_group.year"),
    ),
    *(protected(check, kind, "reference") for check, kind in PROTECTED.items()),
    Shown(
        "PS708",
        "CKV_AWS_143",
        At("PS708/pass", "aws_s3_bucket.of_old"),
        At("PS708/fail", "aws_s3_bucket.locked_of_old"),
    ),
)
AGREE_IN_PRODUCTION = {(each.rule, each.check) for each in AGREES if each.profile == "production"}

Placed = dict[tuple[str, str], Judgement]
Scan = Callable[[str, Settings], tuple[Placed, Placed]]


@pytest.fixture(scope="module")
def scan(checkov: Checkov) -> Scan:
    """What our rules say of a fixture, and Checkov beside them, both by rule and address."""
    said: dict[str, tuple[Judgement, ...]] = {}

    def scanned(fixture: str, settings: Settings) -> tuple[Placed, Placed]:
        plan = FIXTURES / fixture / "plan.json"
        if fixture not in said:
            said[fixture] = judgements_of(checkov, plan)
        ours = judge(ResourceGraph(read_plan(plan.read_bytes(), fixture)), PACK, settings)
        return placed(ours.judgements), placed(beside(said[fixture], ours.judgements, settings))

    return scanned


def judgements_of(checkov: Checkov, plan: Path) -> tuple[Judgement, ...]:
    outcome = start(checkov, plan, CheckovOptions()).join()
    assert outcome.errors == ()
    return tuple(
        Judgement(
            Rule(each.check, each.check, "CHECKOV", Severity.MEDIUM, each.name, ()),
            Finding(each.address, Verdict(each.verdict), each.name),
            checkov=CheckovSays(Verdict(each.verdict)),
        )
        for each in outcome.results
        if each.verdict in {"pass", "fail"}
    )


def placed(judgements: tuple[Judgement, ...]) -> Placed:
    return {(each.rule.id, each.finding.address): each for each in judgements}


def profile(name: str) -> Settings:
    return settled(read_profile(name, PACK, built_in_pack()))


def relation(judgement: Judgement) -> tuple[str, Conflict | None]:
    assert judgement.checkov is not None
    return judgement.checkov.shared_with, judgement.checkov.conflict


def test_every_relation_that_a_rule_states_is_shown_by_a_fixture() -> None:
    for kind, shown in ((Agrees, AGREES), (Opposes, OPPOSES)):
        stated = {
            (each.rule.id, one.check)
            for each in PACK
            for one in each.rule.checkov
            if isinstance(one, kind)
        }
        assert {(each.rule, each.check) for each in shown} == stated


@pytest.mark.parametrize("shown", AGREES, ids=str)
def test_a_rule_shares_what_a_check_finds_at_the_same_address(shown: Shown, scan: Scan) -> None:
    settings = profile(shown.profile)
    ours, checks = scan(shown.bad.fixture, settings)
    assert ours[shown.rule, shown.bad.address].verdict is Verdict.FAIL
    found = checks[shown.check, shown.bad.address]
    assert found.verdict is Verdict.FAIL
    assert relation(found) == (shown.rule, None)
    assert found.counts


@pytest.mark.parametrize("shown", AGREES, ids=str)
def test_what_satisfies_a_rule_satisfies_the_check_that_agrees(shown: Shown, scan: Scan) -> None:
    ours, checks = scan(shown.good.fixture, profile(shown.profile))
    assert ours[shown.rule, shown.good.address].verdict is Verdict.PASS
    found = checks[shown.check, shown.good.address]
    assert found.verdict is Verdict.PASS
    assert relation(found) == ("", None)


@pytest.mark.parametrize("shown", OPPOSES, ids=str)
def test_a_rule_overrules_a_check_that_asks_for_the_opposite(shown: Shown, scan: Scan) -> None:
    ours, checks = scan(shown.bad.fixture, profile(shown.profile))
    assert ours[shown.rule, shown.bad.address].verdict is Verdict.PASS
    found = checks[shown.check, shown.bad.address]
    assert found.verdict is Verdict.FAIL
    shared, conflict = relation(found)
    assert not shared
    assert conflict is not None
    assert conflict.rule == shown.rule
    assert ("(PS" in conflict.why) is (shown.rule != "PS708")
    assert not found.counts


@pytest.mark.parametrize("shown", OPPOSES, ids=str)
def test_what_satisfies_a_check_that_opposes_fails_the_rule(shown: Shown, scan: Scan) -> None:
    ours, checks = scan(shown.good.fixture, profile(shown.profile))
    assert ours[shown.rule, shown.good.address].verdict is Verdict.FAIL
    found = checks[shown.check, shown.good.address]
    assert found.verdict is Verdict.PASS
    assert relation(found) == ("", None)


@pytest.mark.parametrize("shown", OPPOSES, ids=str)
def test_there_is_no_conflict_where_the_policy_does_not_ask_for_the_opposite(
    shown: Shown, scan: Scan
) -> None:
    check = (shown.check, shown.bad.address)
    _, checks = scan(shown.bad.fixture, profile("production"))
    agrees = (shown.rule, shown.check) in AGREE_IN_PRODUCTION
    assert relation(checks[check]) == (shown.rule if agrees else "", None)
    for settings in (profile("deploy-only"), Settings(ignore=(shown.rule,))):
        _, checks = scan(shown.bad.fixture, settings)
        assert relation(checks[check]) == ("", None)
        assert checks[check].counts


@pytest.mark.parametrize(
    ("rule", "verdict", "check", "at", "name"),
    [
        # This apply fails by the protection that the check misses after it.
        (
            "PS701",
            Verdict.FAIL,
            "CKV_AWS_293",
            At("PS701/fail", "aws_db_instance.replaced"),
            "production",
        ),
        # Its key keeps CloudWatch Logs out, whatever the retention.
        (
            "PS401",
            Verdict.FAIL,
            "CKV_AWS_338",
            At("PS401/fail", "aws_cloudwatch_log_group.locked_out"),
            "production",
        ),
        # AWS sets the retention: our rule asks for none.
        (
            "PS401",
            Verdict.NA,
            "CKV_AWS_338",
            At("PS401/pass", "aws_cloudwatch_log_group.delivery_asked"),
            "reference",
        ),
        # Our finding is about who may take the role on.
        (
            "PS502",
            Verdict.FAIL,
            "CKV_AWS_274",
            At(PUBLIC, 'aws_iam_role.admin["anybody"]'),
            "reference",
        ),
        # The account's default turns it on.
        (
            "PS402",
            Verdict.PASS,
            "CKV_AWS_65",
            At("PS402/pass", "aws_ecs_cluster.by_account"),
            "reference",
        ),
    ],
)
def test_what_only_looks_like_the_same_problem_is_not_shared(  # noqa: PLR0913, PLR0917
    rule: str, verdict: Verdict, check: str, at: At, name: str, scan: Scan
) -> None:
    ours, checks = scan(at.fixture, profile(name))
    assert ours[rule, at.address].verdict is verdict
    assert checks[check, at.address].verdict is Verdict.FAIL
    assert relation(checks[check, at.address]) == ("", None)


def test_shorter_than_a_year_at_least_leaves_room_for_the_check(scan: Scan) -> None:
    at = OPPOSES[0].bad
    given: dict[tuple[str, str], Setting] = {("PS401", "days"): 7, ("PS401", "keep"): "at-least"}
    ours, checks = scan(at.fixture, Settings(given=given))
    assert ours["PS401", at.address].verdict is Verdict.PASS
    assert relation(checks["CKV_AWS_338", at.address]) == ("", None)


def test_what_checkov_said_stays_as_it_was(checkov: Checkov) -> None:
    plan = FIXTURES / TYPES / "plan.json"
    said = judgements_of(checkov, plan)
    ours = judge(ResourceGraph(read_plan(plan.read_bytes(), TYPES)), PACK, Settings())
    found = beside(said, ours.judgements, Settings())
    assert [(one.rule, one.finding) for one in found] == [(one.rule, one.finding) for one in said]
    overruled = [one for one in found if not one.counts]
    assert {one.rule.id for one in overruled} == set(PROTECTED)
    assert {one.verdict for one in overruled} == {Verdict.FAIL}
