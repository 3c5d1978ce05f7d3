"""What must hold of a scan whatever the plan is, and the real plans to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policyscan.engine import PackRule, Settings, built_in_pack, judge, load_pack
from policyscan.errors import PlanError
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report import json_document, render_json, render_text
from policyscan.report.graph_dot import render_graph_dot
from policyscan.report.graph_json import render_graph_json
from policyscan.report.graph_mermaid import render_graph_mermaid
from policyscan.report.graph_selection import Kind, whole
from policyscan.report.graph_tree import render_graph_tree

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
_LARGEST = 60_000
_LONGEST_REFUSAL = 1_000


def load() -> tuple[PackRule, ...]:
    """The built-in pack."""
    return load_pack(built_in_pack())


def plans(*, with_corpus: bool) -> list[dict[str, Any]]:
    """Real plans small enough to be scanned many times a second."""
    paths = sorted((ROOT / "fixtures").rglob("plan.json"))
    if with_corpus:
        paths += sorted(CORPUS.rglob("*.json"))
    found = []
    for path in paths:
        if path.stat().st_size < _LARGEST:
            try:
                document = json.loads(path.read_bytes())
            except ValueError:
                continue
            if isinstance(document, dict) and "planned_values" in document:
                found.append(document)
    return found


class BrokenPromiseError(AssertionError):
    """A scan did what no plan may make it do."""


def check(content: bytes, pack: tuple[PackRule, ...]) -> int:
    """Scan a plan and return the exit code.

    Raises BrokenPromiseError, or whatever the scan let out.
    """
    try:
        plan = read_plan(content, "plan.json")
    except PlanError as refusal:
        _demand(len(str(refusal).splitlines()) == 1, "a refusal of several lines", str(refusal))
        _demand(len(str(refusal)) < _LONGEST_REFUSAL, "a refusal that never ends", str(refusal))
        return 2
    graph = ResourceGraph(plan)
    outcome = judge(graph, pack, Settings())
    code = outcome.exit_code("high")
    _demand(code in {0, 1, 2, 3}, "an exit code nobody knows", code)
    verdicts = json.loads(render_json([json_document(outcome, code)]).encode())["verdicts"]
    for each in verdicts:
        crashed = each["verdict"] == "error" and each["rule"] != "PS001"
        _demand(not crashed, "a rule crashed", each["message"])
        _demand(each["address"] != "", "a verdict on nothing", each["message"])
    for edge in graph.edges.all():
        for end in (edge.source, edge.target):
            _demand(graph.resource(end) is not None, "an edge that ends nowhere", end)
    drawn = whole(graph, Kind.ALL)
    json.loads(render_graph_json(drawn))
    for text in (
        render_text(outcome, code),
        render_graph_tree(drawn, "plan.json", None),
        render_graph_dot(drawn),
        render_graph_mermaid(drawn),
    ):
        is_plain = text.replace("\n", "").isprintable()
        _demand(is_plain, "control characters on the screen", ascii(text))
    return code


def _demand(holds: bool, what: str, shown: object) -> None:  # noqa: FBT001
    if not holds:
        raise BrokenPromiseError(f"{what}: {shown}")
