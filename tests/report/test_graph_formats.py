"""What every format of the graph keeps, and how those of real plans stand."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.graph_dot import render_graph_dot
from policyscan.report.graph_json import render_graph_json
from policyscan.report.graph_mermaid import render_graph_mermaid
from policyscan.report.graph_selection import Kind, Selection, around, between, whole
from policyscan.report.graph_tree import render_graph_tree
from policyscan.source import read_source
from tests.report.graphs import CHAIN, addresses, chain, keyed

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"


def render_text(selection: Selection) -> str:
    return render_graph_tree(selection, "plan.json")


FORMATS: dict[str, tuple[Callable[[Selection], str], str]] = {
    "txt": (render_text, r"^ *\S* \S.*  (?:create|no change|read)$"),
    "json": (render_graph_json, r'^      "address": '),
    "dot": (render_graph_dot, r"^ *n\d+ \[label"),
    "mermaid": (render_graph_mermaid, r'^ *n\d+\["'),
}
"""A renderer by its format, and what a line of an instance looks like."""
PLANS = ("reference", "reference_broken", "variants/nested", "variants/chained")
ACCEPTED = ("reference", "variants/nested")


def graph_of_plan(name: str, monkeypatch: pytest.MonkeyPatch) -> ResourceGraph:
    """The graph of a fixture with its source, paths as from the repository's root."""
    monkeypatch.chdir(ROOT)
    path = Path("fixtures") / name / "plan.json"
    source = path.parent if any(path.parent.glob("*.tf")) else Path("infra")
    return ResourceGraph(read_plan(path.read_bytes(), path.as_posix()), read_source(source))


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", ACCEPTED)
def test_the_graph_of_a_plan_is_as_accepted(
    name: str,
    format_name: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    render, _ = FORMATS[format_name]
    kind = Kind.ALL if format_name == "json" else Kind.TOLD
    text = render(whole(graph_of_plan(name, monkeypatch), kind))
    path = GOLDEN / f"graph_{Path(name).name}.{format_name}"
    if request.config.getoption("--accept"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", PLANS)
def test_each_instance_of_a_plan_is_drawn_once(
    name: str, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = graph_of_plan(name, monkeypatch)
    render, line = FORMATS[format_name]
    assert len(re.findall(line, render(whole(graph, Kind.TOLD)), re.MULTILINE)) == len(
        graph.plan.resources
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4, unique=True))
def test_any_key_makes_one_node_and_no_control_character(keys: list[str]) -> None:
    selection = whole(keyed(keys), Kind.TOLD)
    for render, line in FORMATS.values():
        text = render(selection)
        assert [c for c in text if not c.isprintable() and c not in " \n"] == []
        assert (
            len(re.findall(line, text, re.MULTILINE)) == len(selection.nodes) == 2 * len(keys) + 1
        )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4, unique=True))
@settings(max_examples=30, deadline=None)
def test_json_holds_addresses_to_the_letter(keys: list[str]) -> None:
    selection = whole(keyed(keys), Kind.TOLD)
    nodes = json.loads(render_graph_json(selection))["nodes"]
    assert [node["address"] for node in nodes] == sorted(addresses(selection))


def document(selection: Selection) -> dict[str, Any]:
    """The JSON of a selection."""
    read: dict[str, Any] = json.loads(render_graph_json(selection))
    return read


def test_json_keeps_its_contract() -> None:
    shown = document(around(chain(), CHAIN[1], Kind.TOLD))
    assert shown["nodes"][0] == {
        "address": "aws_ecr_repository.r",
        "type": "aws_ecr_repository",
        "mode": "managed",
        "actions": ["delete", "create"],
        "made_up": False,
    }
    assert shown["edges"][-1] == {
        "from": "aws_ecs_task_definition.t",
        "to": "aws_ecr_repository.r",
        "kind": "value",
        "from_attribute": "container_definitions",
        "to_attribute": "repository_url",
        "confidence": "exact",
        "via": [],
    }


@pytest.mark.parametrize("name", PLANS)
def test_json_is_sorted_and_both_ends_of_an_edge_are_nodes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = document(whole(graph_of_plan(name, monkeypatch), Kind.ALL))
    nodes = [node["address"] for node in shown["nodes"]]
    ends = {edge[end] for edge in shown["edges"] for end in ("from", "to")}
    keys = [
        (edge["from"], edge["to"], edge["kind"], edge["from_attribute"], edge["to_attribute"])
        for edge in shown["edges"]
    ]
    assert (nodes, keys, ends - set(nodes)) == (sorted(nodes), sorted(keys), set())


def test_json_of_a_path_has_its_hops_in_order() -> None:
    shown = document(between(chain(), CHAIN[0], CHAIN[1], Kind.ALL))
    assert [(edge["from"], edge["to"]) for edge in shown["edges"]] == [(CHAIN[0], CHAIN[1])]


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_order_of_the_plan_does_not_show(format_name: str) -> None:
    content = json.loads((ROOT / "fixtures" / "variants" / "nested" / "plan.json").read_bytes())
    render, _ = FORMATS[format_name]
    found = set()
    for seed in range(3):
        random.Random(seed).shuffle(content["resource_changes"])  # noqa: S311 - no secret
        plan = read_plan(json.dumps(content).encode(), "plan.json")
        found.add(render(whole(ResourceGraph(plan), Kind.ALL)))
    assert len(found) == 1
