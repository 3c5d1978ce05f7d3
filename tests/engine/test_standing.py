"""What a plan brings, what stood before it, and what it mends: on plans by real Terraform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.engine import Before, Outcome, Settings, built_in_pack, is_changed, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import Plan, read_plan, world_before
from policyscan.planner import Inputs, Request, make_plan
from policyscan.rule import Verdict
from tests.packs import write_pack
from tests.plans import change, plan_of

PACK = load_pack(built_in_pack())


def planned(folder: Path, before: str, after: str) -> Plan:
    """The plan from one configuration to another, after a simulated apply of the first."""
    for name, text in (("before", before), ("after", after)):
        (folder / name).mkdir()
        head = 'provider "aws" {\n  region = "us-east-1"\n}\n'
        (folder / name / "main.tf").write_text(head + text)
    applied = (Inputs(configuration=folder / "before"),) if before else ()
    made = make_plan(folder / "after", Request(after=applied))
    return read_plan(made.plan_json, "plan.json")


def judged(plan: Plan, *rules: str) -> Outcome:
    settings = Settings(select=rules)
    return judge(ResourceGraph(plan), PACK, settings, Before(plan, PACK, settings))


def failures(outcome: Outcome) -> dict[str, bool]:
    """Whether each failure is new, by its address."""
    return {
        each.finding.address: each.is_new
        for each in outcome.judgements
        if each.verdict is Verdict.FAIL
    }


def group(name: str, days: str, more: str = "", called: str = "") -> str:
    return (
        f'resource "aws_cloudwatch_log_group" "{name}" {{\n'
        f'  name              = "{called or name}"\n  retention_in_days = {days}\n  {more}\n}}\n'
    )


BEFORE = "\n".join(
    [
        group("worsened", "7"),
        group("mended", "30"),
        group("touched", "30", 'tags = { a = "1" }'),
        group("kept", "30"),
        group("renamed", "30"),
        group("renamed_and_worsened", "7"),
        group("old", "30"),
        group("gone", "30"),
        group("forgotten", "30"),
        group("listed", "[7, 30][count.index]", "count = 2", "listed-${count.index}"),
        group("keyed", "30", 'for_each = toset(["a"])', "keyed-${each.key}"),
        group("rekeyed", "30", 'for_each = toset(["a"])', "rekeyed"),
    ]
)
AFTER = "\n".join(
    [
        group("created", "30"),
        group("worsened", "30"),
        group("mended", "7"),
        group("touched", "30", 'tags = { a = "2" }'),
        group("kept", "30"),
        group("renamed", "30", called="another-name"),
        group("renamed_and_worsened", "30", called="yet-another"),
        group("new", "30", called="old"),
        group("listed", "[30][count.index]", "count = 1", "listed-${count.index}"),
        group("keyed", "30", 'for_each = toset(["b"])', "keyed-${each.key}"),
        group("rekeyed", "30", 'for_each = toset(["b"])', "rekeyed"),
        """
moved {
  from = aws_cloudwatch_log_group.old
  to   = aws_cloudwatch_log_group.new
}
moved {
  from = aws_cloudwatch_log_group.rekeyed["a"]
  to   = aws_cloudwatch_log_group.rekeyed["b"]
}
removed {
  from = aws_cloudwatch_log_group.forgotten
  lifecycle {
    destroy = false
  }
}
""",
    ]
)


@pytest.fixture(scope="module")
def groups(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> Plan:  # noqa: ARG001
    return planned(tmp_path_factory.mktemp("groups"), BEFORE, AFTER)


def test_what_failed_before_is_standing_and_what_did_not_is_new(groups: Plan) -> None:
    kind = "aws_cloudwatch_log_group."
    assert failures(judged(groups, "PS401")) == {
        f"{kind}created": True,
        f"{kind}worsened": True,
        f"{kind}touched": False,
        f"{kind}kept": False,
        f"{kind}renamed": False,
        f"{kind}renamed_and_worsened": True,
        f"{kind}new": False,
        f"{kind}listed[0]": True,
        f'{kind}keyed["b"]': True,
        f'{kind}rekeyed["b"]': False,
    }


def test_what_a_plan_mends_is_told_unless_terraform_only_forgets_it(groups: Plan) -> None:
    outcome = judged(groups, "PS401")
    kind = "aws_cloudwatch_log_group."
    assert [(each.rule.id, each.finding.address) for each in outcome.fixed] == [
        ("PS401", f"{kind}gone"),
        ("PS401", f'{kind}keyed["a"]'),
        ("PS401", f"{kind}listed[1]"),
        ("PS401", f"{kind}mended"),
    ]
    assert all(each.verdict is Verdict.FAIL for each in outcome.fixed)


def test_only_what_is_new_fails_a_scan_of_changes(groups: Plan) -> None:
    settings = Settings(select=("PS401",), changed_only=True)
    before = Before(groups, PACK, settings)
    outcome = judge(ResourceGraph(groups), PACK, settings, before)
    assert outcome.exit_code("high") == 1
    standing = [each for each in outcome.judgements if not each.is_new]
    only = Outcome(outcome.platform, tuple(standing), changed_only=True)
    assert (only.exit_code("high"), only.is_set_aside(standing[0])) == (0, True)
    assert Outcome(outcome.platform, tuple(standing)).exit_code("high") == 1


def test_a_plan_without_changes_has_nothing_new(
    terraform: None,  # noqa: ARG001 - skips
    tmp_path: Path,
) -> None:
    outcome = judged(planned(tmp_path, BEFORE, BEFORE), "PS401", "PS802")
    assert set(failures(outcome).values()) == {False}
    assert len(outcome.fixed) == 0


def test_a_first_plan_has_nothing_standing(
    terraform: None,  # noqa: ARG001 - skips
    tmp_path: Path,
) -> None:
    outcome = judged(planned(tmp_path, "", BEFORE), "PS401", "PS802")
    assert set(failures(outcome).values()) == {True}
    assert len(outcome.fixed) == 0


NETWORK = """
resource "aws_ecs_cluster" "main" {{
  name = "shop"
}}
resource "aws_vpc" "main" {{
  cidr_block = "10.0.0.0/16"
}}
resource "aws_subnet" "main" {{
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}}
resource "aws_security_group" "opened" {{
  vpc_id = aws_vpc.main.id
  ingress {{
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["{opened}"]
  }}
}}
resource "aws_security_group" "open" {{
  vpc_id = aws_vpc.main.id
  ingress {{
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
resource "aws_iam_role" "task" {{
  name               = "task"
  assume_role_policy = jsonencode({{ Version = "2012-10-17", Statement = [] }})
}}
resource "aws_ecs_service" "main" {{
  for_each        = {{ opened = aws_security_group.opened.id, open = aws_security_group.open.id }}
  name            = each.key
  cluster         = aws_ecs_cluster.main.id
  task_definition = "shop:1"
  launch_type     = "FARGATE"
  network_configuration {{
    subnets         = [aws_subnet.main.id]
    security_groups = [each.value]
  }}
}}
resource "aws_ecs_service" "waiting" {{
  name            = "waiting"
  cluster         = aws_ecs_cluster.main.id
  task_definition = "shop:1"
  {waiting}
}}
"""


@pytest.fixture(scope="module")
def network(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> Plan:  # noqa: ARG001
    waiting = "depends_on = [aws_iam_role.task]"
    return planned(
        tmp_path_factory.mktemp("network"),
        NETWORK.format(opened="10.0.0.0/16", waiting=waiting),
        NETWORK.format(opened="0.0.0.0/0", waiting="desired_count = 2"),
    )


def test_a_changed_group_is_new_on_the_service_that_does_not_change(network: Plan) -> None:
    outcome = judged(network, "PS210")
    graph = outcome.platform.graph
    opened, kept = (f'aws_ecs_service.main["{key}"]' for key in ("opened", "open"))
    assert (is_changed(graph, opened), is_changed(graph, kept)) == (False, False)
    assert failures(outcome) == {opened: True, kept: False}


def test_what_waited_for_what_is_as_the_state_remembers_it(network: Plan) -> None:
    before = world_before(network)
    assert before is not None
    service = "aws_ecs_service.waiting"
    assert ResourceGraph(before).depends_on(service, "aws_iam_role.task")
    assert not ResourceGraph(network).depends_on(service, "aws_iam_role.task")


def test_a_data_source_to_be_read_again_stands_as_it_was_read_last() -> None:
    """As of one in a `check` block, which is read in every apply."""
    address = "data.aws_caller_identity.checked"
    path = Path(__file__).resolve().parents[2] / "fixtures" / "graph" / "conditions" / "plan.json"
    (now,) = [
        each for each in read_plan(path.read_bytes(), "p").resources if each.address == address
    ]
    assert now.is_deferred
    assert now.before == now.after


# -- by the book: every verdict of before and after, on plans written by hand -----------------

TOLD = """
from policyscan.rule import Phase, Rule, Severity, Step, fail, passed, undetermined

RULE = Rule("XX100", "as-told", "TEST", Severity.HIGH, "t", ("aws_s3_bucket",))


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        if bucket.is_deleted:
            continue
        told = bucket.value("bucket").value
        verdict, severity, strikes, *words = told.split()
        path = (Step(bucket.address, "bucket"), Step("aws_kms_key.k", "", "is beside"))
        if verdict == "crash":
            raise KeyError("lost")
        if verdict == "na":
            continue
        make = {"fail": fail, "pass": passed, "unknown": undetermined}[verdict]
        yield make(bucket.address, " ".join(["so it is", *words]), path=path, fix=told,
                   severity=Severity(severity), strikes=Phase(strikes))
"""


def told(
    folder: Path, before: str, after: str, *, key: str = "no-op", inside: Any = None, **more: Any
) -> Outcome:
    """The outcome of one bucket that the rule finds so before and so after, beside a key.

    `inside` goes into the bucket's change.
    """
    values = [f"{each} high runtime" if " " not in each else each for each in (before, after)]
    was, now = ({"bucket": each} for each in values)
    actions: tuple[str, ...] = ("update",) if was != now else ("no-op",)
    more = {"actions": actions, "before": was, "after": now, **more}
    changes = [
        change("aws_s3_bucket.b", **more),
        change("aws_kms_key.k", actions=(key,), before={"id": "1"}, after={"id": "1"}),
        change("aws_s3_bucket.other", after={"bucket": "na x x"}),
    ]
    changes[0]["change"].update(inside or {})
    plan = plan_of(changes)
    pack = load_pack(write_pack(folder, told=TOLD))
    return judge(ResourceGraph(plan), pack, Settings(), Before(plan, pack, Settings()))


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        ("fail", "fail", False),
        ("pass", "fail", True),
        ("na", "fail", True),
        # The bucket itself changes, so what was not decided may well have been right.
        ("unknown", "fail", True),
        ("fail high runtime", "fail medium runtime", False),
        ("fail high runtime", "fail critical runtime", True),
        # In other words the cause may be another: the plan changes the bucket.
        ("fail high runtime", "fail high runtime otherwise", True),
        ("fail high runtime same", "fail medium runtime same", False),
        ("fail high destroy", "fail high apply", True),
        ("fail", "unknown", False),
        ("pass", "unknown", True),
        ("unknown", "unknown", False),
    ],
)
def test_new_is_what_did_not_fail_as_badly_before(
    tmp_path: Path, before: str, after: str, *, is_new: bool
) -> None:
    (found,) = told(tmp_path, before, after).judgements[1:]
    assert found.is_new is is_new


@pytest.mark.parametrize(("key", "is_new"), [("no-op", False), ("update", True)])
def test_where_before_is_not_decided_what_the_evidence_goes_through_tells(
    tmp_path: Path, key: str, *, is_new: bool
) -> None:
    """The rule's verdict differs by nothing but a variable the state does not tell."""
    (found,) = told(tmp_path, "unknown", "unknown", key=key).judgements[1:]
    assert found.is_new is is_new


def test_a_failure_to_destroy_is_new_when_the_plan_destroys(tmp_path: Path) -> None:
    replaced = ("delete", "create")
    more: dict[str, Any] = {"actions": replaced}
    (found,) = told(tmp_path, "fail high destroy", "fail high destroy", **more).judgements[1:]
    assert found.is_new
    (found,) = told(tmp_path / "b", "fail high apply", "fail high apply", **more).judgements[1:]
    assert not found.is_new


@pytest.mark.parametrize(("before", "is_new"), [("fail", False), ("pass", True)])
def test_what_is_imported_stood_in_the_world_before(
    tmp_path: Path, before: str, *, is_new: bool
) -> None:
    """The plan tells what it found in the account as `before`."""
    (found,) = told(tmp_path, before, "fail", inside={"importing": {"id": "b"}}).judgements[1:]
    assert found.is_new is is_new


def test_a_rule_that_crashes_on_the_world_before_says_so(tmp_path: Path) -> None:
    outcome = told(tmp_path, "crash", "fail")
    assert outcome.errors == ()
    assert [each for each in outcome.warnings if each.startswith("XX100 crashed on what stood")]
    assert outcome.judgements[1].is_new


@pytest.mark.parametrize(
    ("before", "after", "is_fixed"),
    [
        ("fail", "pass", True),
        ("fail", "na", True),
        ("fail", "unknown", False),
        ("fail", "fail", False),
        ("fail", "crash", False),
        ("unknown", "pass", False),
    ],
)
def test_fixed_is_what_failed_and_is_known_to_fail_no_more(
    tmp_path: Path, before: str, after: str, *, is_fixed: bool
) -> None:
    assert bool(told(tmp_path, before, after).fixed) is is_fixed


def test_what_a_plan_without_changes_finds_is_standing_even_if_nothing_is_managed(
    tmp_path: Path,
) -> None:
    source = TOLD.replace('of_type("aws_s3_bucket")', 'data_of_type("aws_s3_bucket")')
    values = {"bucket": "fail high runtime"}
    resource = {"address": "data.aws_s3_bucket.b", "mode": "data", "type": "aws_s3_bucket"}
    state = {"root_module": {"resources": [{**resource, "name": "b", "values": values}]}}
    plan = plan_of([], prior_state={"values": state})
    pack = load_pack(write_pack(tmp_path, told=source))
    outcome = judge(ResourceGraph(plan), pack, Settings(), Before(plan, pack, Settings()))
    assert failures(outcome) == {"data.aws_s3_bucket.b": False}


def test_a_deposed_object_is_no_second_verdict_on_its_address() -> None:
    changes = [
        change("aws_s3_bucket.b", actions=("no-op",), before={"id": "1"}, after={"id": "1"}),
        change("aws_s3_bucket.b", actions=("delete",), before={"id": "0"}, deposed="ab12cd34"),
    ]
    before = world_before(plan_of(changes))
    assert before is not None
    assert [(each.address, each.deposed) for each in before.resources] == [("aws_s3_bucket.b", "")]


def test_secrets_of_before_are_not_told_either(tmp_path: Path) -> None:
    outcome = told(tmp_path, "fail", "pass", inside={"before_sensitive": {"bucket": True}})
    assert [each.finding.fix for each in outcome.fixed] == ["(sensitive)"]
