"""What every finding of every rule owes its reader, on every plan among the fixtures."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from policyscan.engine import Judgement, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.rule import Severity, Verdict
from policyscan.source import read_source

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
PLANS = tuple(sorted(FIXTURES.rglob("plan.json")))
PACK = load_pack(built_in_pack())
HELPS = re.compile(
    "give --source-dir|a replay may tell|apply (first|what)|make sure|look (it|at)|by reference"
    "|pin it|try it|use name_prefix|tell all the same way|write |build the name"
)
"""What resolves an open question."""


@cache
def every_judgement(plan: Path) -> tuple[Judgement, ...]:
    """Every rule on a plan, with the source beside it where there is any."""
    source = read_source(plan.parent) if any(plan.parent.glob("*.tf")) else None
    graph = ResourceGraph(read_plan(plan.read_bytes(), plan.name), source)
    outcome = judge(graph, PACK, Settings())
    assert outcome.errors == ()
    return outcome.judgements


each_plan = pytest.mark.parametrize(
    "plan", PLANS, ids=[str(plan.parent.relative_to(FIXTURES)) for plan in PLANS]
)


def said(judgement: Judgement) -> Iterator[str]:
    """Every text that a report shows on one line."""
    finding = judgement.finding
    yield from (finding.address, finding.message, finding.symptom, finding.cause)
    yield from (note.text for note in finding.notes)
    yield from (text for step in finding.path for text in (step.attribute, step.note))


@each_plan
def test_every_finding_is_told_as_its_reader_needs_it(plan: Path) -> None:
    known = {resource.address for resource in read_plan(plan.read_bytes(), plan.name).resources}
    for each in every_judgement(plan):
        finding, where = each.finding, (each.rule.id, each.finding.address)
        assert finding.message, where
        assert [text for text in said(each) if len(text.splitlines()) > 1] == [], where
        assert "Known(" not in "".join(said(each)), where
        if each.verdict is Verdict.FAIL:
            assert finding.path, where
            assert finding.fix, where
            # A broken convention strikes nobody: a name, a tag.
            assert finding.strikes is not None or each.rule.group == "NAMING", where
            assert each.severity in Severity, where
            assert finding.snippet, where
        if each.verdict is Verdict.UNKNOWN:
            assert HELPS.search(finding.message), (*where, finding.message)
            assert finding.decisive[0].attribute, where
        # A step names what is in the plan, or a variable, or a lookup.
        strays = [step.address for step in finding.path if step.address not in known]
        assert [stray for stray in strays if not stray.startswith("var.")] == [], where


def every_snippet() -> dict[str, str]:
    """Each HCL to paste, with the rule and the address of one finding that brings it."""
    return {
        each.finding.snippet: f"{each.rule.id} {each.finding.address}"
        for plan in PLANS
        for each in every_judgement(plan)
        if each.finding.snippet
    }


def misshapen(snippets: dict[str, str], folder: Path) -> list[str]:
    """Those that Terraform cannot read, or would write in another way."""
    files = {f"{number}.tf": snippet for number, snippet in enumerate(snippets)}
    for name, snippet in files.items():
        (folder / name).write_text(f"{snippet}\n", encoding="utf-8")
    found = subprocess.run(
        ["terraform", "fmt", "-check", "-list=true", "-recursive", "-no-color"],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    named = dict.fromkeys(re.findall(r"\b\d+\.tf\b", found.stdout + found.stderr))
    assert bool(named) is bool(found.returncode), found.stderr
    return [f"{snippets[files[name]]}:\n{files[name]}" for name in named]


@pytest.mark.usefixtures("terraform")
def test_terraform_reads_every_snippet_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    snippets = every_snippet()
    assert snippets
    assert misshapen(snippets, tmp_path) == []


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize(
    "snippet", ['resource "a" "b" {\n  c = <the value>\n}', 'resource "a" "b" {\n  c  = 1\n}']
)
def test_a_snippet_that_terraform_cannot_read_or_would_change_is_found(
    snippet: str, tmp_path: Path
) -> None:
    assert misshapen({snippet: "PS000 a.b"}, tmp_path) == [f"PS000 a.b:\n{snippet}"]
