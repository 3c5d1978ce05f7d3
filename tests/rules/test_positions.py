"""Findings point at the attribute that decides them, however and wherever it is written.

The table was written by hand from the files of `fixtures/positions`, not from the program: rule
and address, file and lines, and the text between the columns (of several lines, the first).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from policyscan.engine import Judgement, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.json_report import json_document, render_json
from policyscan.report.text_report import render_text
from policyscan.rule import Verdict
from policyscan.source import Span, read_source

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
FIXTURE = FIXTURES / "positions"
PACK = load_pack(built_in_pack())

GROUP = "aws_cloudwatch_log_group"
TASK = "aws_ecs_task_definition"
TABLE = (
    # Comments before, between and behind; a block of one line; what is not there; variables.
    ("PS401", f"{GROUP}.spaced", "main.tf:24", "retention_in_days = /* days */ 30"),
    ("PS401", f"{GROUP}.short", "main.tf:28", "retention_in_days = 3"),
    ("PS401", f"{GROUP}.forever", "main.tf:30", f'resource "{GROUP}" "forever" {{'),
    ("PS401", f"{GROUP}.by_variable", "main.tf:39", "retention_in_days = var.retention"),
    ("PS801", f"{GROUP}.short", "main.tf:28", f'resource "{GROUP}" "short" {{'),
    # for_each with odd keys; an override file; nested modules, one behind a symbolic link.
    ("PS401", f'{GROUP}.by_local["a.b"]', "main.tf:46", "retention_in_days = local.days"),
    ("PS401", f'{GROUP}.by_local["grün"]', "main.tf:46", "retention_in_days = local.days"),
    ("PS802", f'{GROUP}.by_local["a.b"]', "main.tf:47", '"Environment" : "prod"'),
    ("PS401", f"{GROUP}.overridden", "z_override.tf:4", "retention_in_days = 365"),
    (
        *("PS401", f'module.logs["first"].{GROUP}.this'),
        *("modules/logs/main.tf:6", "retention_in_days = var.days"),
    ),
    (
        *("PS401", f'module.logs["zwei.ter"].module.deep.{GROUP}.below'),
        *("modules/logs/deep/main.tf:6-8", "retention_in_days = ("),
    ),
    (
        *("PS401", f"module.linked.{GROUP}.this"),
        *("modules/service/logs.tf:6", "retention_in_days = var.days == 1 ? 1 : 7"),
    ),
    (
        *("PS702", "module.linked.aws_ecr_repository.this"),
        *("modules/service/logs.tf:11", "force_delete = false"),
    ),
    # JSON syntax.
    ("PS401", f"{GROUP}.json", "storage.tf.json:14", '"retention_in_days": 60'),
    ("PS802", f"{GROUP}.json", "storage.tf.json:14", '"Environment": "prod"'),
    ("PS702", "aws_ecr_repository.json", "storage.tf.json:6", '"force_delete": false'),
    ("PS702", "aws_ecr_repository.unforced", "storage.tf.json:8", '"unforced": {'),
    ("PS402", "aws_ecs_cluster.json", "storage.tf.json:24", '"value": "disabled"'),
    # One member of one container: in a list, in a heredoc; else the argument.
    ("PS602", f"{TASK}.listed", "tasks.tf:7", 'image = "example/App:1"'),
    ("PS602", f"{TASK}.heredoc", "tasks.tf:19", '"image": "example/App:2"'),
    (
        *("PS602", f"{TASK}.quoted", "tasks.tf:27"),
        r'container_definitions = "[{\"name\": \"app\", \"image\": \"example/App:3\"}]"',
    ),
    ("PS602", f"{TASK}.given", "tasks.tf:35", "image = local.image"),
    (
        *("PS602", f"{TASK}.elsewhere", "tasks.tf:47"),
        "container_definitions = jsonencode(local.containers)",
    ),
    ("PS602", f"{TASK}.wrong_url", "tasks.tf:59", "image        = aws_ecr_repository.app.arn"),
    # Nested and dynamic blocks; letters of several bytes, marks that combine, tabs.
    ("PS402", "aws_ecs_cluster.main", "services.tf:6", 'value = "disabled"'),
    ("PS402", "aws_ecs_cluster.made", "services.tf:18", "value = setting.value"),
    ("PS402", "aws_ecs_cluster.bare", "services.tf:23", 'resource "aws_ecs_cluster" "bare" {'),
    ("PS801", "aws_vpc.main", "services.tf:29", '"Name" = "U\u0308bung e\u0301 main \U0001f680"'),
    ("PS204", "aws_ecs_service.open", "services.tf:89", "assign_public_ip =\ttrue"),
    ("PS701", "aws_lb.main", "services.tf:110", 'enable_deletion_protection = tobool("true")'),
    ("PS802", "aws_lb.main", "services.tf:108", 'resource "aws_lb" "main" {'),
    # The element of a list that the evidence leads through; the block that lacks an argument.
    ("PS201", "aws_ecs_service.spread", "services.tf:73", "aws_subnet.private.id"),
    ("PS204", "aws_ecs_service.spread", "services.tf:75", "aws_subnet.public[1].id"),
    ("PS204", "aws_ecs_service.brief", "services.tf:97", "aws_subnet.public[1].id"),
    ("PS201", "aws_ecs_service.brief", "services.tf:97", "network_configuration {"),
    (
        *("PS901", "aws_ecs_service.open", "services.tf:88"),
        "subnets          = concat([aws_subnet.public[1].id], [])",
    ),
    # What is decided by another resource stands on the argument that ties the two together.
    (
        *("PS101", "aws_ecs_service.spread", "services.tf:67"),
        f"task_definition = {TASK}.wrong_url.arn",
    ),
    (
        *("PS301", "aws_ecs_service.brief", "services.tf:94"),
        'name            = "brief-${var.environmentSuffix}"',
    ),
    (
        *("PS302", "aws_appautoscaling_target.open", "services.tf:103"),
        'resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.open.name}"',
    ),
    ("PS303", "aws_appautoscaling_target.open", "services.tf:105", "max_capacity       = 20"),
)

Found = dict[tuple[str, str], Judgement]


def judged(plan: Path, source: Path) -> Found:
    graph = ResourceGraph(read_plan(plan.read_bytes(), plan.name), read_source(source))
    outcome = judge(graph, PACK, Settings())
    return {(each.rule.id, each.finding.address): each for each in outcome.judgements}


@pytest.fixture(scope="module")
def found() -> Found:
    return judged(FIXTURE / "plan.json", FIXTURE)


@pytest.fixture(scope="module")
def found_in_crlf(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The same configuration as Windows tools save it: with CR LF, and marked as UTF-8."""
    copy = tmp_path_factory.mktemp("crlf") / "positions"
    shutil.copytree(FIXTURE, copy, symlinks=True)
    for path in (*copy.rglob("*.tf"), *copy.rglob("*.tf.json")):
        if "linked" not in path.parts:
            content = path.read_bytes().replace(b"\n", b"\r\n")
            path.write_bytes(b"\xef\xbb\xbf" + content)
    return judged(copy / "plan.json", copy)


def shown(span: Span | None, folder: Path) -> tuple[str, str]:
    """A span as the table has it."""
    assert span is not None
    path = Path(span.file)
    lines = path.read_text(encoding="utf-8-sig").split("\n")[span.line - 1 : span.end_line]
    whole = f"-{span.end_line}" if span.end_line > span.line else ""
    end = span.end_column - 1 if not whole else None
    place = f"{path.relative_to(folder).as_posix()}:{span.line}{whole}"
    return place, lines[0][span.column - 1 : end]


rows = pytest.mark.parametrize(
    ("rule", "address", "place", "text"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE]
)


@rows
def test_a_finding_points_at_what_decides_it(
    rule: str, address: str, place: str, text: str, found: Found
) -> None:
    judgement = found[rule, address]
    assert judgement.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
    assert shown(judgement.span, FIXTURE) == (place, text)


def test_line_ends_and_byte_order_marks_move_nothing(found: Found, found_in_crlf: Found) -> None:
    spans = [(found[row[:2]].span, found_in_crlf[row[:2]].span) for row in TABLE]
    assert [
        (here, there)
        for here, there in spans
        if here is None or there is None or replace(here, file="") != replace(there, file="")
    ] == []


def test_a_verdict_that_asks_for_no_edit_stands_on_its_block(found: Found) -> None:
    judgement = found["PS801", f"{GROUP}.spaced"]
    block = ("main.tf:20-26", f'resource "{GROUP}" "spaced" {{ # why 30?')
    assert judgement.verdict is Verdict.PASS
    assert shown(judgement.span, FIXTURE) == block
    assert [shown(each, FIXTURE) for each in judgement.steps] == [block]


def test_a_step_of_the_evidence_knows_its_place_too(found: Found) -> None:
    judgement = found["PS204", "aws_ecs_service.spread"]
    assert [
        (step.address, *shown(span, FIXTURE))
        for step, span in zip(judgement.finding.path, judgement.steps, strict=True)
    ] == [
        ("aws_ecs_service.spread", "services.tf:75", "aws_subnet.public[1].id"),
        # An attribute that only AWS knows: where its resource opens.
        ("aws_subnet.public[1]", "services.tf:42", 'resource "aws_subnet" "public" {'),
        (
            *("aws_route_table_association.public", "services.tf:61"),
            "route_table_id = aws_route_table.public.id",
        ),
        ("aws_route_table.public", "services.tf:49-51", 'resource "aws_route_table" "public" {'),
        (
            *("aws_route.public", "services.tf:56"),
            "gateway_id             = aws_internet_gateway.main.id",
        ),
        (
            *("aws_internet_gateway.main", "services.tf:32-34"),
            'resource "aws_internet_gateway" "main" {',
        ),
    ]


# What stands on a resource although nothing in it decides: its routes and zones lie elsewhere, or
# those who should wait for it, or use it, do not.
WITHOUT_ATTRIBUTE = {"PS601", "PS902", "PS903"}


def folders() -> list[tuple[Path, Path]]:
    """Every fixture with source: its folder, and that of the source."""
    pairs = []
    for plan in sorted(FIXTURES.rglob("plan.json")):
        described = plan.parent / "fixture.yaml"
        text = described.read_text(encoding="utf-8") if described.exists() else ""
        source = plan.parent / str((yaml.safe_load(text) or {}).get("configuration", "."))
        if any(source.glob("*.tf")):
            pairs.append((plan.parent, source))
    return pairs


@pytest.mark.parametrize(
    ("folder", "source"),
    folders(),
    ids=[folder.relative_to(FIXTURES).as_posix() for folder, _ in folders()],
)
def test_every_failing_and_unknown_finding_names_its_attribute(folder: Path, source: Path) -> None:
    unnamed = [
        key
        for key, each in judged(folder / "plan.json", source).items()
        if each.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
        and each.rule.id not in WITHOUT_ATTRIBUTE
        and not each.finding.decisive[0].attribute
    ]
    assert unnamed == []


def test_reports_tell_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    plan = read_plan((FIXTURE / "plan.json").read_bytes(), "plan.json")
    graph = ResourceGraph(plan, read_source(Path("fixtures/positions")))
    outcome = judge(graph, PACK, Settings(select=("PS401",)))
    below = f'module.logs["first"].module.deep.{GROUP}.below'
    document = json.loads("".join(render_json([json_document(outcome, 1)])))
    assert [each["source"] for each in document["verdicts"] if each["address"] == below] == [
        {
            "file": "fixtures/positions/modules/logs/deep/main.tf",
            "line": 6,
            "end_line": 8,
            "column": 3,
            "end_column": 4,
        }
    ]
    lines = render_text(outcome, 1).splitlines()
    start = lines.index("    fixtures/positions/modules/logs/deep/main.tf:6")
    assert lines[start : start + 4] == [
        "    fixtures/positions/modules/logs/deep/main.tf:6",
        "        6 │   retention_in_days = (",
        "        7 │     400",
        "        8 │   )",
    ]
