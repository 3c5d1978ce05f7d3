"""Reports to be told in every format: of fixtures, and of every sort of judgement there is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from policyscan.engine import (
    GATE,
    CheckovReport,
    CheckovSays,
    CheckovState,
    Conflict,
    Judgement,
    Outcome,
    Settings,
    Waiver,
    built_in_pack,
    judge,
    load_pack,
)
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.scans import Refused, Report, Scan
from policyscan.rule import Finding, Phase, Platform, Rule, Severity, Step, Verdict
from policyscan.source import Span, read_source
from tests.plans import block, change, graph_of, references

ROOT = Path(__file__).resolve().parents[2]
PACK = load_pack(built_in_pack())
PAGES = {each.rule.id: each.page for each in (GATE, *PACK)}

PUSHED = Rule("PS101", "image-not-pushed", "DEPLOY", Severity.CRITICAL, "Images are there", ())
LOGS = Rule("PS401", "log-retention-off", "OBS", Severity.HIGH, "Logs are kept", ())
OPEN = Rule("PS210", "task-open-to-world", "NET", Severity.HIGH, "Nobody else gets in", ())
KMS = Rule("CKV_AWS_158", "Ensure x", "CHECKOV", Severity.MEDIUM, "Ensure x", ())
YEAR = Rule("CKV_AWS_338", "Ensure y", "CHECKOV", Severity.MEDIUM, "Ensure y", ())
GUIDELINE = "https://docs.example.com/policies/bc-aws-158"
WAIVER = Waiver("PS401", ("*",), "kept elsewhere", "platform", date(2027, 1, 31), ".waivers.yaml:3")

SERVICE, REPOSITORY, GROUP = (
    "aws_ecs_service.s",
    "aws_ecr_repository.r",
    "aws_cloudwatch_log_group.g",
)


def platform() -> Platform:
    """A service, the repository it takes its image from, and a log group."""
    return Platform(
        graph_of(
            [
                change(SERVICE, unknown={"task_definition": True}),
                change(REPOSITORY, unknown={"repository_url": True}),
                change(GROUP),
            ],
            {
                "resources": [
                    block(SERVICE, {"task_definition": references(f"{REPOSITORY}.repository_url")}),
                    block(REPOSITORY),
                    block(GROUP),
                ]
            },
        )
    )


def failed(address: str = SERVICE, message: str = "no task starts", **details: object) -> Finding:
    """A failure."""
    return Finding(address, Verdict.FAIL, message, **details)  # type: ignore[arg-type]


def told() -> Finding:
    """A failure with all that one may have."""
    return failed(
        path=(Step(SERVICE, "task_definition"), Step(REPOSITORY, "repository_url", "empty")),
        fix="push first:\n1. build\n2. push",
        snippet='resource "aws_ecs_service" "s" {\n  count = 0\n}',
        symptom="CannotPullContainerError",
        strikes=Phase.TASK_START,
        at="task_definition",
    )


def every_sort() -> tuple[Judgement, ...]:
    """Ours: failing here, standing, waived, undecided, passed and out of the question."""
    span = Span("infra/main.tf", 3, 3, 5, 20)
    return (
        Judgement(PUSHED, told(), span=span, steps=(span, None)),
        Judgement(LOGS, failed(GROUP, "kept for ever"), is_new=False),
        Judgement(LOGS, failed(REPOSITORY, "waived one"), waiver=WAIVER, steps=()),
        Judgement(OPEN, Finding(SERVICE, Verdict.UNKNOWN, "the subnet is not known")),
        Judgement(OPEN, Finding(GROUP, Verdict.PASS, "fine")),
        Judgement(OPEN, Finding(REPOSITORY, Verdict.NA, "not about it")),
    )


def checkovs() -> CheckovReport:
    """Checkov's: one alone, one that finds what we find, one that the policy overrules."""
    lasting = Conflict("PS401", "the policy keeps logs for seven days")
    return CheckovReport(
        CheckovState.RAN,
        "3.3.30",
        "corrected",
        (
            Judgement(KMS, failed(GROUP, "no key"), checkov=CheckovSays(None, GUIDELINE)),
            Judgement(
                YEAR,
                failed(GROUP, "short"),
                span=Span("infra/logs.tf", 2, 2),
                checkov=CheckovSays(None, "", "PS401"),
            ),
            Judgement(
                YEAR,
                failed(REPOSITORY, "overruled one"),
                checkov=CheckovSays(None, "", "", lasting),
            ),
        ),
    )


def outcome_of(judgements: Iterable[Judgement], checkov: CheckovReport | None = None) -> Outcome:
    """An outcome of these judgements."""
    return Outcome(platform(), tuple(judgements), checkov=checkov or CheckovReport())


def scan_of(outcome: Outcome, name: str = "") -> Scan:
    """Its place in a report, the plan called by a name of its own."""
    if name:
        graph = outcome.platform.graph
        renamed = ResourceGraph(replace(graph.plan, name=name))
        outcome = replace(outcome, platform=Platform(renamed))
    return Scan(outcome, outcome.exit_code("high"))


def report_of(*scans: Scan) -> Report:
    """A report whose files are those of the repository."""
    return Report(scans, PAGES, str(ROOT), str(ROOT))


def of_every_sort() -> Report:
    """Two plans with judgements of every sort, and one that could not be read."""
    outcome = outcome_of(every_sort(), checkovs())
    return report_of(
        scan_of(outcome, "a/plan.json"),
        scan_of(outcome, "b/plan.json"),
        Scan(Refused("c/plan.json", "c/plan.json: is no plan"), 2),
    )


def fixture(name: str) -> Scan:
    """What a scan of a fixture finds, with the source beside it."""
    folder = ROOT / "fixtures" / name
    source = read_source(folder) if any(folder.glob("*.tf")) else None
    path = folder / "plan.json"
    plan = read_plan(path.read_bytes(), path.relative_to(ROOT).as_posix())
    outcome = judge(ResourceGraph(plan, source), PACK, Settings())
    return Scan(outcome, outcome.exit_code("high"))
