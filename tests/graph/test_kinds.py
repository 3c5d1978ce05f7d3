"""Who asks for a few types is told what a look at everything tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.source import read_source
from tests.graph.planned import FOLDER, NAMES
from tests.plans import block, change, graph_of, references

FIXTURES = FOLDER.parent
PLANNED = sorted(
    each.parent
    for each in (
        *FIXTURES.glob("*/plan.json"),
        *FIXTURES.glob("variants/*/plan.json"),
        *FIXTURES.glob("rules/PS[19]0?/*/plan.json"),
        *(FOLDER / name / "plan.json" for name in NAMES),
    )
    if each.parent.name != "hostile"
)


def tells_the_same(graph: ResourceGraph) -> bool:
    """Whether the edges of every instance are alike, asked by type or sorted out afterwards."""
    types = {resource.type for resource in graph.plan.resources}
    for resource in graph.plan.resources:
        asked = {kind: graph.edges.values_of(resource.address, {kind}) for kind in types}
        every = graph.edges.values_of(resource.address)
        for kind, found in asked.items():
            wanted = (each for each in every if graph.resource(each.target).type == kind)  # type: ignore[union-attr]
            assert found == tuple(wanted), (resource.address, kind)
    return True


def balancer_with(subnets: str, **more: Any) -> ResourceGraph:
    """A subnet, and a load balancer whose subnets are what a name leads to."""
    return graph_of(
        [
            change("aws_subnet.a", unknown={"id": True}),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.a"),
                block("aws_lb.l", {"subnets": references(subnets)}),
            ],
            **more,
        },
    )


@pytest.mark.parametrize("folder", PLANNED, ids=lambda each: str(each.relative_to(FIXTURES)))
def test_edges_of_some_types_are_those_of_all_that_are_of_them(folder: Path) -> None:
    plan = read_plan((folder / "plan.json").read_bytes(), folder.name)
    assert tells_the_same(ResourceGraph(plan))
    if (folder / "main.tf").is_file():
        assert tells_the_same(ResourceGraph(plan, read_source(folder)))
    assert tells_the_same(ResourceGraph(replace(plan, is_replayed=True)))


def test_what_is_handed_on_and_what_leads_to_itself_may_be_anything() -> None:
    inner = {
        "variables": {"x": {}},
        "outputs": {"o": {"expression": references("var.x")}},
        "resources": [block("aws_lb.l", {"subnets": references("var.x")})],
    }
    call = {"source": "./m", "expressions": {"x": references("module.m.o")}, "module": inner}
    graph = graph_of(
        [
            change("aws_subnet.a", unknown={"id": True}),
            change("terraform_data.t", unknown={"input": True, "output": True}),
            change("aws_lb.l", unknown={"subnets": True}),
            change("module.m.aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.a"),
                block("terraform_data.t", {"input": references("aws_subnet.a.id")}),
                block("aws_lb.l", {"subnets": references("terraform_data.t.output")}),
            ],
            "module_calls": {"m": call},
        },
    )
    assert tells_the_same(graph)
    [edge] = graph.edges.values_of("aws_lb.l", {"aws_subnet"})
    assert edge.target == "aws_subnet.a"


def test_a_long_chain_of_modules_is_followed_without_end_to_what_may_be_anything() -> None:
    inner = {
        "variables": {"x": {}},
        "outputs": {"o": {"expression": references("var.x")}},
    }
    count = 2_000
    given = [*(f"module.m{number}.o" for number in range(1, count)), "aws_subnet.a.id"]
    calls = {
        f"m{number}": {"source": "./m", "expressions": {"x": references(name)}, "module": inner}
        for number, name in enumerate(given)
    }
    assert tells_the_same(balancer_with("module.m0.o", module_calls=calls))


def test_what_cannot_lead_to_the_types_is_not_followed() -> None:
    graph = balancer_with("aws_subnet.a.id")
    assert graph.edges.values_of("aws_lb.l", {"aws_eip"}) == ()
    assert not graph._resolutions  # noqa: SLF001 - what was followed shows nowhere else
