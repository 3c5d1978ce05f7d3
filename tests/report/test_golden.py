"""Reports as they stand; `pytest --accept` rewrites them, and their diff is read as code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyscan.engine import Outcome, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.json_report import json_document, render_json
from policyscan.report.text_report import render_text
from policyscan.source import read_source
from tests.plans import block, change, graph_of, references

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
NAMES = ("reference_broken", "reference_data_source_early", "reference_phase_one")


def outcome(name: str, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """The outcome of a reference plan with its source, paths as from the repository's root."""
    monkeypatch.chdir(ROOT)
    path = Path("fixtures") / name / "plan.json"
    beside = any(path.parent.glob("*.tf"))
    source = read_source(path.parent if beside else Path("infra"))
    graph = ResourceGraph(read_plan(path.read_bytes(), path.as_posix()), source)
    return judge(graph, load_pack(built_in_pack()), Settings())


def compare(path: Path, text: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_text_report_is_as_accepted(
    name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    found = outcome(name, monkeypatch)
    text = render_text(found, found.exit_code("high"))
    compare(GOLDEN / f"{name}.txt", text, request)


@pytest.mark.parametrize("name", NAMES)
def test_the_json_report_is_as_accepted(
    name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    found = outcome(name, monkeypatch)
    document = json_document(found, found.exit_code("high"))
    # The digest of the plan's bytes is proved by its own test, and would blur every diff here.
    document["plan"]["sha256"] = "..."
    compare(GOLDEN / f"{name}.json", "".join(render_json([document])), request)


def test_every_verdict_in_json_has_every_key_of_the_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = outcome("reference_broken", monkeypatch)
    document = json.loads("".join(render_json([json_document(found, 1)])))
    wanted = {
        *("rule", "name", "severity", "address", "verdict", "confidence", "message", "path"),
        *("source", "notes", "new", "waived"),
    }
    assert [each for each in document["verdicts"] if not wanted <= each.keys()] == []
    assert document["schema_version"] == "1"
    assert set(document["plan"]) >= {
        *("path", "format_version", "terraform_version", "kind", "resources", "sha256"),
    }
    spans = [each["source"] for each in document["verdicts"] if each["source"]]
    assert [
        span for span in spans if set(span) != {"file", "line", "end_line", "column", "end_column"}
    ] == []
    assert spans


def test_a_paragraph_is_wider_than_the_screen_only_for_one_long_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = outcome("reference_broken", monkeypatch)
    body = [
        line
        for line in render_text(found, 1, width=60).splitlines()
        if line.startswith("    ") and "│" not in line
    ]
    assert [line for line in body if len(line) > 60 and max(map(len, line.split())) < 45] == []


def test_services_of_one_repository_are_one_group() -> None:
    services = [f"aws_ecs_service.{name}" for name in ("a", "b")]
    graph = graph_of(
        [
            change("aws_ecr_repository.r", after={"name": "app"}),
            change("aws_ecs_task_definition.t", unknown={"container_definitions": True}),
            *(
                change(each, after={"desired_count": 1}, unknown={"task_definition": True})
                for each in services
            ),
        ],
        {
            "resources": [
                block("aws_ecr_repository.r"),
                block(
                    "aws_ecs_task_definition.t",
                    {"container_definitions": references("aws_ecr_repository.r.repository_url")},
                ),
                *(
                    block(each, {"task_definition": references("aws_ecs_task_definition.t.arn")})
                    for each in services
                ),
            ]
        },
    )
    found = judge(graph, load_pack(built_in_pack()), Settings(select=("PS101",)))
    lines = render_text(found, 1).splitlines()
    assert [line for line in lines if line.startswith("PS101")] == [
        "PS101 image-not-pushed  critical  aws_ecs_service.a"
    ]
    assert "    also aws_ecs_service.b" in lines
