"""Waivers on real plans: what each counts for, and what a report says of those that do not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from policyscan.engine import (
    CheckovReport,
    CheckovSays,
    CheckovState,
    Judgement,
    Outcome,
    Settings,
    Waiver,
    Waivers,
    WaiverTerms,
    apply_waivers,
    built_in_pack,
    judge,
    load_pack,
)
from policyscan.engine.waiver_review import review
from policyscan.engine.weighing import Standing
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.planner import make_plan
from policyscan.rule import Finding, Rule, Severity, Verdict
from policyscan.source import read_source

Judged = Callable[..., Outcome]
PACK = load_pack(built_in_pack())
RULES = tuple(each.rule for each in PACK)
TODAY = date(2027, 1, 31)
SAID = "reason=the logs are read daily owner=ops until=2027-01-31"

MAIN = """
variable "environmentSuffix" {
  type    = string
  default = "dev"
}

resource "aws_cloudwatch_log_group" "one" {
  INSIDE
  name = "/one-${var.environmentSuffix}"
}

# About the counted.
ABOVE
resource "aws_cloudwatch_log_group" "counted" {
  count = 2
  name  = "/counted-${count.index}-${var.environmentSuffix}"
}

module "keyed" {
  CALL
  source   = "./keyed"
  for_each = toset(["a", "b"])
  name     = "${each.key}-${var.environmentSuffix}"
}

module "again" {
  source = "./keyed"
  name   = "again-${var.environmentSuffix}"
}
"""
KEYED = """
variable "name" {
  type = string
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["x", "y"])
  name     = "/${each.key}-${var.name}"
  DEEP
}
"""
ONE = ["aws_cloudwatch_log_group.one"]
COUNTED = [f"aws_cloudwatch_log_group.counted[{n}]" for n in range(2)]
CALLED = [
    f'module.keyed["{call}"].aws_cloudwatch_log_group.this["{key}"]'
    for call in "ab"
    for key in "xy"
]
AGAIN = [f'module.again.aws_cloudwatch_log_group.this["{key}"]' for key in "xy"]
ALL = sorted([*ONE, *COUNTED, *CALLED, *AGAIN])


def write(folder: Path, **comments: str) -> Path:
    main, keyed = MAIN, KEYED
    for name in ("INSIDE", "ABOVE", "CALL"):
        main = main.replace(name, comments.get(name.lower(), "#"))
    (folder / "keyed").mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(main)
    (folder / "keyed" / "main.tf").write_text(keyed.replace("DEEP", comments.get("deep", "#")))
    return folder


@pytest.fixture(scope="module")
def plan_json(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The plan of the folder, whatever its comments say."""
    del terraform
    folder = write(tmp_path_factory.mktemp("planned"))
    return make_plan(folder).plan_json


@pytest.fixture
def judged(plan_json: bytes, tmp_path: Path) -> Judged:
    """What a scan of the folder finds, given what its comments say."""

    def found(**comments: str) -> Outcome:
        source = read_source(write(tmp_path / "source", **comments))
        graph = ResourceGraph(read_plan(plan_json, "plan.json"), source)
        return judge(graph, PACK, Settings(select=("PS401",)))

    return found


def terms(*waivers: Waiver, unwaivable: tuple[str, ...] = (), tells: bool = True) -> WaiverTerms:
    ran = tuple(rule for rule in RULES if rule.id == "PS401")
    return WaiverTerms(TODAY, RULES, ran, Waivers(waivers), unwaivable, tells)


def waiver(address: str, rule: str = "PS401", until: date = TODAY, reason: str = "r") -> Waiver:
    return Waiver(rule, (address,), reason, "o", until, "w.yaml:1")


def waived(outcome: Outcome) -> list[str]:
    return sorted(each.finding.address for each in outcome.judgements if each.waiver)


def test_nothing_is_waived_without_waivers(judged: Judged) -> None:
    outcome = judged()
    applied = apply_waivers(outcome, terms())
    assert applied == outcome
    assert [
        each.finding.address for each in outcome.judgements if each.verdict is Verdict.FAIL
    ] == ALL
    assert outcome.exit_code("low") == 1


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("aws_cloudwatch_log_group.one", ONE),
        ("aws_cloudwatch_log_group.counted", COUNTED),
        ("aws_cloudwatch_log_group.counted[1]", COUNTED[1:]),
        ("module.keyed.aws_cloudwatch_log_group.this", CALLED),
        ('module.keyed["a"].aws_cloudwatch_log_group.this["*"]', CALLED[:2]),
        ('module.keyed[*].aws_cloudwatch_log_group.this["y"]', CALLED[1::2]),
        ("*.aws_cloudwatch_log_group.this", sorted([*AGAIN, *CALLED])),
        ("*", ALL),
    ],
)
def test_a_waiver_counts_for_the_instances_that_its_pattern_means(
    judged: Judged, address: str, wanted: list[str]
) -> None:
    applied = apply_waivers(judged(), terms(waiver(address)))
    assert waived(applied) == wanted
    assert applied.warnings == ()
    assert applied.exit_code("low") == (0 if wanted == ALL else 1)


@pytest.mark.parametrize("rule", ["PS401", "log-retention-off", "OBS", "PS4*", "*"])
def test_a_waiver_names_a_rule_by_id_name_group_or_pattern(judged: Judged, rule: str) -> None:
    assert waived(apply_waivers(judged(), terms(waiver("*", rule)))) == ALL


def test_a_waiver_counts_on_its_last_day_and_no_longer(judged: Judged) -> None:
    outcome = judged()
    late = replace(terms(waiver("*")), today=date(2027, 2, 1))
    assert waived(apply_waivers(outcome, terms(waiver("*")))) == ALL
    applied = apply_waivers(outcome, late)
    assert waived(applied) == []
    [warning] = applied.warnings
    assert warning == (
        "w.yaml:1: the waiver of PS401 at * expired on 2027-01-31, 1 day ago; mend what it "
        "waives, or give it another day"
    )


def test_a_waiver_that_finds_nothing_is_stale_unless_nobody_looked(judged: Judged) -> None:
    outcome = judged()
    gone = waiver("a.gone")
    assert apply_waivers(outcome, terms(gone)).warnings == (
        "w.yaml:1: PS401 finds nothing at a.gone to waive; remove the waiver",
    )
    idle = [waiver("*", rule) for rule in ("PS204", "NET", "CKV_AWS_158", "CHECKOV")]
    assert apply_waivers(outcome, terms(*idle)).warnings == ()
    assert apply_waivers(outcome, terms(gone, tells=False)).warnings == ()
    # A rule that crashed may have found what is waived.
    assert apply_waivers(replace(outcome, errors=("crash",)), terms(gone)).warnings == ()


def test_a_rule_that_does_not_exist_is_told_with_the_likeliest(judged: Judged) -> None:
    assert apply_waivers(judged(), terms(waiver("*", "PS41"))).warnings == (
        "w.yaml:1: no rule or group is called 'PS41'; did you mean 'PS401'?",
    )


@pytest.mark.parametrize("names", [("PS401",), ("log-retention-off",), ("OBS",), ("PS*",)])
def test_a_rule_that_is_unwaivable_is_not_waived_by_any_name(
    judged: Judged, names: tuple[str, ...]
) -> None:
    for rule in ("PS401", "log-retention-off"):
        applied = apply_waivers(judged(), terms(waiver("*", rule), unwaivable=names))
        assert waived(applied) == []
        assert applied.warnings == (f"w.yaml:1: {rule} cannot be waived: `unwaivable` says so",)
    applied = apply_waivers(judged(), terms(waiver("*", "*"), unwaivable=names))
    assert (waived(applied), len(applied.warnings)) == ([], 1)
    inside = judged(inside=f"# policyscan:ignore=PS401 {SAID}")
    assert waived(apply_waivers(inside, terms(unwaivable=names))) == []


def test_the_plan_itself_and_a_crash_are_never_waived(judged: Judged) -> None:
    outcome = judged()
    errored = [
        replace(each, finding=replace(each.finding, verdict=Verdict.ERROR))
        for each in outcome.judgements
    ]
    applied = apply_waivers(replace(outcome, judgements=tuple(errored)), terms(waiver("*", "*")))
    assert waived(applied) == []
    assert apply_waivers(outcome, terms(waiver("*", "PS001"))).warnings == (
        "w.yaml:1: PS001: the check of the plan itself is never waived",
    )


def test_what_is_not_decided_is_waived_like_a_failure(judged: Judged) -> None:
    outcome = judged()
    unknown = [
        replace(each, finding=replace(each.finding, verdict=Verdict.UNKNOWN))
        for each in outcome.judgements
        if each.rule.id == "PS401"
    ]
    outcome = replace(outcome, judgements=tuple(unknown))
    assert outcome.exit_code("unknown") == 1
    assert apply_waivers(outcome, terms(waiver("*"))).exit_code("unknown") == 0


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ({"inside": "# policyscan:ignore=PS401 {}"}, ONE),
        ({"inside": "// policyscan:ignore=log-retention-off,PS204 {}"}, ONE),
        ({"inside": "/* policyscan:ignore=OBS {} */"}, ONE),
        ({"inside": "tags = {{ # policyscan:ignore=PS401 {}\n  }}"}, ONE),
        ({"above": "# policyscan:ignore=PS401 {}"}, COUNTED),
        ({"above": "/*\n * policyscan:ignore=PS401 {}\n */\n# more"}, COUNTED),
        ({"call": "# policyscan:ignore=PS401 {}"}, CALLED),
        ({"deep": "# policyscan:ignore=PS401 {}"}, sorted([*AGAIN, *CALLED])),
        # A text is no comment.
        ({"inside": 'kms_key_id = "# policyscan:ignore=PS401 {}"'}, []),
        ({"inside": "kms_key_id = <<E\n# policyscan:ignore=PS401 {}\nE"}, []),
    ],
)
def test_a_comment_counts_for_every_instance_of_its_block(
    judged: Judged, where: dict[str, str], wanted: list[str]
) -> None:
    outcome = judged(**{name: text.format(SAID) for name, text in where.items()})
    applied = apply_waivers(outcome, terms())
    assert waived(applied) == wanted
    assert applied.warnings == ()
    for each in applied.judgements:
        if each.waiver:
            assert (each.waiver.reason, each.waiver.owner) == ("the logs are read daily", "ops")
            assert each.waiver.expires == TODAY


def test_a_comment_says_where_it_stands(judged: Judged, tmp_path: Path) -> None:
    applied = apply_waivers(judged(deep=f"# policyscan:ignore=PS401 {SAID}"), terms())
    assert {each.waiver.place for each in applied.judgements if each.waiver} == {
        f"{tmp_path}/source/keyed/main.tf:9"
    }


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("policyscan:ignore=PS401", "gives no reason, no owner, no until; write `policyscan:ign"),
        ("policyscan:ignore=PS401 reason= owner=o until=2027-01-31", "gives no reason"),
        ("policyscan:ignore=PS401 reason=r until=2027-01-31", "gives no owner"),
        (
            "policyscan:ignore=PS401 reason=r owner=o until=2027-02-30",
            "until 2027-02-30 is no date",
        ),
        (
            "policyscan:ignore=PS401 because reason=r owner=o until=2027-01-31",
            "what does 'because'",
        ),
        (f"policyscan:ignore=PS401 {SAID} owner=me", "reason, owner or until is given twice"),
        (f"policyscan:ignore=PS41 {SAID}", "no rule or group is called 'PS41'; did you mean"),
        (f"policyscan:ignore=PS401 {SAID[:-10]}2027-01-30", "expired on 2027-01-30, 1 day ago"),
        (f"policyscan:ignore= {SAID}", "is none; write `policyscan:ignore=RULE"),
        (f"policyscan:ingore=PS401 {SAID}", "is none; write `policyscan:ignore=RULE"),
    ],
)
def test_a_comment_that_is_no_waiver_is_told_once_and_the_finding_stands(
    judged: Judged, tmp_path: Path, comment: str, said: str
) -> None:
    applied = apply_waivers(judged(deep=f"# {comment}"), terms())
    assert waived(applied) == []
    [warning] = applied.warnings
    assert warning.startswith(f"{tmp_path}/source/keyed/main.tf:9: ")
    assert said in warning


def test_a_comment_at_no_resource_or_one_that_holds_is_told(judged: Judged) -> None:
    [warning] = apply_waivers(judged(above=f"# policyscan:ignore=PS401 {SAID}\n"), terms()).warnings
    assert "stands at no resource, data source or module call; put it inside of one" in warning
    good = "retention_in_days = 7\n  # policyscan:ignore=PS204 " + SAID
    assert apply_waivers(judged(inside=good), terms()).warnings == ()


def test_of_several_waivers_the_first_that_counts_is_told(judged: Judged) -> None:
    expired = waiver("*", until=date(2020, 1, 1), reason="old")
    first, second = waiver("*", reason="first"), waiver("*", reason="second")
    applied = apply_waivers(judged(), terms(expired, first, second))
    assert {each.waiver.reason for each in applied.judgements if each.waiver} == {"first"}


def test_several_plans_are_reviewed_together(judged: Judged) -> None:
    fails = judged(inside=f"# policyscan:ignore=PS401 {SAID}")
    holds = replace(
        fails,
        judgements=tuple(
            replace(each, finding=replace(each.finding, verdict=Verdict.PASS))
            for each in fails.judgements
        ),
    )
    one, gone = waiver(COUNTED[0]), replace(waiver("a.b"), place="w.yaml:2")
    found = review([holds, fails], terms(one, gone))
    standings = [(each.waiver.place.rpartition("/")[2], each.standing) for each in found.reviewed]
    assert standings == [
        ("w.yaml:1", Standing.USED),
        ("w.yaml:2", Standing.STALE),
        ("main.tf:8", Standing.USED),
    ]
    assert [len(each.waived) for each in found.reviewed] == [1, 0, 1]
    assert not found.is_clean
    assert review([holds, fails], terms(one)).is_clean
    assert not review([holds], terms(one)).is_clean
    # Without a plan nobody can tell.
    assert review([], terms(one, gone)).is_clean
    assert not review([], terms(waiver("*", until=date(2020, 1, 1)))).is_clean


def checks(outcome: Outcome, *ids: str) -> Outcome:
    """The outcome with failures of Checkov's checks at every log group."""
    says = CheckovSays(Verdict.FAIL)
    made = tuple(
        Judgement(
            Rule(id_, "name", "CHECKOV", Severity.MEDIUM, "A check.", types=()),
            Finding(address, Verdict.FAIL, "it fails"),
            checkov=says,
        )
        for id_ in ids
        for address in ALL
    )
    return replace(outcome, checkov=CheckovReport(CheckovState.RAN, judgements=made))


def skipped(outcome: Outcome) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in outcome.checkov.judgements:
        if each.waiver:
            found.setdefault(each.rule.id, []).append(each.finding.address)
    return found


SKIPS = {
    "inside": "#checkov:skip=CKV_AWS_158:the key is elsewhere",
    "above": "#checkov:skip=CKV_AWS_158:above is not looked at",
    "call": "# bridgecrew:skip=CKV_AWS_338,CKV_AWS_66:a year is too long",
    "deep": "/* checkov:skip=CKV_AWS_158 */",
}


def test_a_skip_comment_counts_for_checkovs_findings_alone(judged: Judged) -> None:
    outcome = checks(judged(inside="#checkov:skip=PS401,CKV_AWS_158:both"), "CKV_AWS_158", "PS401")
    applied = apply_waivers(outcome, terms())
    assert skipped(applied) == {"CKV_AWS_158": ONE, "PS401": ONE}
    assert waived(applied) == []
    assert applied.warnings == ()
    told = {
        (each.waiver.reason, each.waiver.owner, each.waiver.expires)
        for each in applied.checkov.judgements
        if each.waiver
    }
    assert told == {("both", "", None)}


def test_a_skip_comment_of_an_unwaivable_check_is_told(judged: Judged) -> None:
    outcome = checks(judged(**SKIPS), "CKV_AWS_158")
    applied = apply_waivers(outcome, terms(unwaivable=("CKV_AWS_158",)))
    assert skipped(applied) == {}
    assert [each.partition(": ")[2] for each in applied.warnings] == [
        "CKV_AWS_158 cannot be waived: `unwaivable` says so"
    ] * 2


def test_our_waivers_count_for_checkovs_checks(judged: Judged) -> None:
    outcome = checks(judged(), "CKV_AWS_158", "CKV_AWS_338")
    applied = apply_waivers(outcome, terms(waiver(COUNTED[0], "CKV_AWS_158"), waiver("*", "PS401")))
    assert skipped(applied) == {"CKV_AWS_158": COUNTED[:1]}
    assert skipped(apply_waivers(outcome, terms(waiver("*", "CHECKOV")))).keys() == {
        "CKV_AWS_158",
        "CKV_AWS_338",
    }
    stale = apply_waivers(outcome, terms(waiver("aws_vpc.v", "CKV_AWS_338"))).warnings
    assert stale == (
        "w.yaml:1: CKV_AWS_338 finds nothing at aws_vpc.v to waive; remove the waiver",
    )
    # It said nothing of this plan, perhaps because it was left out.
    assert apply_waivers(outcome, terms(waiver("*", "CKV_AWS_1"))).warnings == ()


def test_checkov_skips_what_we_skip(judged: Judged, tmp_path: Path, checkov_python: Path) -> None:
    """Checkov itself, on the same source; it tells instances apart by their blocks alone."""
    ids = ("CKV_AWS_158", "CKV_AWS_338", "CKV_AWS_66")
    applied = apply_waivers(checks(judged(**SKIPS), *ids), terms())
    done = subprocess.run(
        [
            *(checkov_python, "-m", "checkov.main", "-d", tmp_path / "source"),
            *("--framework", "terraform", "-o", "json", "--compact"),
        ],
        capture_output=True,
        check=False,
    )
    report = json.loads(done.stdout)["results"]["skipped_checks"]
    theirs = {(each["check_id"], bare(each["resource"])) for each in report}
    ours = {(id_, bare(address)) for id_, found in skipped(applied).items() for address in found}
    assert ours == theirs
    assert len(ours) == 5


@cache
def bare(address: str) -> str:
    parts = address.replace("]", "[").split("[")
    return "".join(parts[::2])


HIDDEN = "hunter2zq"


def test_a_secret_in_a_key_or_a_waiver_is_not_told(plan_json: bytes) -> None:
    document = json.loads(plan_json)
    document["variables"]["key"] = {"value": HIDDEN}
    document["configuration"]["root_module"]["variables"]["key"] = {"sensitive": True}
    text = json.dumps(document).replace('[\\"x\\"]', f'[\\"{HIDDEN}\\"]')
    outcome = judge(
        ResourceGraph(read_plan(text.encode(), "plan.json")), PACK, Settings(select=("PS401",))
    )
    redacted = 'module.again.aws_cloudwatch_log_group.this["(sensitive 1)"]'
    assert redacted in [each.finding.address for each in outcome.judgements]
    named = waiver(f'module.again.aws_cloudwatch_log_group.this["{HIDDEN}"]')
    applied = apply_waivers(outcome, terms(named))
    assert waived(applied) == []
    [warning] = applied.warnings
    assert HIDDEN not in warning
    assert "(sensitive)" in warning
    every = waiver("module.again.aws_cloudwatch_log_group.this[*]", reason=f"it is {HIDDEN}")
    applied = apply_waivers(outcome, terms(every))
    assert redacted in waived(applied)
    assert {each.waiver.reason for each in applied.judgements if each.waiver} == {
        "it is (sensitive)"
    }
    assert HIDDEN not in repr(review([outcome], terms(named, every)))
