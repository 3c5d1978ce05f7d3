"""The JSON report keeps to the schema that the package brings, which others' tools can read."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from policyscan.engine import Judgement
from policyscan.report.formats import rendered
from policyscan.report.report_schema import report_schema
from policyscan.source import Span
from tests.report.samples import (
    PUSHED,
    WAIVER,
    checkovs,
    every_sort,
    fixture,
    of_every_sort,
    outcome_of,
    report_of,
    scan_of,
    told,
)
from tests.schema import SCHEMA, flaws


def check(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *map(str, arguments)],
        check=False,
        capture_output=True,
    )


def test_the_schema_is_one() -> None:
    assert check("--check-metaschema", SCHEMA).returncode == 0


@pytest.mark.parametrize("name", ["one", "several"])
def test_check_jsonschema_takes_reports_and_nothing_else(name: str, tmp_path: Path) -> None:
    report = report_of(fixture("reference_broken")) if name == "one" else of_every_sort()
    path = tmp_path / "report.json"
    path.write_text(rendered("json", report))
    assert check("--schemafile", SCHEMA, path).returncode == 0
    path.write_text(path.read_text().replace('"verdict": "fail"', '"verdict": "failed"'))
    assert check("--schemafile", SCHEMA, path).returncode == 1


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """One with everything that a report may have, Checkov's part included."""
    outcome = outcome_of(every_sort(), checkovs())
    mended = (Judgement(PUSHED, told(), span=Span("infra/main.tf", 3, 3, 5, 20), is_new=False),)
    checks = [replace(each, waiver=WAIVER) for each in outcome.checkov.judgements]
    whole = replace(
        outcome, fixed=mended, checkov=replace(outcome.checkov, judgements=tuple(checks))
    )
    several: list[dict[str, Any]] = [json.loads(rendered("json", report_of(scan_of(whole))))]
    broken = json.loads(rendered("json", report_of(fixture("reference_broken"))))
    several[0]["verdicts"] += broken["verdicts"]
    return several[0]


def names(schema: Any) -> list[tuple[str, ...]]:
    """Each way to a required name below a document."""
    definitions = report_schema()["$defs"]

    def walk(at: dict[str, Any], way: tuple[str, ...]) -> None:
        if "$ref" in at:
            walk(definitions[at["$ref"].rpartition("/")[2]], way)
        for each in at.get("anyOf", ()):
            walk(each, way)
        if "items" in at:
            walk(at["items"], (*way, "[]"))
        for name, below in at.get("properties", {}).items():
            found.append((*way, name))
            walk(below, (*way, name))

    found: list[tuple[str, ...]] = []
    walk(schema, ())
    return found


WAYS = names(report_schema()["$defs"]["document"])


@pytest.mark.parametrize("way", WAYS, ids=[".".join(way) for way in WAYS])
def test_a_report_without_a_name_of_the_contract_is_found(
    way: tuple[str, ...], document: dict[str, Any]
) -> None:
    lacking = copy.deepcopy(document)
    assert flaws(lacking) == []
    found = holders(lacking, way[:-1])
    assert found != []
    for holder in found:
        del holder[way[-1]]
    assert flaws(lacking) != []


def holders(value: Any, way: tuple[str, ...]) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not way:
        return [value]
    below = value if way[0] == "[]" else [value[way[0]]]
    return [found for each in below for found in holders(each, way[1:])]
