from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyscan.bridges.home import Checkov
from policyscan.bridges.lending import lendable
from policyscan.bridges.running import CheckovOptions, start
from policyscan.cli.inputs import SourceChoice, open_input
from policyscan.cli.replayed import replayed
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan

ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / "fixtures" / "checkov_edges" / "plan.json"
PAGE = ROOT / "docs" / "checkov-edges.md"
ROW = re.compile(
    r"\| \[\w+\.tf\]\((.+\.tf)\) \| (\w+) \| `(.+)` \| (\w+) \| (\w+) \| (\w+) \|", re.ASCII
)
Verdicts = dict[tuple[str, str], str | None]
"""By check and address."""


def shown() -> list[tuple[str, ...]]:
    """The rows of the page: file, check, address, and the verdict with each sort of edges."""
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def verdicts(checkov: Checkov, graph: ResourceGraph) -> tuple[Verdicts, Verdicts]:
    """With Checkov's own edges, and with those of the graph."""
    with start(checkov, PLAN, CheckovOptions(corrected=True)) as running:
        running.lend(lendable(graph))
        outcome = running.join()
    assert outcome.errors == ()
    return (
        {(each.check, each.address): each.stock for each in outcome.results},
        {(each.check, each.address): each.verdict for each in outcome.results},
    )


def test_edges_are_lent_from_the_argument_of_an_instance_to_the_instance_it_means() -> None:
    graph = ResourceGraph(read_plan(PLAN.read_bytes(), PLAN.name))
    block = "aws_s3_bucket_public_access_block.second"
    assert [edge for edge in lendable(graph) if edge[0] == block] == [
        (block, "aws_s3_bucket.counted[1]", "bucket")
    ]


@pytest.mark.usefixtures("terraform")
def test_the_page_shows_each_verdict_that_other_edges_make_another_one(checkov: Checkov) -> None:
    with open_input(str(PLAN), SourceChoice()) as opened:
        own, ours = verdicts(checkov, opened.graph())
        _, proved = verdicts(checkov, opened.graph(replayed(opened)))
    differing = {
        (*key, own[key], ours[key], proved[key])
        for key in own
        if len({own[key], ours[key], proved[key]}) > 1
    }
    assert {row[1:] for row in shown()} == differing


def test_the_page_shows_something_wrong_in_each_file_of_the_fixture() -> None:
    files = {(PAGE.parent / row[0]).resolve() for row in shown()}
    assert files == set(PLAN.parent.glob("*.tf")) - {PLAN.with_name("main.tf")}


def test_without_the_source_only_what_a_local_joins_stays_as_checkov_has_it(
    checkov: Checkov,
) -> None:
    own, ours = verdicts(checkov, ResourceGraph(read_plan(PLAN.read_bytes(), PLAN.name)))
    for file, check, address, stock, corrected, _ in shown():
        found = (own[check, address], ours[check, address])
        assert found == (stock, stock if "local" in Path(file).stem else corrected), address
