"""The graph of every plan of the corpus beside the repository."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policyscan.engine import Outcome, Settings, built_in_pack, judge, load_pack
from policyscan.graph import Edge, EdgeKind, ResourceGraph
from policyscan.plan import Plan, read_plan
from policyscan.plan.address import key_text
from policyscan.plan.decode import decode, read_bytes
from policyscan.report.json_report import json_document, render_json

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
PACK = load_pack(built_in_pack())


def rows() -> list[str]:
    """The plans that are judged, by their paths in the corpus."""
    manifest = CORPUS / "MANIFEST.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        found = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            row["local"]
            for row in found
            if row["kind"] in {"plan", "plan-wrapped"}
            and not row["format_version"].startswith("2.")
        ]


PLANS = rows()
each_plan = pytest.mark.parametrize("local", PLANS)
pytestmark = pytest.mark.skipif(not PLANS, reason="the corpus is not beside the repository")


def document_of(local: str) -> dict[str, Any]:
    return decode(read_bytes(str(CORPUS / local)), local)


def plan_of(document: dict[str, Any], local: str) -> Plan:
    return read_plan(json.dumps(document).encode(), local)


def instances_in(document: dict[str, Any]) -> set[tuple[str, str]]:
    """(address, deposed key) of every resource instance anywhere in a plan."""
    found = {
        (each["address"], each.get("deposed") or "")
        for each in document.get("resource_changes") or ()
    }
    if not found:
        found |= set(_standing((document.get("planned_values") or {}).get("root_module") or {}))
    prior = document.get("prior_state") or {}
    return found | set(_standing((prior.get("values") or {}).get("root_module") or {}))


def _standing(module: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """By type, name and index: before Terraform 0.13 addresses had neither module nor index."""
    for each in module.get("resources") or ():
        inside = [module["address"]] if module.get("address") else []
        data = ["data"] if each["mode"] == "data" else []
        address = ".".join([*inside, *data, each["type"], each["name"]])
        yield address + key_text(each.get("index")), each.get("deposed_key") or ""
    for child in module.get("child_modules") or ():
        yield from _standing(child)


def shown(edge: Edge) -> tuple[object, ...]:
    return (edge.source, edge.target, edge.kind, edge.from_attribute, edge.via, edge.confidence)


@each_plan
def test_every_instance_of_a_plan_is_one_node_and_every_edge_ends_at_one(local: str) -> None:
    document = document_of(local)
    plan = plan_of(document, local)
    graph = ResourceGraph(plan)
    assert {(each.address, each.deposed) for each in plan.resources} == instances_in(document)
    nodes = [graph.resource(edge.source) for edge in graph.edges.all()]
    ends = [graph.resource(edge.target) for edge in graph.edges.all()]
    assert None not in nodes
    assert None not in ends


@each_plan
def test_edges_into_an_instance_are_those_out_of_the_others(local: str) -> None:
    graph = ResourceGraph(plan_of(document_of(local), local))
    every = list(graph.edges.all())
    if len(every) > 2_000:
        every = every[:: len(every) // 500]
    for edge in every:
        assert edge in graph.edges.into(edge.target)
        assert len(graph.edges.path(edge.source, edge.target)) == 1
        if edge.kind is EdgeKind.DEPENDS and not edge.is_hint:
            assert graph.depends_on(edge.source, edge.target)


@each_plan
def test_the_order_of_resource_changes_makes_no_difference(local: str) -> None:
    document = document_of(local)
    changes = document.get("resource_changes") or []
    mixed = {**document, "resource_changes": random.Random(7).sample(changes, len(changes))}  # noqa: S311 - a fixed shuffle
    plans = [plan_of(each, local) for each in (document, mixed)]
    reports = []
    for plan in plans:
        graph = ResourceGraph(plan)
        outcome: Outcome = judge(graph, PACK, Settings())
        report = json.loads("".join(render_json([json_document(outcome, 0)])))
        report["plan"].pop("sha256")
        reports.append((report, [shown(edge) for edge in graph.edges.all()]))
    assert reports[0] == reports[1]
