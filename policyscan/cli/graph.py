"""`policyscan graph`: what depends on what, as text, data or a drawing."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from policyscan.cli.failing import failing as failing_part
from policyscan.cli.inputs import Input, SourceChoice, open_input
from policyscan.cli.output import say, write
from policyscan.cli.planning import planning_flags
from policyscan.cli.replayed import ReplayMode, replayed
from policyscan.engine import redaction
from policyscan.errors import ConfigError, PlannerError, PolicyscanError
from policyscan.graph import Confidence, EdgeKind, ResourceGraph
from policyscan.plan import PlanKind, kind_of
from policyscan.report.graph_dot import render_graph_dot
from policyscan.report.graph_html import render_graph_html
from policyscan.report.graph_json import render_graph_json
from policyscan.report.graph_mermaid import render_graph_mermaid
from policyscan.report.graph_selection import (
    Kind,
    Selection,
    around,
    between,
    names,
    redacted,
    whole,
)
from policyscan.report.graph_svg import render_graph_svg
from policyscan.report.graph_tree import render_graph_path, render_graph_tree

_DRAWN: dict[str, Callable[[Selection], str]] = {
    "json": render_graph_json,
    "dot": render_graph_dot,
    "mermaid": render_graph_mermaid,
    "svg": render_graph_svg,
    "html": render_graph_html,
}
_REMARKS = {
    PlanKind.ERRORED: "planning failed, so the graph holds what was planned until then",
    PlanKind.INCOMPLETE: "only a part was planned, so the graph holds only that",
    PlanKind.REFRESH_ONLY: "only the state was refreshed, so the graph holds no planned change",
    PlanKind.EMPTY: "the plan holds no resource",
}


class _Question(Struct, frozen=True):
    """Which part of a graph is asked for."""

    of: str | None
    path: tuple[str, str] | None
    depth: int | None
    kind: Kind

    def selected(self, graph: ResourceGraph) -> Selection:
        """The part. Raises PolicyscanError: an address is not in the plan."""
        if self.path is not None:
            start, end = (_known(graph, address) for address in self.path)
            return between(graph, start, end, self.kind)
        if self.of is not None:
            return around(graph, _known(graph, self.of), self.kind, self.depth)
        return whole(graph, self.kind)


def run_graph(  # noqa: PLR0913 - one argument per flag
    *,
    plan: str,
    format_name: str,
    output: str | None,
    of: str | None,
    path: tuple[str, str] | None,
    depth: int | None,
    kind: str | None,
    failing: bool,
    source_dir: str | None,
    planfile: str | None,
    no_source: bool,
    graph: str | None,
    replay: str,
    **flags: Any,
) -> int:
    """Show the graph of one plan, or a part of it. Returns 0, whatever fails.

    `flags` are those of `with_planning`.
    """
    if of is not None and path is not None:
        raise ConfigError("--of and --path: give one of them")
    if failing and (of, path, depth, kind) != (None, None, None, None):
        raise ConfigError("--failing shows what fails: leave --of, --path, --depth and --kind out")
    if depth is not None and path is not None:
        raise ConfigError("--depth and --path: a path is as long as it is; leave --depth out")
    is_all = format_name == "json" or path is not None
    question = _Question(of, path, depth, Kind(kind or (Kind.ALL if is_all else Kind.TOLD)))
    choice = SourceChoice(source_dir, planfile, no_source, graph)
    choice.check(1)
    planning = planning_flags(flags)
    planning.check((plan,))
    with open_input(plan, choice, planning) as given:
        if failing:
            selection = failing_part(given, ReplayMode(replay))
        else:
            selection = _answered(question, given, ReplayMode(replay))
            selection = redacted(selection, redaction(given.plan).address)
        write(output, _rendered(selection, format_name, plan, depth))
        remark = _REMARKS.get(kind_of(given.plan))
    if remark:
        say(f"{plan}: {remark}")
    return 0


def _answered(question: _Question, given: Input, mode: ReplayMode) -> Selection:
    """The part asked for, by a replay where one is wanted. Raises PlannerError: there is none."""
    if mode is ReplayMode.ALWAYS:
        return question.selected(given.graph(replayed(given)))
    graph = given.graph()
    selection = question.selected(graph)
    if mode is ReplayMode.NEVER or given.source is None or not _has_doubts(graph, selection):
        return selection
    try:
        return question.selected(given.graph(replayed(given)))
    except PlannerError as problem:
        say(f"not every edge is exact, and there is no replay: {problem}")
        return selection


def _has_doubts(graph: ResourceGraph, selection: Selection) -> bool:
    """Whether a replay may tell more: of a value that is shown, or of one that is missing."""
    shown = (edge for edge in selection.edges if edge.kind is EdgeKind.VALUE)
    return any(edge.confidence is not Confidence.EXACT for edge in shown) or any(
        graph.resolve(node.resource, path).is_open
        for node in selection.nodes
        if node.resource.config is not None
        for path, _ in node.resource.config.body.expressions()
    )


def _known(graph: ResourceGraph, address: str) -> str:
    """The address itself. Raises PolicyscanError: it is not in the plan."""
    if graph.resource(address) is not None:
        return address
    every = names(graph)
    inside = [name for name in every if name.startswith((f"{address}[", f"{address}."))]
    near = inside[:3] or get_close_matches(address, every, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`policyscan graph` lists them all"
    raise PolicyscanError(f"{graph.plan.name}: no instance {address} in this plan; {hint}")


def _rendered(selection: Selection, format_name: str, plan: str, depth: int | None) -> str:
    if format_name in _DRAWN:
        return _DRAWN[format_name](selection)
    if len(selection.focus) > 1:
        return render_graph_path(selection)
    return render_graph_tree(selection, plan, depth)
