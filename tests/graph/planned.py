"""The configurations under fixtures/graph, with the plans and graphs Terraform made of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.source import read_source

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "graph"
NAMES = tuple(sorted(each.parent.name for each in FOLDER.glob("*/plan.json")))


@cache
def graph_of(name: str, *, source: bool = True) -> ResourceGraph:
    """The graph of one of them, with the source beside it or by the plan alone."""
    file = FOLDER / name / "plan.json"
    plan = read_plan(file.read_bytes(), f"{name}/plan.json")
    return ResourceGraph(plan, read_source(FOLDER / name) if source else None)


def drawn(name: str) -> str:
    """What `terraform graph` prints of it."""
    return (FOLDER / name / "graph.dot").read_text(encoding="utf-8")


def blocks_of(graph: ResourceGraph) -> dict[str, str]:
    """Address of each instance -> address of its block."""
    return {
        resource.address: ".".join(
            filter(
                None,
                (
                    ".".join(f"module.{name}" for name in resource.module_path),
                    resource.config_address,
                ),
            )
        )
        for resource in graph.plan.resources
    }
