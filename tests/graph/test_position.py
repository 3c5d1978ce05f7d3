"""An attribute of an instance is found in the source of its module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.graph import ResourceGraph, locate
from policyscan.source import Span, read_source
from tests.plans import change, plan_of

FILES = {
    "main.tf": 'module "a" {\n  source = "./a"\n}\n',
    "a/main.tf": """\
resource "x" "y" {
  ids = [z.w["k"].id, z.w["l"].id, module.b["k"].id, module.b["l"].id]
}
module "b" {
  for_each = toset(["k", "l"])
  source   = "./b"
}
resource "x" "broken" {
  ids = [1 2]
}
""",
    "a/b/main.tf": 'resource "z" "w" {\n}\n',
}


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResourceGraph:
    monkeypatch.chdir(tmp_path)
    folder = Path("infra")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    changes = [change(f"module.a.x.{name}") for name in ("y", "broken", "unwritten")]
    return ResourceGraph(plan_of(changes), read_source(folder))


def at(graph: ResourceGraph, address: str, path: str, leads_to: str = "") -> Span | None:
    resource = graph.resource(address)
    assert resource is not None
    return locate(graph.written, resource, path, leads_to)


@pytest.mark.parametrize(
    ("leads_to", "columns"),
    [
        ('module.a.z.w["k"]', (10, 21)),
        ('module.a.z.w["l"]', (23, 34)),
        ('module.a.module.b["l"].z.w', (54, 70)),
        # Not this module's own: it can come in through a variable alone.
        ('z.w["k"]', (3, 71)),
        ('module.c.z.w["k"]', (3, 71)),
        ("", (3, 71)),
    ],
)
def test_what_the_attribute_leads_to_tells_the_element(
    leads_to: str, columns: tuple[int, int], graph: ResourceGraph
) -> None:
    expected = Span("infra/a/main.tf", 2, 2, *columns)
    assert at(graph, "module.a.x.y", "ids", leads_to) == expected


def test_without_an_attribute_it_is_the_block(graph: ResourceGraph) -> None:
    assert at(graph, "module.a.x.y", "") == Span("infra/a/main.tf", 1, 3, 1, 2)


def test_a_block_that_cannot_be_read_is_where_it_opens(graph: ResourceGraph) -> None:
    assert at(graph, "module.a.x.broken", "ids") == Span("infra/a/main.tf", 8, 8, 1, 24)


@pytest.mark.parametrize("depth", range(50, 500, 50))
def test_no_depth_of_a_value_ends_in_a_crash(depth: int, tmp_path: Path) -> None:
    deep = "{ a = " * depth + "1" + " }" * depth
    (tmp_path / "main.tf").write_text(f'resource "x" "y" {{\n  s = [{deep}, {deep}]\n}}\n')
    planned: dict[str, Any] = {}
    for _ in range(min(depth, 150)):
        planned = {"a": planned}
    plan = plan_of([change("x.y", after={"s": [planned, planned]})])
    span = at(ResourceGraph(plan, read_source(tmp_path)), "x.y", "s[1]")
    assert span is not None
    assert span.line == span.end_line
    assert span.line in {1, 2}


def test_what_is_not_in_the_source_is_nowhere(graph: ResourceGraph) -> None:
    assert at(graph, "module.a.x.unwritten", "ids") is None
