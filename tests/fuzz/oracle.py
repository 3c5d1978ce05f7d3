"""What must hold of a scan whatever the plan is, and the real plans to start from."""

from __future__ import annotations

import io
import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from policyscan.cli.commands import run
from policyscan.engine import Before, PackRule, Settings, built_in_pack, judge, load_pack
from policyscan.errors import PlanError
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.graph_dot import render_graph_dot
from policyscan.report.graph_json import render_graph_json
from policyscan.report.graph_mermaid import render_graph_mermaid
from policyscan.report.graph_selection import Kind, whole
from policyscan.report.graph_tree import render_graph_tree
from policyscan.report.json_report import json_document, render_json
from policyscan.report.text_report import render_text

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
MEMORY = 2**30
"""Bytes of address space that no plan of _LARGEST bytes may need."""
SECONDS = 20.0
"""Of computing, that none may take."""
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
    outcome = judge(graph, pack, Settings(), Before(graph.plan, pack, Settings()))
    code = outcome.exit_code("high")
    crashes = [each for each in outcome.warnings if "crashed on what stood before" in each]
    _demand(not crashes, "a rule crashed on the world before", crashes)
    _demand(code in {0, 1, 2, 3}, "an exit code nobody knows", code)
    verdicts = json.loads("".join(render_json([json_document(outcome, code)])).encode())["verdicts"]
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


def check_command(content: bytes, folder: Path, command: Callable[[list[str]], int] = run) -> int:
    """Scan a plan by the command, in a folder of its own, and return the exit code.

    It leaves a report that tells the exit code, or one line and nothing else.
    Raises BrokenPromiseError, or whatever the command let out.
    """
    plan, report = folder / "plan.json", folder / "report.json"
    report.unlink(missing_ok=True)
    plan.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = command([str(plan), "--no-source", "-f", "json", "-o", str(report)])
    said = err.getvalue()
    _demand(code in {0, 1, 2, 3}, "an exit code nobody knows", code)
    _demand("internal error" not in said and "Traceback" not in said, "a crash", said)
    _demand(out.getvalue() == "", "a report that was to go elsewhere", out.getvalue())
    _demand(plan.read_bytes() == content, "a plan written to", plan)
    written = {each.name for each in folder.iterdir()} - {plan.name, report.name}
    _demand(not written, "a file nobody asked for", written)
    if report.exists():
        told = json.loads(report.read_bytes())["summary"]["exit_code"]
        _demand((told, said) == (code, ""), "a report that tells another end", (told, code, said))
    else:
        _demand(code == 2, "an end without a report", code)
        _demand(len(said.splitlines()) == 1, "a refusal that is not one line", said)
    return code


def limit_memory() -> None:
    """From here on a scan that takes more than MEMORY crashes, which every check finds."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


@contextmanager
def limited_time(seconds: float = SECONDS) -> Iterator[None]:
    """What computes for longer inside ends with BrokenPromiseError, or with a crash it causes."""

    def stop(*_: object) -> None:
        raise BrokenPromiseError(f"a scan that computes for more than {seconds} seconds")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _demand(holds: bool, what: str, shown: object) -> None:  # noqa: FBT001
    if not holds:
        raise BrokenPromiseError(f"{what}: {shown}")
