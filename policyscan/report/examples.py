"""Examples of rules, out of their fixtures: the blocks on the way of a failure, and of a pass.

`python -m policyscan.report.examples [FIXTURES [FILE]]` writes those of all rules to a file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from policyscan.engine import PackRule, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph, locate
from policyscan.plan import read_plan
from policyscan.report.rule_text import EXAMPLES, Examples
from policyscan.rule import Finding, Verdict
from policyscan.source import read_source

_FIXTURES = "fixtures/rules"


def made_examples(rule: PackRule, fixtures: Path) -> Examples:
    """The examples that a rule's fixtures hold.

    Of the failures that with the fewest lines; of what passes that with the longest way, as less
    of it passes by being no case at all.
    """
    folder = fixtures / rule.rule.id
    fails = _found(rule, folder / "fail", Verdict.FAIL)
    passes = _found(rule, folder / "pass", Verdict.PASS)
    failing = sorted(fails, key=_length)[:1]
    passing = sorted(passes, key=lambda blocks: (-len(blocks), _length(blocks)))[:1]
    return Examples(*("\n\n".join(*blocks) if blocks else "" for blocks in (failing, passing)))


def _length(blocks: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return sum(block.count("\n") + 1 for block in blocks), blocks


def _found(rule: PackRule, folder: Path, verdict: Verdict) -> list[tuple[str, ...]]:
    """The blocks of each finding with a verdict on a fixture."""
    plan = read_plan((folder / "plan.json").read_bytes(), str(folder / "plan.json"))
    outcome = judge(ResourceGraph(plan, read_source(folder)), (rule,), Settings())
    return [
        blocks
        for each in outcome.judgements
        if each.rule.id == rule.rule.id
        and each.verdict is verdict
        and (blocks := _blocks(each.finding, outcome.platform.graph))
    ]


def _blocks(finding: Finding, graph: ResourceGraph) -> tuple[str, ...]:
    """The blocks of the resources on a finding's way, each once."""
    addresses = dict.fromkeys((finding.address, *(step.address for step in finding.path)))
    blocks: dict[str, None] = {}
    for address in addresses:
        resource = graph.resource(address)
        span = locate(graph.written, resource) if resource is not None else None
        if span is not None:
            lines = graph.written.lines(span.file, 1, span.end_line)
            first = span.line - 1
            while first and lines[first - 1].startswith("#"):
                first -= 1
            blocks["\n".join(lines[first:])] = None
    return tuple(blocks)


def write_examples(fixtures: Path, file: Path) -> None:
    """Write the examples of every rule."""
    found = {
        each.rule.id: {"failing": made.failing, "passing": made.passing}
        for each in load_pack(built_in_pack())
        for made in [made_examples(each, fixtures)]
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    given = [Path(each) for each in sys.argv[1:]]
    write_examples(*(given + [Path(_FIXTURES), built_in_pack() / EXAMPLES][len(given) :]))
